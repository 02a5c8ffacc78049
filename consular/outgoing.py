"""The one door to other people's servers: limits first, and the peer is checked.

A live request never reaches a private, loopback or link-local address, whatever a name
resolves to: the address of the connected socket decides, so a name that changes its
answer between two look-ups does not help. An exercise source may read the one loopback
`host:port` of `settings.EXERCISE_FEEDS`. Redirects are followed here, each one checked.
"""

import ipaddress
import socket
import time
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
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global and not (mapped or ip).is_multicast


def _checked(connected: socket.socket, host: str, port: int, allowed: str) -> None:
    peer = connected.getpeername()[0]
    if is_public(peer) or (allowed == f"{host}:{port}" and _is_loopback(peer)):
        return
    connected.close()
    raise OutgoingError(
        "The address leads to a private network, and was not asked.",
        "Give the source's public address.",
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.split("%")[0]).is_loopback


def _connection(base: Any, allowed: str) -> Any:
    """Return a connection class that checks its peer before it says a word."""

    class Checked(base):  # type: ignore[misc]
        def _new_conn(self) -> socket.socket:
            made: socket.socket = super()._new_conn()
            _checked(made, self.host, self.port, allowed)
            return made

    return Checked


class _Adapter(HTTPAdapter):
    """Make every connection of a session check its peer."""

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        plain = _connection(HTTPConnection, self.allowed)
        secure = _connection(HTTPSConnection, self.allowed)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("Http", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("Https", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def _session(mode: str) -> requests.Session:
    allowed = settings.EXERCISE_FEEDS if mode == Mode.EXERCISE else ""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(allowed))
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
    until = time.monotonic() + limits.total_s
    with _session(mode) as session:
        for _ in range(limits.redirects + 1):
            answer = _ask(session, url, headers, limits)
            with answer:
                if answer.status_code not in REDIRECTS:
                    return _read(answer, limits, until)
                url = urljoin(url, answer.headers.get("Location", ""))
    raise OutgoingError("The address redirects too often.", "Give the final address.")


def _ask(
    session: requests.Session, url: str, headers: dict[str, str], limits: Limits
) -> requests.Response:
    if urlsplit(url).scheme not in ("http", "https"):
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


def _read(answer: requests.Response, limits: Limits, until: float) -> Answer:
    if answer.status_code not in (200, 304):
        raise OutgoingError(
            f"The server answered {answer.status_code}.",
            "If this lasts, look at the source's own page for a new address.",
        )
    return Answer(
        status=answer.status_code,
        body=b"".join(_chunks(answer, limits, until)),
        content_type=answer.headers.get("Content-Type", "")[:80],
        etag=answer.headers.get("ETag", "")[:200],
        last_modified=answer.headers.get("Last-Modified", "")[:80],
    )


def _chunks(answer: requests.Response, limits: Limits, until: float) -> Iterator[bytes]:
    inflated = 0
    try:
        for chunk in answer.iter_content(CHUNK):
            inflated += len(chunk)
            if inflated > limits.inflated_bytes or answer.raw.tell() > limits.raw_bytes:
                raise OutgoingError(
                    "The document is too large, and was not read to its end.",
                    "Give the address of a shorter list, such as the last day's.",
                )
            if time.monotonic() > until:
                raise OutgoingError(
                    "The server sends too slowly.", "It is asked again by itself."
                )
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
    host = urlsplit(url).hostname or ""
    inside = host == "localhost" or _is_inside(host)
    if mode == Mode.EXERCISE and not inside:
        raise OutgoingError("an exercise account may only reach the simulated provider")
    if mode == Mode.LIVE and inside:
        raise OutgoingError("a live account may not reach the simulated provider")


def _is_inside(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return False  # a name: live ones are names, and simulated ones are addresses
