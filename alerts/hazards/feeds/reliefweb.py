"""ReliefWeb disasters: what the humanitarian world calls a disaster, by country.

References
----------
ReliefWeb API v1 and v2, `/disasters`; GLIDE numbers (https://glidenumber.net) say the
kind, the year and the country: `FL-2024-000139-TCD`.
"""

import re
from datetime import UTC, datetime
from typing import Any

from alerts.hazards.feeds.base import FeedItem, Reading, plain, time_of

SENDER = "reliefweb.int"
_GLIDE = re.compile(r"([A-Z]{2})-(\d{4})-(\d{6})-([A-Z]{3})")
_MONTH = re.compile(r"([A-Z][a-z]{2}) (\d{4})\s*$")
KINDS = {
    "EQ": "earthquake",
    "TS": "tsunami",
    "TC": "cyclone",
    "FL": "flood",
    "FF": "flood",
    "VO": "volcano",
    "WF": "wildfire",
    "DR": "drought",
    "EP": "health",
    "ST": "weather",
    "CW": "weather",
    "HT": "weather",
    "SS": "weather",
}
LEVELS = {"alert": 2, "ongoing": 2, "current": 2, "past": 0}


def claims(value: Any) -> bool:
    """Tell whether a JSON document is one of these."""
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        return False
    return "reliefweb" in str(value.get("href", "")) and "disaster" in str(
        value.get("href", "")
    )


def read(value: Any) -> Reading:
    """Read the disasters, one item each."""
    items, flags = [], []
    for each in value["data"]:
        fields = each.get("fields") if isinstance(each, dict) else None
        item = _item(fields, str(each.get("id"))) if isinstance(fields, dict) else None
        if item is None:
            flags.append("a disaster without name or date was passed over")
        else:
            items.append(item)
    total = value.get("totalCount")
    if isinstance(total, int) and total > len(value["data"]):
        flags.append(f"one page of {total} disasters")
    return Reading(format="reliefweb", items=items, flags=sorted(set(flags)))


def _when(fields: dict[str, Any], name: str, glide: str) -> datetime | None:
    """Return when it began; by its name's month or its number's year at worst."""
    dates = fields.get("date")
    dates = dates if isinstance(dates, dict) else {}
    for word in ("event", "created", "changed"):
        if found := time_of(str(dates.get(word) or "")):
            return found
    if said := _MONTH.search(name):
        try:
            return datetime.strptime(said[0], "%b %Y").replace(tzinfo=UTC)
        except ValueError:
            return None
    numbered = _GLIDE.search(glide)
    year = int(numbered[2]) if numbered else 0
    return datetime(year, 1, 1, tzinfo=UTC) if year >= 1900 else None


def _item(fields: dict[str, Any], number: str) -> FeedItem | None:
    name = plain(str(fields.get("name") or ""), 300)
    glide = plain(str(fields.get("glide") or ""), 60)
    when = _when(fields, name, glide)
    if not name or when is None:
        return None
    said = _GLIDE.search(glide)
    status = str(fields.get("status") or "").lower()
    code = said[4] if said else ""
    return FeedItem(
        identifier=number,
        sender=SENDER,
        sent=when.isoformat(),
        sent_at=when,
        kind=KINDS.get(said[1], "other") if said else "other",
        natural_key=(SENDER, number, status, glide),
        event_keys=((SENDER, number),),
        happened_at=when,
        expires_at=when if status == "past" else None,
        event=name.partition(" - ")[0][:300],
        headline=name,
        place=name.partition(":")[0][:200] if ":" in name else "",
        level=LEVELS.get(status, 0),
        severity=status[:32],
        geocodes=[("ISO 3166-1 alpha-3", code)] if code else [],
        flags=["only geocodes" if code else "no geometry", "date from its name"],
        geocode_count=1 if code else 0,
        link=f"https://reliefweb.int/node/{number}"[:500],
    )
