"""Take replies while 300 boards poll: webhooks, links, and a bare view beside them.

Muster as it is served (gunicorn, two processes) on PostgreSQL; requests leave on time
whether earlier ones were answered or not. The rates of the webhook and of a bare Django
view that inserts one row are taken in turns, as fast as they go, in the same minutes.
`SECONDS=60 python -m bench replies` is the long run.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench.__main__ import figure, save
from tests.postgres import Postgres

SECONDS = int(os.environ.get("SECONDS", "20"))
HOOKS, LINKS, BOARDS, EVERY_S = 400, 200, 300, 5.0  # a second; boards poll every 5 s
FLAT_OUT_S, TURNS = 4.0, 3
THREADS = 24
HOOK_P99_MS, LINK_P95_MS, SHARE = 250.0, 300.0, 0.6
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    """One request that is sent on a connection that stays open."""

    method: str
    path: str
    body: str
    headers: dict[str, str]


@contextmanager
def web(name: str, port: int) -> Iterator[None]:
    """Serve as `manage.py serve` does on a machine with two cores."""
    words = [sys.executable, "-m", "gunicorn", name, "--worker-class", "gthread"]
    words += ["--workers", "2", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
    words += ["--log-level", "warning", "--no-control-socket", "--keep-alive", "30"]
    with subprocess.Popen(words) as process:
        for _ in range(300):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        yield
        process.terminate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Load:
    """Requests that are due one after the other, and how long each took."""

    def __init__(self, port: int, each_s: float) -> None:
        self.port, self.each_s = port, each_s
        self.due: Queue[tuple[float, Request]] = Queue()
        self.taken: list[float] = []
        self.failed: list[int] = []
        self.threads = [threading.Thread(target=self._send) for _ in range(THREADS)]

    def start(self, requests: list[Request]) -> None:
        """Plan them evenly from now on, and begin."""
        begun = time.perf_counter() + 0.5
        for number, request in enumerate(requests):
            self.due.put((begun + number * self.each_s, request))
        for thread in self.threads:
            thread.start()

    def finish(self) -> None:
        """Wait until all were answered."""
        for thread in self.threads:
            thread.join()

    def milliseconds(self, share: float) -> float:
        """Return the time from due to answered that so many stayed below."""
        return float(np.percentile(self.taken, share)) * 1000

    def _send(self) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while True:
            try:
                at, each = self.due.get_nowait()
            except Empty:
                return
            time.sleep(max(0.0, at - time.perf_counter()))
            try:
                link.request(each.method, each.path, each.body or None, each.headers)
                answer = link.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                link.close()
                status = 0
            self.taken.append(time.perf_counter() - at)
            if status >= 400 or not status:
                self.failed.append(status)


def flat_out(port: int, requests: list[Request]) -> float:
    """Send as fast as answers come for a while; return how many a second."""
    load = Load(port, 0.0)
    begun = time.perf_counter()
    load.start(requests)
    while time.perf_counter() - begun < FLAT_OUT_S + 0.5:
        time.sleep(0.05)
    done = len(load.taken) - len(load.failed)
    while not load.due.empty():
        try:
            load.due.get_nowait()
        except Empty:
            break
    load.finish()
    return done / FLAT_OUT_S


def form(path: str, values: dict[str, str], **headers: str) -> Request:
    """Return a form that is posted."""
    return Request("POST", path, urlencode(values), {"Content-Type": FORM} | headers)


def links_of(tokens: list[str]) -> list[Request]:
    """Return taps on so many personal links."""
    return [
        form(f"/c/{token}", {"status": "safe", "key": uuid.uuid4().hex})
        for token in tokens
    ]


def polls_of(path: str, cookie: str) -> list[Request]:
    """Return what the boards ask for."""
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
    count = int(BOARDS / EVERY_S * SECONDS)
    return [Request("GET", path, "", headers) for _ in range(count)]


def main() -> None:
    """Start a server, measure in a child, tell."""
    port = free_port()
    with Postgres() as url:
        done = subprocess.run(
            [sys.executable, "-m", "bench.replies_inside", str(port)],
            env=os.environ
            | {
                "DATABASE_URL": url,
                "MUSTER_PUBLIC_URL": f"http://127.0.0.1:{port}",
                "MUSTER_ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
                "PEOPLE": os.environ.get("PEOPLE", "20000"),
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    told(json.loads(done.stdout.splitlines()[-1]))


def told(found: dict[str, Any]) -> None:
    """Print and keep the figures."""
    print(", ".join(f"{name} {value:,.1f}" for name, value in found.items()))
    p99, p95 = found["hook_p99_ms"], found["link_p95_ms"]
    rows = [
        figure("webhooks", found["hook_rate"], "/s", "bare view", found["bare"], SHARE),
        figure("p99, 300 boards poll", 1000 / p99, "/s", "aim", 1000 / HOOK_P99_MS, 1),
        figure("link p95 at 200/s", 1000 / p95, "/s", "aim", 1000 / LINK_P95_MS, 1),
    ]
    save("replies", rows)


if __name__ == "__main__":
    main()
