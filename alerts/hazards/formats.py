"""Recognise a document and read it with the parser of its format.

Called in a child process that can be killed: bytes in, values out.
"""

import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from alerts.hazards.feeds import cap, gdacs, indexes, markup, nws, usgs
from alerts.hazards.feeds.base import FeedError, Reading

NAMES = {
    "cap": "CAP 1.1 and 1.2 alerts, alone or wrapped",
    "index": "Atom or RSS list of CAP alerts",
    "gdacs": "GDACS RSS",
    "usgs": "USGS earthquakes, GeoJSON",
    "nws": "api.weather.gov alerts, GeoJSON",
    "auto": "found out from the document",
}


NODES_MOST = 200_000


class UnsupportedError(FeedError):
    """Say that a document is sound but of a kind that Muster does not read."""


def read(document: bytes, hint: str = "auto") -> Reading:
    """Read a document of any format that is known.

    Raises
    ------
    FeedError
        When it is broken, or is not what `hint` says it should be.
    UnsupportedError
        When it is of another kind.
    """
    head = document[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    reading = _read_json(document) if head[:1] in (b"{", b"[") else _read_xml(document)
    if hint not in ("", "auto", reading.format) and not _fits(hint, reading.format):
        raise FeedError(f"this is {reading.format}, and {hint} was expected")
    return reading


def _fits(hint: str, found: str) -> bool:
    return {hint, found} == {"cap", "index"}


def _read_json(document: bytes) -> Reading:
    try:
        value = json.loads(document, parse_constant=_refuse)
    except UnicodeDecodeError:
        raise FeedError("its bytes are not the encoding it should have") from None
    except (ValueError, RecursionError) as error:
        raise FeedError(f"it is not well-formed JSON: {str(error)[:120]}") from None
    if nws.claims(value):
        return nws.read(value)
    if usgs.claims(value):
        return usgs.parse(document)
    inside = list(_alerts_in(value)) if b"emergency:cap" in document else []
    if inside:
        items = [item for text in inside for item in cap.parse(text.encode()).items]
        return Reading(format="cap", items=items, flags=["inside JSON"])
    raise UnsupportedError(f"JSON of an unknown kind: {_describe(value)}")


def _alerts_in(value: Any) -> Iterator[str]:
    """Find CAP alerts that stand as texts in a JSON document, a few levels deep."""
    waiting = deque([value])
    for _ in range(NODES_MOST):
        if not waiting:
            return
        at = waiting.popleft()
        if isinstance(at, str) and "<alert" in at and "emergency:cap" in at:
            yield at
        elif isinstance(at, dict):
            waiting += at.values()
        elif isinstance(at, list):
            waiting += at


def _looks_like_xml(document: bytes) -> bool:
    head = document.lstrip(b"\xef\xbb\xbf\xc3\xaf\xc2\xbb\xc2\xbf \t\r\n")[:1]
    utf16 = document[:2] in (b"\xff\xfe", b"\xfe\xff")
    return head == b"<" or utf16 or b"<?xml" in document or b"<alert" in document


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return "an object with " + ", ".join(sorted(map(str, value))[:6])[:120]
    return "a list" if isinstance(value, list) else type(value).__name__


def _read_xml(document: bytes) -> Reading:
    if document.strip() and not _looks_like_xml(document):
        raise UnsupportedError("neither XML nor JSON")
    root = markup.root_of(document)
    if markup.local(root) == "rss" and gdacs.claims(root):
        return gdacs.read(root)
    if indexes.claims(root):
        return indexes.read(root)
    if cap.wrapped(root):
        return cap.read(root)
    if markup.local(root).lower() == "html":
        raise FeedError("this is a web page, not a feed; the server may be failing")
    raise UnsupportedError(f"XML of an unknown kind: <{markup.local(root)[:60]}>")
