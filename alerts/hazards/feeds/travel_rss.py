"""Other ministries' travel advice in RSS: one item a destination, its level in words.

References
----------
US Department of State, travel advisories RSS: the level stands in the title and in a
`category` of domain `Threat-Level`, the country in one of domain `Country-Tag`.
"""

import re
from typing import Any

from alerts.hazards.feeds import markup
from alerts.hazards.feeds.base import FeedItem, Reading, plain, rfc822

_LEVEL = re.compile(r"\blevel\s*([1-4])\b", re.I)
_TITLE = re.compile(r"^(.{2,120}?)\s*[-:–]\s*level\s*[1-4]", re.I)


def claims(root: Any) -> bool:
    """Tell whether an RSS document lists levels of travel advice."""
    items = list(root.iter("item"))[:20]
    known = sum(bool(_LEVEL.search(_said(item))) for item in items)
    return known > 0 and known * 2 >= len(items)


def read(root: Any) -> Reading:
    """Read the destinations, one item each."""
    entries = list(root.iter("item"))
    items = [item for entry in entries if (item := _item(entry))]
    flags = ["missing must not mean safe"]
    if len(items) < len(entries):
        flags.append("a destination without name or date was passed over")
    return Reading(format="travel", items=items, flags=flags)


def _tagged(entry: Any, domain: str) -> str:
    for category in markup.children(entry, "category"):
        if str(category.get("domain", "")).lower() == domain:
            return "".join(category.itertext()).strip()
    return ""


def _said(entry: Any) -> str:
    return f"{_tagged(entry, 'threat-level')} {markup.text(entry, 'title')}"


def _item(entry: Any) -> FeedItem | None:
    title = plain(markup.text(entry, "title"), 300)
    named, level = _TITLE.match(title), _LEVEL.search(_said(entry))
    code = plain(_tagged(entry, "country-tag"), 8).upper()[:2]
    name = plain(named[1] if named else title, 200)
    sent_at = rfc822(markup.text(entry, "pubDate"))
    if not name or sent_at is None:
        return None
    link = plain(markup.text(entry, "link"), 500)
    sender = link.split("/")[2][:100] if link.count("/") > 1 else "travel-advice"
    key = code or name
    flags = [] if level else ["no level given: this does not mean safe"]
    return FeedItem(
        identifier=key,
        sender=sender,
        sent=sent_at.isoformat(),
        sent_at=sent_at,
        kind="security",
        natural_key=(sender, key, sent_at.isoformat(), title),
        event_keys=((sender, key),),
        happened_at=sent_at,
        event="Travel advice",
        headline=title,
        description=plain(re.sub(r"<[^>]*>", " ", markup.text(entry, "description"))),
        place=name,
        level=int(level[1]) if level else 0,
        severity=f"Level {level[1]}" if level else "",
        geocodes=[("ISO 3166-1 alpha-2", code)] if code else [],
        flags=[*flags, "only geocodes" if code else "no geometry", "watch only"],
        geocode_count=1 if code else 0,
        link=link,
    )
