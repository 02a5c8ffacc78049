"""Find Chromium for the browser tests, or install it where that is possible."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Fonts, so that screenshots in Arabic and Chinese show letters and not boxes.
DEBIAN_PACKAGES = ("chromium", "fonts-noto-core", "fonts-noto-cjk")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> str:
    """Return the path of a Chromium, or an empty text."""
    named = os.environ.get("CHROMIUM", "")
    if named and Path(named).exists():
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    kept = Path.home() / ".cache" / "ms-playwright"
    for path in sorted(kept.glob("chromium-*/chrome-linux*/chrome"), reverse=True):
        return str(path)
    return ""


def _try(*words: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run = subprocess.run(
            words, env=environment, capture_output=True, timeout=600, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def install() -> str:
    """Install Chromium: Debian's package for root, else Playwright's own download."""
    if find():
        return find()
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _try("apt-get", "update", "-q")
        _try("apt-get", "install", "-y", "-q", *DEBIAN_PACKAGES)
    if not find():
        _try(sys.executable, "-m", "playwright", "install", "chromium")
    return find()
