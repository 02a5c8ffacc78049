"""What the tests of exercises share: a running provider, a web hook that listens."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from twilio.rest import Client

from alerts.exercises import journal
from alerts.exercises.provider.faults import Faults
from alerts.exercises.provider.office import Setup
from alerts.exercises.provider.server import Running, running

ACCOUNT, TOKEN = "AC" + "5" * 32, "simulated-" + "0" * 22
SENDER = "+15005550006"
LONGEST_WAIT_S = 20.0


@dataclass
class Request:
    """One call of a web hook."""

    path: str
    form: dict[str, str]
    signature: str


@dataclass
class Hook:
    """A web hook that keeps what it is told."""

    url: str
    got: list[Request] = field(default_factory=list)
    page: str = ""
    said: str = ""  # what is answered to what is posted
    receipts: threading.Event = field(default_factory=threading.Event)  # are answered

    def words(self, path: str) -> list[str]:
        return [r.form["MessageStatus"] for r in self.got if r.path == path]


@contextlib.contextmanager
def listening(answer: int = 204) -> Iterator[Hook]:
    """A local server in place of Muster's hooks and check-in page."""
    hook = Hook(url="")
    hook.receipts.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._reply(200, hook.page.encode())

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = dict(parse_qsl(self.rfile.read(length).decode(), True))
            signature = self.headers.get("X-Twilio-Signature", "")
            if "MessageStatus" in form:
                hook.receipts.wait(LONGEST_WAIT_S)
            hook.got.append(Request(self.path, form, signature))
            said = hook.said.encode()
            self._reply(200 if said else answer, said)

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Stand:
    """A provider with the SDK pointed at it, and its journal."""

    running: Running
    path: Path

    @property
    def twilio(self) -> Client:
        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = self.running.url
        return client

    @property
    def journal(self) -> journal.Journal:
        return journal.read(self.path)


@contextlib.contextmanager
def provider(
    folder: Path, hook_url: str = "http://127.0.0.1:9", **changes: Any
) -> Iterator[Stand]:
    """A simulated provider, a thousand times faster than life."""
    faults = Faults(**changes.pop("faults", {}))
    fields = {"speed": 1000.0, "public_url": hook_url, "faults": faults}
    path = folder / "journal.jsonl"
    setup = Setup(
        journal=path, account_sid=ACCOUNT, auth_token=TOKEN, **(fields | changes)
    )
    with running(setup) as where:
        yield Stand(where, path)


def eventually(
    condition: Callable[[], object], longest_s: float = LONGEST_WAIT_S
) -> None:
    """Wait until something that another process or thread does has happened."""
    by_s = time.monotonic() + longest_s
    while not condition():
        assert time.monotonic() < by_s, "it did not happen in time"
        threading.Event().wait(0.02)
