"""GDACS: the RSS of the Global Disaster Alert and Coordination System.

References
----------
GDACS feed reference (https://www.gdacs.org/feed_reference.aspx): alert level, event and
episode ids, version, `iscurrent` and `temporary` in the `gdacs:` namespace.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from alerts.hazards.feeds import markup
from alerts.hazards.feeds.base import (
    FeedItem,
    Reading,
    number,
    plain,
)

SENDER = "gdacs.org"
LEVELS = {"green": 1, "orange": 3, "red": 4}
KINDS = {
    "EQ": "earthquake",
    "TS": "tsunami",
    "TC": "cyclone",
    "FL": "flood",
    "VO": "volcano",
    "WF": "wildfire",
    "DR": "drought",
}


def claims(root: Any) -> bool:
    """Tell whether an RSS document is one of these."""
    return "gdacs" in str(root.nsmap) or any(
        "gdacs" in str(e.nsmap) for e in root.iter("item")
    )


def parse(document: bytes) -> Reading:
    """Read the RSS; one item an episode of an event."""
    return read(markup.root_of(document))


def read(root: Any) -> Reading:
    """Read a parsed RSS document."""
    items, flags = [], []
    for entry in root.iter("item"):
        item = _item(entry)
        if item is None:
            flags.append("an item without event id, date or place was passed over")
        else:
            items.append(item)
    return Reading(format="gdacs", items=items, flags=sorted(set(flags)))


def _rfc822(word: str) -> datetime | None:
    try:
        return parsedate_to_datetime(word).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _point(entry: Any) -> tuple[float | None, float | None]:
    """Return longitude and latitude from `geo:Point` or `georss:point` (lat lon)."""
    for point in markup.children(entry, "Point"):
        return number(markup.text(point, "long")), number(markup.text(point, "lat"))
    words = markup.text(entry, "point").split()
    if len(words) == 2:
        return number(words[1]), number(words[0])
    return None, None


def _bbox(entry: Any) -> tuple[float, float, float, float] | None:
    """Read `gdacs:bbox`, which is lonmin lonmax latmin latmax."""
    corners = [number(word) for word in markup.text(entry, "bbox").split()]
    if len(corners) != 4 or None in corners:
        return None
    west, east, south, north = corners
    return (west, south, east, north)  # type: ignore[return-value]


def _item(entry: Any) -> FeedItem | None:
    get = {name: markup.text(entry, name) for name in _FIELDS}
    kind_code = get["eventtype"].upper()
    happened = _rfc822(get["fromdate"]) or _rfc822(get["pubDate"])
    lon, lat = _point(entry)
    if not get["eventid"] or happened is None or lon is None or lat is None:
        return None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return None
    dates = (_rfc822(get[name]) for name in ("datemodified", "dateadded", "pubDate"))
    sent = next((date for date in dates if date), happened)
    current = get["iscurrent"].lower() != "false"
    flags = [] if current else ["not current"]
    if get["temporary"].lower() == "true":
        flags.append("temporary")
    event = f"{kind_code}{get['eventid']}"
    return FeedItem(
        identifier=f"{event}/{get['episodeid'] or 0}/{get['version'] or 1}",
        sender=SENDER,
        sent=sent.isoformat(),
        sent_at=sent,
        kind=KINDS.get(kind_code, "other"),
        natural_key=(SENDER, event, *(get[name] for name in _VERSION)),
        event_keys=((SENDER, event),),
        happened_at=happened,
        expires_at=None if current else _rfc822(get["todate"]),
        event=plain(get["eventname"] or KINDS.get(kind_code, kind_code), 100),
        headline=plain(get["title"], 300),
        description=plain(get["description"]),
        place=plain(get["country"], 200),
        level=LEVELS.get(get["alertlevel"].lower(), 0),
        severity=plain(get["alertlevel"], 32),
        certainty="Observed",
        magnitude=_severity(entry) if kind_code == "EQ" else None,
        lon=lon,
        lat=lat,
        flags=flags,
        link=plain(get["link"], 500),
        bbox=_bbox(entry) or (lon, lat, lon, lat),
    )


def _severity(entry: Any) -> float | None:
    """Read the figure of `gdacs:severity`; an earthquake's is its magnitude."""
    found = next(iter(markup.children(entry, "severity")), None)
    return number(found.get("value")) if found is not None else None


_VERSION = ("episodeid", "version", "alertlevel")
_FIELDS = (
    "eventtype",
    "eventid",
    "episodeid",
    "version",
    "eventname",
    "fromdate",
    "todate",
    "pubDate",
    "dateadded",
    "datemodified",
    "alertlevel",
    "iscurrent",
    "temporary",
    "title",
    "description",
    "country",
    "link",
)
