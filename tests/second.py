"""A second stand-in of Twilio, made by others, that keeps our own honest.

`emulate` is a Node program. Where npm is there, its locked version is installed once,
outside the tree; where it is not, the tests that need it are skipped and say so.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = Path(os.environ.get("MUSTER_EMULATE", ROOT / "var" / "emulate"))
PROGRAM = PLACE / "node_modules" / ".bin" / "emulate"
LOCKED = ROOT / "tests" / "emulate"
INSTALL_S, START_S = 120, 20
# What it answers to when nothing else is configured.
ACCOUNT = {
    "account_sid": "AC00000000000000000000000000000000",
    "auth_token": "twilio_test_auth_token",
    "sender": "+15551234567",
}


def install() -> bool:
    """Install it where npm is there; tell whether it is installed now."""
    npm = shutil.which("npm")
    if PROGRAM.exists() or npm is None or shutil.which("node") is None:
        return PROGRAM.exists()
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, PLACE / name)
    words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    with contextlib.suppress(subprocess.SubprocessError, OSError):
        subprocess.run(words, cwd=PLACE, check=True, timeout=INSTALL_S)
    return PROGRAM.exists()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run it while the block lasts; yield its address.

    Raises
    ------
    RuntimeError
        When it does not listen in time.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [str(PROGRAM), "start", "--service", "twilio", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, cwd=folder, stdout=quiet, stderr=quiet)
    try:
        _await(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_S)


def _await(port: int) -> None:
    by_s = time.monotonic() + START_S
    while time.monotonic() < by_s:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("localhost", port)),
        ):
            return
        time.sleep(0.05)
    raise RuntimeError("the second stand-in did not start")
