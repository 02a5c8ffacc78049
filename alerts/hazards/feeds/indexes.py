"""Atom and RSS lists of alerts: what they link to, and what stands in them.

Entries that hold a whole CAP alert are read by the CAP parser; other entries give a
link to follow, and what their `cap:` children already say.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from alerts.hazards.feeds import cap, markup
from alerts.hazards.feeds.base import (
    FROM_LIST,
    FeedError,
    FeedItem,
    Reading,
    plain,
    time_of,
)

_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")
_ALERT = re.compile(r"<(\w+:)?alert[\s>]")
_TEXTS = ("content", "encoded", "description", "summary")
_LINKS = ("link", "content", "enclosure", "guid")
_WEB = ("http://", "https://")
_OTHER = re.compile(r"#|(?!https?://)[a-z][a-z0-9+.-]*:", re.I)  # mailto: and such


def claims(root: Any) -> bool:
    """Tell whether a document is an Atom feed or an RSS channel."""
    return markup.local(root) in ("feed", "rss", "RDF")


def read(root: Any) -> Reading:
    """Read a parsed list; alerts inside it become items."""
    entries = list(root.iter("{*}entry", "{*}item"))
    if cap.claims(root):
        inner = cap.read(root)
        others = [entry for entry in entries if not cap.alerts_of(entry)]
        links = [link for entry in others if (link := _link(entry))]
        flags = ["inside a feed", *inner.flags]
        return Reading(format="cap", items=inner.items, links=links, flags=flags)
    if texts := [text for entry in entries for text in _escaped(entry)]:
        return of_texts(texts, "inside a feed")
    links, items, idle = [], [], 0
    for entry in entries:
        link = _link(entry)
        if link:
            links.append(link)
        item = _item(entry, link)
        if item is not None:
            items.append(item)
        idle += not link and item is None
    flags = [] if entries else ["no entries"]
    if idle:
        flags.append(f"passed over, as they neither say nor link to an alert: {idle}")
    return Reading(format="index", items=items, links=links, flags=flags)


def holds_alert(text: str) -> bool:
    """Tell whether a text is a CAP document of its own."""
    return bool(_ALERT.search(text)) and any(each in text for each in cap.NAMESPACES)


def of_texts(texts: list[str], where: str) -> Reading:
    """Read CAP documents that stand as texts in another document.

    Raises
    ------
    FeedError
        When none of them can be read.
    """
    items: list[FeedItem] = []
    broken: list[str] = []
    for text in texts:
        try:
            # What was declared of its bytes holds no more: they are this text's now.
            items += cap.parse(_DECLARED.sub("", text).encode()).items
        except FeedError as error:
            broken.append(str(error))
    if not items:
        raise FeedError(broken[0])
    return Reading(format="cap", items=items, flags=[where, *cap.left_out(broken)])


def _escaped(entry: Any) -> list[str]:
    """Return the alerts that an entry holds as text, their markup escaped."""
    parts = (markup.text(entry, name) for name in _TEXTS)
    return [part for part in parts if holds_alert(part)]


def _link(entry: Any) -> str:
    """Return where an alert stands; what is no whole address is for the list's own."""
    links = [element for name in _LINKS for element in markup.children(entry, name)]
    best = [e for e in links if "cap" in str(e.get("type", ""))] or links
    found = [address for element in best if (address := _address(element))]
    found.sort(key=lambda address: not address.startswith(_WEB))
    return found[0] if found else ""


def _address(element: Any) -> str:
    """Return an address as it is written, beside the `xml:base` around it."""
    written = ""
    match markup.local(element):
        case "link":
            written = str(element.get("href") or element.text or "").strip()
        case "content" | "enclosure":
            written = str(element.get("src") or element.get("url") or "").strip()
        case "guid" if element.get("isPermaLink") == "true":
            written = str(element.text or "").strip()
    if not written or _OTHER.match(written):
        return ""
    try:
        return urljoin(element.base or "", written)
    except ValueError:
        return ""


def _moment(entry: Any) -> tuple[str, datetime | None]:
    for name in ("sent", "updated", "published"):
        word = markup.text(entry, name)
        if word and time_of(word):
            return word, time_of(word)
    word = markup.text(entry, "pubDate")
    try:
        return word, parsedate_to_datetime(word).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return word, None


def _item(entry: Any, link: str) -> FeedItem | None:
    """Make an item of an entry that says enough of an alert in `cap:` children."""
    event = markup.text(entry, "event")
    sent, sent_at = _moment(entry)
    identifier = (
        markup.text(entry, "identifier")
        or markup.text(entry, "id")
        or markup.text(entry, "guid")
    )
    if not event or sent_at is None or not identifier:
        return None
    sender = markup.text(entry, "sender") or markup.text(entry, "name") or "feed"
    severity = markup.text(entry, "severity")
    expires = markup.text(entry, "expires")
    said = {"event": event, "category": markup.text(entry, "category")}
    return FeedItem(
        identifier=plain(identifier, 300),
        sender=plain(sender, 300),
        sent=sent,
        sent_at=sent_at,
        status=plain(markup.text(entry, "status") or "Actual", 16),
        msg_type=plain(markup.text(entry, "msgType") or "Alert", 16),
        kind=cap.kind_of(said),
        natural_key=(sender, identifier, sent_at.isoformat()),
        event_keys=((sender, identifier),),
        happened_at=time_of(markup.text(entry, "onset")) or sent_at,
        event=plain(event, 300),
        headline=plain(markup.text(entry, "title"), 600),
        description=plain(markup.text(entry, "summary")),
        place=plain(markup.text(entry, "areaDesc"), 300),
        level=cap.LEVELS.get(severity, 0),
        severity=plain(severity, 32),
        urgency=plain(markup.text(entry, "urgency"), 32),
        certainty=plain(markup.text(entry, "certainty"), 32),
        expires=expires,
        expires_at=time_of(expires),
        flags=[FROM_LIST],
        link=link,
        polygon_count=len(markup.children(entry, "polygon")),
        circle_count=len(markup.children(entry, "circle")),
        geocode_count=len(markup.children(entry, "geocode")),
    )
