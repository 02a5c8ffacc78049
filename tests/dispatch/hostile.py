"""A server that answers as no server should: whatever bytes a test gives it."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

# What every transport would take for "accepted, and this is its id".
TAKEN = {
    "sid": "SM1",
    "id": "1",
    "data": {"id": "1"},
    "result": {"message_id": 1},
    "ok": True,
    "uri": "at://did:plc:ministry/app.bsky.feed.post/1",
    "cid": "bafy1",
    "message": "Queued. Thank you.",
}
SESSION = {"did": "did:plc:ministry", "accessJwt": "simulated"}
Talk = Callable[["Line"], None]


@dataclass
class Line:
    """One connection, as the server sees it."""

    sock: socket.socket
    over: threading.Event  # the test is over
    sent: int = 0

    def read_until(self, mark: bytes) -> bytes:
        """Read up to a mark, or to the end."""
        said = b""
        while mark not in said and (part := self.sock.recv(65536)):
            said += part
        return said

    def request(self) -> bytes:
        """Read one HTTP request."""
        said = self.read_until(b"\r\n\r\n")
        head, _, body = said.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                while len(body) < int(line[15:]) and (part := self.sock.recv(65536)):
                    body += part
        return head + b"\r\n\r\n" + body

    def say(self, words: bytes) -> None:
        """Write."""
        self.sock.sendall(words)
        self.sent += len(words)

    def drip(self, words: bytes) -> None:
        """Write the same for ever, a little at a time."""
        while not self.over.wait(0.05):
            self.say(words)

    def flood(self, words: bytes) -> None:
        """Write the same for ever, as fast as it is read."""
        while not self.over.is_set():
            self.say(words)

    def reset(self) -> None:
        """Break the connection off without a word."""
        linger = struct.pack("ii", 1, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@dataclass
class Server:
    """A running server; `asked` are the first bytes of each request."""

    port: int
    asked: list[bytes] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def as_provider(self) -> SimpleNamespace:
        """What accounts can be pointed at."""
        return SimpleNamespace(url=self.url, smtp_port=self.port)


@contextlib.contextmanager
def serving(talk: Callable[[Line, Server], None]) -> Iterator[Server]:
    """Run a server that talks so on each of its connections."""
    listening = socket.create_server(("127.0.0.1", 0))
    server, over = Server(listening.getsockname()[1]), threading.Event()

    def converse(sock: socket.socket) -> None:
        line = Line(sock, over)
        server.lines.append(line)
        with sock, contextlib.suppress(OSError):
            sock.settimeout(10)
            talk(line, server)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listening.accept()
                threading.Thread(target=converse, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def http(talk: Talk) -> Callable[[Line, Server], None]:
    """Talk so after each HTTP request; a sign-in that comes first is let through."""

    def answer(line: Line, server: Server) -> None:
        asked = line.request()
        while b"createSession" in asked:
            line.say(reply(200, json.dumps(SESSION), close=False))
            asked = line.request()
        if asked.strip():
            server.asked.append(asked)
            talk(line)

    return answer


def reply(status: int, body: str | bytes = b"", *headers: str, close=True) -> bytes:
    """Write an HTTP answer."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Answer", f"Content-Length: {len(raw)}", *headers]
    if close:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + raw


def says(status: int, body: str | bytes = b"", *headers: str) -> Talk:
    """Answer with this, whatever is asked."""
    return lambda line: line.say(reply(status, body, *headers))
