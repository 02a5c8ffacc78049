"""Copernicus EMS: activations of rapid mapping, told among other news.

References
----------
Copernicus Emergency Management Service, On Demand Mapping: `EMSRnnn` is an activation
of rapid mapping, `EMSNnnn` one of risk and recovery.
"""

import re
from typing import Any

from alerts.hazards.feeds import cap, markup
from alerts.hazards.feeds.base import FeedItem, Reading, plain, rfc822

SENDER = "mapping.emergency.copernicus.eu"
_CODE = re.compile(r"EMS[RN]-?(\d{3,4})", re.I)


def claims(root: Any) -> bool:
    """Tell whether an RSS document is one of these."""
    for channel in root.iter("channel"):
        words = markup.text(channel, "title") + markup.text(channel, "link")
        return "copernicus" in words.lower() or "CEMS" in words
    return False


def read(root: Any) -> Reading:
    """Read the activations; other news is counted and left."""
    entries = list(root.iter("item"))
    found = [_item(entry) for entry in entries]
    items = [item for item in found if item is not None]
    news = len(entries) - len(items)
    flags = [f"{news} items are news, not activations"] if news else []
    return Reading(format="copernicus", items=items, flags=flags)


def _item(entry: Any) -> FeedItem | None:
    title, words = markup.text(entry, "title"), markup.text(entry, "description")
    link = markup.text(entry, "link")
    code = _CODE.search(f"{title} {link} {words}")
    sent = rfc822(markup.text(entry, "pubDate"))
    if code is None or sent is None:
        return None
    name = code[0].upper().replace("-", "")
    return FeedItem(
        identifier=name,
        sender=SENDER,
        sent=sent.isoformat(),
        sent_at=sent,
        kind=cap.kind_of({"event": title, "category": ""}),
        natural_key=(SENDER, name, sent.isoformat()),
        event_keys=((SENDER, name),),
        happened_at=sent,
        event="Rapid mapping activation",
        headline=plain(title, 300),
        description=plain(words),
        place=plain(title.rpartition(" in ")[2], 200) if " in " in title else "",
        level=2,
        certainty="Observed",
        flags=["no geometry", "level assumed"],
        link=plain(link, 500),
    )
