"""Recognise a document and read it with the parser of its format.

Called in a child process that can be killed: bytes in, values out.
"""

import codecs
import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from alerts.hazards.feeds import (
    cap,
    copernicus,
    cyclones,
    firms,
    gdacs,
    gdacs_geojson,
    gdelt,
    indexes,
    markup,
    nws,
    packing,
    pager,
    quake_rss,
    quakeml,
    quakes,
    reliefweb,
    shakemap,
    situations,
    travel,
    travel_rss,
    tsunamis,
    usgs,
)
from alerts.hazards.feeds.base import FeedError, Reading, plain
from consular import collecting

NAMES = {
    "cap": "CAP 1.1 and 1.2 alerts, alone or wrapped",
    "index": "Atom or RSS list of CAP alerts",
    "gdacs": "GDACS RSS",
    "usgs": "USGS earthquakes, GeoJSON",
    "nws": "api.weather.gov alerts, GeoJSON",
    "gdacs_geojson": "GDACS events and cyclone tracks, GeoJSON",
    "quakes": "EMSC, GeoNet and other FDSN earthquakes, GeoJSON",
    "quakeml": "QuakeML and SeisComPML earthquakes",
    "quake_rss": "EMSC and IGN earthquakes, RSS",
    "shakemap": "USGS ShakeMap contours, GeoJSON",
    "cyclones": "NHC advisories and HURDAT2 tracks, text",
    "firms": "NASA FIRMS fire pixels, CSV",
    "copernicus": "Copernicus EMS activations, RSS",
    "reliefweb": "ReliefWeb disasters, JSON",
    "travel": "travel advice of other ministries, JSON and RSS",
    "tsunami": "bulletins of the US tsunami warning centres, Atom and text",
    "pager": "USGS PAGER, XML",
    "situation": "events of a ministry's own situation room, JSON",
    "gdelt": "GDELT 2 events of violence, only to be watched",
    "auto": "found out from the document",
}
WATCH_ONLY = {"gdelt", "travel"}  # never trusted to propose, whatever a source says
NODES_MOST = 200_000
HEAD = 1_000  # where junk may stand before the first element
# Byte order marks, read once or twice, and the half of a letter in UTF-16.
_BEFORE = b"\xef\xbb\xbf\xc3\xaf\xc2\xbb\xc2\xbf\xff\xfe\x00 \t\r\n"
_JSON = (situations, nws, gdacs_geojson, usgs, quakes, shakemap, reliefweb, travel)
_RSS = (gdacs, copernicus, travel_rss, quake_rss)
_XML = (quakeml, pager, tsunamis)
_TEXT = (firms, gdelt, cyclones)


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
    with collecting.held_back():
        return _read(document, hint)


def _read(document: bytes, hint: str) -> Reading:
    if packing.is_packed(document):
        return _read_packed(packing.files_in(document), hint)
    head = document[:400].lstrip(_BEFORE)
    is_json = head.startswith((b"{", b"[", b'"<'))
    reading = _read_json(document) if is_json else _read_xml(document)
    if hint not in ("", "auto", reading.format) and not _fits(hint, reading.format):
        raise FeedError(f"this is {reading.format}, and {hint} was expected")
    return reading


def _read_packed(files: list[tuple[str, bytes]], hint: str) -> Reading:
    """Read all files in an archive; one that cannot be read does not stop the others.

    Raises
    ------
    FeedError
        When none of them can be read: with what was wrong with the first.
    """
    found: list[Reading] = []
    left_out: list[tuple[str, FeedError]] = []
    for name, document in files:
        try:
            if packing.is_packed(document):
                raise FeedError("it is an archive within an archive")
            found.append(_read(document, hint))
        except FeedError as error:
            left_out.append((name, error))
    if not found:
        broken = [e for _, e in left_out if not isinstance(e, UnsupportedError)]
        raise (broken or [left_out[0][1]])[0]
    items = [item for reading in found for item in reading.items]
    links = [link for reading in found for link in reading.links]
    flags = ["in an archive", *(flag for reading in found for flag in reading.flags)]
    flags += [f"left out: {plain(name, 80)}: {error}" for name, error in left_out]
    return Reading(format=found[0].format, items=items, links=links, flags=flags)


def _fits(hint: str, found: str) -> bool:
    return {hint, found} == {"cap", "index"}


def _read_json(document: bytes) -> Reading:
    while document.startswith(codecs.BOM_UTF8) or document[:1].isspace():
        document = document.removeprefix(codecs.BOM_UTF8).lstrip()
    try:
        value = json.loads(document, parse_constant=_refuse)
    except UnicodeDecodeError:
        raise FeedError("its bytes are not the encoding it should have") from None
    except (ValueError, RecursionError) as error:
        raise FeedError(f"it is not well-formed JSON: {str(error)[:120]}") from None
    for parser in _JSON:
        if parser.claims(value):
            return parser.read(value)
    if inside := list(_alerts_in(value)):
        return indexes.of_texts(inside, "inside JSON")
    raise UnsupportedError(f"JSON of an unknown kind: {_describe(value)}")


def _alerts_in(value: Any) -> Iterator[str]:
    """Find CAP alerts that stand as texts in a JSON document, a few levels deep."""
    waiting = deque([value])
    for _ in range(NODES_MOST):
        if not waiting:
            return
        at = waiting.popleft()
        if isinstance(at, str) and indexes.holds_alert(at):
            yield at
        elif isinstance(at, dict):
            waiting += at.values()
        elif isinstance(at, list):
            waiting += at


def _looks_like_xml(document: bytes) -> bool:
    head = document[:HEAD]
    is_junk_before = b"<?xml" in head or b"<alert" in head
    return document.lstrip(_BEFORE)[:1] == b"<" or is_junk_before


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        if not value:
            return "an empty object"
        return "an object with " + ", ".join(sorted(map(str, value))[:6])[:120]
    return "a list" if isinstance(value, list) else type(value).__name__


def _read_xml(document: bytes) -> Reading:
    if document.strip() and not _looks_like_xml(document):
        return _read_text(document)
    root = markup.root_of(document)
    parsers = _RSS if markup.local(root) == "rss" else _XML
    for parser in parsers:
        if parser.claims(root):
            return parser.read(root)
    if indexes.claims(root):
        return indexes.read(root)
    if cap.wrapped(root):
        return cap.read(root)
    if markup.local(root).lower() == "html":
        raise FeedError(markup.PAGE)
    raise UnsupportedError(f"XML of an unknown kind: <{markup.local(root)[:60]}>")


def _read_text(document: bytes) -> Reading:
    is_utf16 = document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = document.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        text = document.decode("latin-1")
    if tsunamis.claims_text(text):
        return tsunamis.read_text(text)
    for parser in _TEXT:
        if parser.claims(text):
            return parser.read(text)
    raise UnsupportedError("neither XML nor JSON, nor a text of a known kind")
