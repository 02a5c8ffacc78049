"""Earthquakes in RSS: EMSC's own elements, and Spain's IGN, which says all in words."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.hazards.feeds import markup
from alerts.hazards.feeds.base import (
    FeedItem,
    Reading,
    number,
    plain,
    position,
    quake_level,
    rfc822,
    time_of,
)

_SIZE = re.compile(r"(?:magnitud\s+|^\s*M[a-zA-Z]{0,2}\s*)(-?\d+(?:\.\d+)?)", re.I)
_SPANISH_TIME = re.compile(r"(\d\d)/(\d\d)/(\d{4})\s+(\d{1,2}):(\d\d):(\d\d)")
_SPANISH_PLACE = re.compile(r"magnitud\s+\S+\s+en\s+(.{1,120}?)\s+en la fecha", re.I)


def claims(root: Any) -> bool:
    """Tell whether an RSS document lists earthquakes."""
    for item in root.iter("item"):
        words = markup.text(item, "link") + markup.text(item, "description")[:300]
        return bool(markup.text(item, "magnitude")) or "terremoto" in words.lower()
    return False


def read(root: Any) -> Reading:
    """Read the items; one an earthquake."""
    items, flags = [], []
    for entry in root.iter("item"):
        item = _item(entry)
        if item is None:
            flags.append("an item without link, time or place was passed over")
        else:
            items.append(item)
    return Reading(format="quake_rss", items=items, flags=sorted(set(flags)))


def _when(entry: Any) -> datetime | None:
    word = markup.text(entry, "time").removesuffix("UTC").strip()
    if found := time_of(word):
        return found
    parts = _SPANISH_TIME.search(markup.text(entry, "description"))
    if parts is None:
        return rfc822(markup.text(entry, "pubDate"))
    day, month, year, hour, minute, second = map(int, parts.groups())
    try:
        start = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    return start + timedelta(hours=hour, minutes=minute, seconds=second)


def _place(entry: Any, description: str, title: str) -> str:
    if found := _SPANISH_PLACE.search(description):
        return plain(found[1], 200)
    return plain(_SIZE.sub("", title, 1), 200)


def _item(entry: Any) -> FeedItem | None:
    link = plain(markup.text(entry, "guid") or markup.text(entry, "link"), 300)
    at = position(markup.text(entry, "long"), markup.text(entry, "lat"))
    happened = _when(entry)
    if not link or at is None or happened is None:
        return None
    sent = rfc822(markup.text(entry, "pubDate")) or happened
    title, description = markup.text(entry, "title"), markup.text(entry, "description")
    said = _SIZE.search(markup.text(entry, "magnitude") or description or title)
    magnitude = number(said[1]) if said else None
    place = _place(entry, description, title)
    lon, lat = at
    sender = link.split("/")[2][:100] if link.count("/") > 1 else "rss"
    return FeedItem(
        identifier=link,
        sender=sender,
        sent=sent.isoformat(),
        sent_at=sent,
        kind="earthquake",
        natural_key=(sender, link, sent.isoformat(), str(magnitude)),
        event_keys=((sender, link),),
        happened_at=happened,
        event="Earthquake",
        headline=f"M {magnitude} - {place}" if magnitude is not None else place,
        place=place,
        level=quake_level(magnitude),
        magnitude=magnitude,
        depth_km=number(markup.text(entry, "depth")),
        lon=lon,
        lat=lat,
        flags=[] if magnitude is not None else ["no magnitude"],
        link=link if link.startswith("http") else "",
        bbox=(lon, lat, lon, lat),
    )
