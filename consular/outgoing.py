"""The one door to other people's servers: limits first, and the peer is checked.

A live request never reaches a private, loopback or link-local address, whatever a name
resolves to: a name is looked up once, its addresses are checked, and one of them is
connected to, so a name that changes its answer between two look-ups does not help. An
exercise source may read the one loopback `host:port` of `settings.EXERCISE_FEEDS`.
Redirects are followed here, each one checked. When the time for all of it is over, the
connection is cut, however slowly the other side talks.
"""

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from consular.modes import Mode

REDIRECTS = {301, 302, 303, 307, 308}
CHUNK = 64 * 1024


class OutgoingError(Exception):
    """Say why a server was not asked, or did not answer well; and what to do."""

    def __init__(self, words: str, advice: str = "") -> None:
        super().__init__(words)
        self.advice = advice


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how much: seconds, bytes as they come, bytes after inflating."""

    connect_s: float = 5
    read_s: float = 10
    total_s: float = 30
    raw_bytes: int = 16_000_000
    inflated_bytes: int = 32_000_000
    redirects: int = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server said; 304 has no body."""

    status: int
    body: bytes
    content_type: str
    etag: str
    last_modified: str


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet.

    Examples
    --------
    >>> is_public("8.8.8.8"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


# RFC 6052: an IPv4 address stands in the last 32 bits.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _check(peer: str, host: str, port: int, allowed: str) -> None:
    if is_public(peer) or (allowed == f"{host}:{port}" and _is_loopback(peer)):
        return
    raise OutgoingError(
        "The address leads to a private network, and was not asked.",
        "Give the source's public address.",
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.split("%")[0]).is_loopback


class _Watch:
    """Cut every connection that it was told of when the time is over."""

    def __init__(self, total_s: float) -> None:
        self.is_over = False
        self._kept: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(total_s, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_Watch":
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        with self._lock:
            for kept in self._kept:
                kept.close()
            self._kept.clear()

    def keep(self, made: socket.socket) -> None:
        """Note a connection; TLS takes the socket over, so a second handle is kept."""
        with self._lock:
            self._kept.append(made.dup())

    def _cut(self) -> None:
        self.is_over = True
        with self._lock:
            for kept in self._kept:
                with contextlib.suppress(OSError):
                    kept.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Refuse to go on once the time is over."""
        if self.is_over:
            raise OutgoingError(
                "The server sends too slowly.", "It is asked again by itself."
            )


def _connection(base: Any, allowed: str, watch: _Watch) -> Any:
    """Return a connection class that checks an address before it connects to it."""

    class Checked(base):  # type: ignore[misc]
        _dns_host: str

        def _new_conn(self) -> socket.socket:
            name, failed = self._dns_host, None
            for address in self._addresses(name):
                self._dns_host = address
                try:
                    made: socket.socket = super()._new_conn()
                except urllib3.exceptions.HTTPError as error:
                    failed = error
                    continue
                finally:
                    self._dns_host = name
                watch.keep(made)
                _check(made.getpeername()[0], self.host, self.port, allowed)
                return made
            raise failed or OutgoingError("The name is not known.", "Correct it.")

        def _addresses(self, name: str) -> list[str]:
            try:
                rows = socket.getaddrinfo(name, self.port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError):
                raise OutgoingError(
                    "The server's name could not be looked up.",
                    "Check the address and this machine's network; it is asked again.",
                ) from None
            found = [str(row[4][0]) for row in rows]
            for address in found:
                _check(address, self.host, self.port, allowed)
            return found

    return Checked


class _Adapter(HTTPAdapter):
    """Make every connection of a session check its peer."""

    def __init__(self, allowed: str, watch: _Watch) -> None:
        self.allowed, self.watch = allowed, watch
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        plain = _connection(HTTPConnection, self.allowed, self.watch)
        secure = _connection(HTTPSConnection, self.allowed, self.watch)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("Http", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("Https", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def _session(mode: str, watch: _Watch) -> requests.Session:
    allowed = settings.EXERCISE_FEEDS if mode == Mode.EXERCISE else ""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(allowed, watch))
    session.headers["User-Agent"] = (
        f"Muster/0.1 (crisis alerting; polls politely; {settings.PUBLIC_URL})"
    )
    session.headers["Accept-Encoding"] = "gzip, deflate"
    return session


def get(
    url: str,
    *,
    mode: str,
    etag: str = "",
    last_modified: str = "",
    limits: Limits | None = None,
) -> Answer:
    """Ask a server for a document, unless it is the one we have.

    Raises
    ------
    OutgoingError
        In plain words: not reached, too slow, too large, refused, or an error answer.
    """
    limits = limits or Limits()
    headers = {}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    with _Watch(limits.total_s) as watch, _session(mode, watch) as session:
        try:
            return _follow(session, url, headers, limits)
        finally:
            watch.check()  # whatever broke, it may have been our cut


def _follow(
    session: requests.Session, url: str, headers: dict[str, str], limits: Limits
) -> Answer:
    for _ in range(limits.redirects + 1):
        with _ask(session, url, headers, limits) as answer:
            if answer.status_code not in REDIRECTS:
                return _read(answer, limits)
            url = _next(url, answer.headers.get("Location", ""))
    raise OutgoingError("The address redirects too often.", "Give the final address.")


def _next(url: str, location: str) -> str:
    """Return where a redirect leads; never from https down to http."""
    try:
        led = urljoin(url, location)
    except ValueError:
        raise OutgoingError(
            "The address redirects to something that is not one.",
            "Look at the source's own page for a new address.",
        ) from None
    if urlsplit(url).scheme == "https" and not led.startswith("https:"):
        raise OutgoingError(
            "The address redirects from https to something less safe.",
            "Look at the source's own page for a new address.",
        )
    return led


def _ask(
    session: requests.Session, url: str, headers: dict[str, str], limits: Limits
) -> requests.Response:
    if not url.lower().startswith(("http://", "https://")):
        raise OutgoingError("The address is not http or https.", "Correct the address.")
    try:
        return session.get(
            url,
            headers=headers,
            timeout=(limits.connect_s, limits.read_s),
            allow_redirects=False,
            stream=True,
        )
    except requests.Timeout:
        raise OutgoingError(
            "The server did not answer in time.", "It is asked again by itself."
        ) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
        raise OutgoingError(
            "The server could not be reached.",
            "Check the address and this machine's network; it is asked again.",
        ) from None


def _read(answer: requests.Response, limits: Limits) -> Answer:
    if answer.status_code not in (200, 304):
        raise OutgoingError(
            f"The server answered {answer.status_code}.",
            "If this lasts, look at the source's own page for a new address.",
        )
    announced = answer.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > limits.raw_bytes:
        raise _too_large()
    return Answer(
        status=answer.status_code,
        body=b"".join(_chunks(answer, limits)),
        content_type=answer.headers.get("Content-Type", "")[:80],
        etag=answer.headers.get("ETag", "")[:200],
        last_modified=answer.headers.get("Last-Modified", "")[:80],
    )


def _too_large() -> OutgoingError:
    return OutgoingError(
        "The document is too large, and was not read to its end.",
        "Give the address of a shorter list, such as the last day's.",
    )


def _chunks(answer: requests.Response, limits: Limits) -> Iterator[bytes]:
    inflated = 0
    try:
        for chunk in answer.iter_content(CHUNK):
            inflated += len(chunk)
            if inflated > limits.inflated_bytes or answer.raw.tell() > limits.raw_bytes:
                raise _too_large()
            yield chunk
    except (requests.RequestException, urllib3.exceptions.HTTPError):
        raise OutgoingError(
            "The server broke off in the middle.", "It is asked again by itself."
        ) from None


def provider_url_allowed(url: str, mode: str) -> None:
    """Refuse an account's address that its mode may not reach.

    The simulated provider serves exercises only, on a loopback or private address; a
    live account never has one.

    Raises
    ------
    OutgoingError
        When a live account points inside, or an exercise account outside.
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    inside = host == "localhost" or host.endswith(".localhost") or _is_inside(host)
    if mode == Mode.EXERCISE and not inside:
        raise OutgoingError("an exercise account may only reach the simulated provider")
    if mode == Mode.LIVE and inside:
        raise OutgoingError("a live account may not reach the simulated provider")


def _is_inside(host: str) -> bool:
    """Tell whether an address is not public; names are taken to be outside."""
    with contextlib.suppress(OSError):
        host = socket.inet_ntoa(socket.inet_aton(host))  # 127.1, 0x7f000001, ...
    try:
        return not is_public(host)
    except ValueError:
        return False  # a name: live ones are names, and simulated ones are addresses
