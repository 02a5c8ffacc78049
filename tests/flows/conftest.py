"""A real browser and the whole of Muster, started as its users start it."""

import base64
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from alerts.exercises import journal
from tests import chromium
from tests.scratch import ROOT, scratch

# Playwright runs a loop of its own, in which Django would refuse its database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
LONGEST_S = 120
SIGN_IN = re.compile(
    r"^(officer|approver|duty officer)\s+(\S+@\S+)\n"
    r"\s+password (\S+).*\n\s+TOTP secret (\S+)",
    re.MULTILINE,
)


def until(done: Callable[[], object], what: str) -> None:
    """Wait for something outside; fail with its name when it does not come."""
    pause = threading.Event()
    for _ in range(LONGEST_S * 10):
        if done():
            return
        pause.wait(0.1)
    raise AssertionError(f"waited too long for {what}")


@dataclass(frozen=True)
class Officer:
    """How one of the demo's officers signs in."""

    username: str
    password: str
    secret: str

    def code(self) -> str:

        padded = self.secret + "=" * (-len(self.secret) % 8)
        totp = TOTP(base64.b32decode(padded))
        totp.time = time.time()
        return f"{totp.token():06d}"


@dataclass(frozen=True)
class Demo:
    """A running demo: where it is, who may sign in, what its provider took."""

    web: str
    phones: str
    officers: dict[str, Officer]
    journal_path: Path

    def texts(self, *words: str) -> list[str]:
        """Return the SMS that the provider has taken and that hold some words."""
        rows = journal.read(self.journal_path).accepted("sms")
        bodies = [str(row["body"]) for row in rows]
        return [body for body in bodies if all(word in body for word in words)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as it is installed here."""
    path = chromium.find()
    if not path:
        pytest.skip("no Chromium here, and none could be had")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=path, args=chromium.ARGUMENTS
        )
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile; a page that asks another host for anything fails its test."""
    made = browser.new_context(viewport={"width": 1440, "height": 900})
    asked: list[str] = []
    made.on("request", lambda request: asked.append(request.url))
    yield made
    made.close()
    strange = [
        url for url in asked if not url.startswith(("http://127.0.0.1", "data:"))
    ]
    assert strange == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """One page of that profile."""
    return context.new_page()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`manage.py demo --hands-on` on a database of its own."""
    folder = tmp_path_factory.mktemp("demo")
    with scratch(folder) as room:
        log = folder / "out.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "manage.py",
                    "demo",
                    "--hands-on",
                    "--registrations=600",
                    "--speed=30",
                ],
                cwd=ROOT,
                env=room.environment | {"MUSTER_HASHED_STATIC": "yes"},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            until(
                lambda: (
                    len(SIGN_IN.findall(log.read_text())) == 3
                    or process.poll() is not None
                ),
                "the demo to print its sign-ins",
            )
            said = log.read_text()
            assert process.poll() is None, said[-3000:]
            yield Demo(
                web=re.search(r"Officers\s+(http://[^/\s]+)", said)[1],
                phones=re.search(r"Phones\s+(http://[^/\s]+)", said)[1],
                officers={
                    name: Officer(*rest) for name, *rest in SIGN_IN.findall(said)
                },
                journal_path=folder / "provider.jsonl",
            )
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
