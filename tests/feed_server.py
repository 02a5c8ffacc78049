"""A web server on this machine that answers each path as a test tells it."""

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Reply = Callable[[http.server.BaseHTTPRequestHandler], None]


class Site:
    """A web server on a port of its own that answers each path as it was told."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[dict[str, str]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append({k.lower(): v for k, v in self.headers.items()})
                site.replies[self.path](self)

            def log_message(self, *words: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.netloc = f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.netloc}{path}"


def says(body: bytes, status: int = 200, **headers: str) -> Reply:
    def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def leads_to(url: str) -> Reply:
    return says(b"", 302, Location=url)


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    """A server that exercise sources may read."""
    made = Site()
    settings.EXERCISE_FEEDS = made.netloc
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join(5)
    made.server.server_close()
