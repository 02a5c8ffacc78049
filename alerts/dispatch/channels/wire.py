"""Ask a provider over HTTP and believe nothing of how it answers.

The whole answer, headers included, comes within one limit of time and one of size,
however slowly or much it sends; it is not inflated, and a redirect is not followed: it
would carry the account's key and the text to wherever it points. Connecting has a limit
too, however many addresses a name leads to: where a network swallows everything, each
of them would else be waited for in turn, and the sender be taken for one that hangs.
"""

import io
import socket
import ssl
import time
from http.client import HTTPResponse
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

CONNECT_S = 5.0
ANSWER_S = 10.0
MOST_ADDRESSES = 5  # of one name that are tried; each gets its share of the time
# A list of fifty long texts is 200 KB.
MOST_BYTES = 1_000_000
# An answer that is packed may be a thousand times larger than it looks.
PLAIN = {"Accept-Encoding": "identity"}


class Until(io.RawIOBase):
    """Read a socket until a moment that does not move, however it drips; or so much.

    What comes later, or beyond, is an `OSError`: whoever reads takes the connection for
    broken.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self.raw, self.sock = raw, sock
        self.again()

    def again(self) -> None:
        """Begin to count anew, for another answer on the same connection."""
        self.by_s = time.monotonic() + ANSWER_S
        self.left = MOST_BYTES

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there; wait no longer than what is left of the time."""
        left_s = self.by_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer takes too long")
        if self.left <= 0:
            raise OSError("the answer is too large")
        self.sock.settimeout(left_s)
        count = self.raw.readinto(buffer)
        self.left -= count or 0
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self.raw.close()
        super().close()


class _Bounded(HTTPResponse):
    """An answer whose headers and body come before one moment."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(Until(raw, sock))


def addresses(host: str, port: int) -> list[str]:
    """Return where a name leads, as far as it is tried.

    Raises
    ------
    socket.gaierror
        When the name is not known, or nobody can be asked.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))[:MOST_ADDRESSES]


class _Http(HTTPConnection):
    """A connection that is made within one limit of time, and so answered."""

    response_class = _Bounded

    def _new_conn(self) -> socket.socket:
        name, patience = self._dns_host, self.timeout
        try:
            places = addresses(name, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        failed: Exception = NewConnectionError(self, "the name leads nowhere")
        try:
            for self._dns_host in places:
                self.timeout = CONNECT_S / len(places)
                try:
                    made = super()._new_conn()
                except urllib3.exceptions.HTTPError as error:
                    failed = error
                    continue
                made.settimeout(CONNECT_S)  # what is agreed on before the request
                return made
        finally:
            self._dns_host, self.timeout = name, patience
        raise failed


class _Https(_Http, HTTPSConnection):
    """The same, encrypted."""


_POOLS = {
    "http": type("Http", (HTTPConnectionPool,), {"ConnectionCls": _Http}),
    "https": type("Https", (HTTPSConnectionPool,), {"ConnectionCls": _Https}),
}


def pool(size: int) -> urllib3.PoolManager:
    """Return a pool that keeps connections open; it repeats and follows nothing."""
    made = urllib3.PoolManager(
        maxsize=size,
        timeout=urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S),
        retries=urllib3.Retry(0, redirect=False),
        headers=PLAIN,
    )
    made.pool_classes_by_scheme = _POOLS
    return made


def body(answer: urllib3.BaseHTTPResponse) -> bytes:
    """Read an answer's body as it comes; its connection may then be used again."""
    try:
        return answer.read(decode_content=False, cache_content=True)
    finally:
        answer.release_conn()


class Careful(HTTPAdapter):
    """Let a session of `requests` ask within these limits."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool of bounded connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def send(  # the adapter's own signature
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Make one request and read its answer, which leads nowhere else."""
        request.headers.update(PLAIN)
        answer = super().send(
            request, True, (CONNECT_S, ANSWER_S), verify, cert, proxies
        )
        try:
            answer.raw = io.BytesIO(body(answer.raw))
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError("the answer broke off") from error
        answer.headers.pop("Location", None)
        answer.headers.pop("Content-Encoding", None)
        return answer


def was_refused(error: BaseException | None) -> bool:
    """Tell whether a server could not show who it is: then nothing was asked of it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        reason = getattr(error, "reason", None)
        inner = reason if isinstance(reason, BaseException) else error.__cause__
        error = inner or error.__context__
    return False


def session() -> requests.Session:
    """Return a session that asks carefully, and heeds no environment."""
    made = requests.Session()
    made.trust_env = False
    guard(made)
    return made


def guard(session: requests.Session) -> None:
    """Put every request of a session under these limits."""
    for scheme in ("http://", "https://"):
        session.mount(scheme, Careful(max_retries=0))
