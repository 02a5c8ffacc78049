"""A demo of its own, started as its users start it, and its officers' sign-ins."""

import base64
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django_otp.oath import TOTP
from playwright.sync_api import Browser, Page, expect

from alerts.exercises import journal
from tests.scratch import ROOT, Scratch, scratch

LONGEST_S = 120
SIGN_IN = re.compile(
    r"^(officer|approver|duty officer|administrator|auditor)\s+(\S+@\S+)\n"
    r"\s+password (\S+).*\n\s+TOTP secret (\S+)",
    re.MULTILINE,
)
CREW = 5


def until(done: Callable[[], object], what: str, longest_s: int = LONGEST_S) -> None:
    """Wait for something outside; fail with its name when it does not come."""
    pause = threading.Event()
    for _ in range(longest_s * 10):
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
    room: Scratch
    signed_in: dict[str, Any] = field(default_factory=dict)

    def texts(self, *words: str, channel: str = "sms") -> list[str]:
        """Return the messages that the provider has taken and that hold some words."""
        rows = journal.read(self.journal_path).accepted(channel)
        bodies = [str(row["body"]) for row in rows]
        return [body for body in bodies if all(word in body for word in words)]

    def ask(self, code: str) -> Any:
        """Run code in the demo's own Muster; return what it assigns to `answer`."""
        return self.room.ask(code)


@contextmanager
def running(folder: Path, speed: float) -> Iterator[Demo]:
    """Run `manage.py demo --hands-on` on a database of its own."""
    words = ["--registrations=600", f"--speed={speed}"]
    with scratch(folder) as room, playing(folder, room, *words) as demo:
        yield demo


@contextmanager
def playing(
    folder: Path, room: Scratch, *words: str, longest_s: int = LONGEST_S
) -> Iterator[Demo]:
    """Run `manage.py demo --hands-on` in a room, with its journal in a folder."""
    log = folder / "out.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--hands-on", *words],
            cwd=ROOT,
            env=room.environment | {"MUSTER_HASHED_STATIC": "yes"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        until(
            lambda: (
                len(SIGN_IN.findall(log.read_text())) == CREW
                or process.poll() is not None
            ),
            "the demo to print its sign-ins",
            longest_s,
        )
        said = log.read_text()
        assert process.poll() is None, said[-3000:]
        yield Demo(
            web=re.search(r"Officers\s+(http://[^/\s]+)", said)[1],
            phones=re.search(r"Phones\s+(http://[^/\s]+)", said)[1],
            officers={name: Officer(*rest) for name, *rest in SIGN_IN.findall(said)},
            journal_path=folder / "provider.jsonl",
            room=room,
        )
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def sign_in(browser: Browser, demo: Demo, who: str) -> Page:
    """Open a page as one of the officers; a code counts once, so a session is kept."""
    kept = demo.signed_in.get(who)
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, storage_state=kept
    )
    page = context.new_page()
    page.goto(f"{demo.web}/desk/" if kept else f"{demo.web}/desk/sign-in/")
    if not kept:
        officer = demo.officers[who]
        page.fill("[name=username]", officer.username)
        page.fill("[name=password]", officer.password)
        page.fill("[name=code]", officer.code())
        page.click("main button")
        expect(page.locator(".sign-out")).to_be_visible()
        demo.signed_in[who] = context.storage_state()
    return page
