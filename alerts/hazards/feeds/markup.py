"""The one door to lxml: no DTD, no entities, no network, and limits before all.

Documents with a document type are refused outright: no feed needs one, and every known
attack through XML does.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from lxml import etree

from alerts.hazards.feeds.base import FeedError

BYTES_MOST = 16_000_000
NODES_MOST = 400_000
_PARSER: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "recover": False,
}
# A byte order mark, and what becomes of one that is encoded a second time.
_BOMS = (b"\xef\xbb\xbf", b"\xc3\xaf\xc2\xbb\xc2\xbf")
PAGE = "this is a web page, not a feed; the server may be failing"
_has_too_many = etree.XPath(f"count(descendant-or-self::*) > {NODES_MOST}")


def root_of(document: bytes) -> Any:
    """Parse a document, or say in plain words why not.

    Raises
    ------
    FeedError
        When it is empty, too large, not well formed, or has a document type.
    """
    if len(document) > BYTES_MOST:
        raise FeedError(f"it has {len(document)} bytes, more than {BYTES_MOST}")
    data = document.lstrip()
    while data.startswith(_BOMS):
        data = data[3 if data.startswith(_BOMS[0]) else 6 :].lstrip()
    if not data:
        raise FeedError("the document is empty")
    if b"<!DOCTYPE" in data[:4096] or b"!\x00D\x00O\x00C" in data[:4096]:
        if b"html" in data[:200].lower():
            raise FeedError(PAGE)
        raise FeedError("it has a document type (DTD), which is refused")
    return _parsed(data)


def _parsed(data: bytes) -> Any:
    try:
        root = etree.fromstring(data, etree.XMLParser(**_PARSER))
    except etree.XMLSyntaxError as error:
        if data[:5].lower() == b"<html":
            raise FeedError(PAGE) from None
        words = re.sub(r"\s*\(<string>.*", "", str(error))[:160]
        raise FeedError(f"it is not well-formed XML: {words}") from None
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise FeedError("it has a document type (DTD), which is refused")
    if _has_too_many(root):
        raise FeedError(f"it has more than {NODES_MOST} elements")
    return root


def local(element: Any) -> str:
    """Return an element's name without its namespace, or nothing for a comment."""
    tag = element.tag
    return _bare(tag) if isinstance(tag, str) else ""


@lru_cache(1024)
def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def children(element: Any, name: str) -> list[Any]:
    """Return the child elements of a name, in any namespace."""
    return list(element.iterchildren("{*}" + name))


def named(element: Any, name: str) -> list[Any]:
    """Return an element and all below it that have a name, in any namespace."""
    return list(element.iter("{*}" + name))


def text(element: Any, name: str) -> str:
    """Return the text of the first child of a name, or nothing."""
    for child in element.iterchildren("{*}" + name):
        return words_of(child)
    return ""


def texts(element: Any, names: Iterable[str]) -> dict[str, str]:
    """Return what `text` does for many names, in one walk over the children."""
    found: dict[str, str | None] = dict.fromkeys(names)
    for child in element:
        name = local(child)
        if name in found and found[name] is None:
            found[name] = words_of(child)
    return {name: words or "" for name, words in found.items()}


def words_of(element: Any) -> str:
    """Return the text in an element and in all below it."""
    if len(element) == 0:
        return (element.text or "").strip()
    return "".join(element.itertext()).strip()
