"""USGS PAGER: how many people an earthquake shook, as one alert level.

References
----------
USGS PAGER, `pager.xml` (https://earthquake.usgs.gov/data/pager/onepager.php): the level
with `summary="yes"` is the one that counts; green, yellow, orange, red.
"""

from typing import Any

from alerts.hazards.feeds import markup
from alerts.hazards.feeds.base import (
    FeedError,
    FeedItem,
    Reading,
    number,
    plain,
    position,
    quake_level,
    time_of,
)

SENDER = "earthquake.usgs.gov"
LEVELS = {"green": 1, "yellow": 2, "orange": 3, "red": 4}


def claims(root: Any) -> bool:
    """Tell whether an XML document is one of these."""
    return markup.local(root) == "pager"


def read(root: Any) -> Reading:
    """Read the event with its summary level.

    Raises
    ------
    FeedError
        When it has no event, or the event no code, time or place.
    """
    event = next(iter(markup.children(root, "event")), None)
    said = dict(event.attrib) if event is not None else {}
    at = position(said.get("lon"), said.get("lat"))
    happened_at = time_of(said.get("event_timestamp", ""))
    code = plain(said.get("eventcode", ""), 100)
    if at is None or happened_at is None or not code:
        raise FeedError("the PAGER document has no event with code, time and place")
    sent_at = time_of(root.get("process_timestamp", "")) or happened_at
    word = _summary(root)
    magnitude = number(said.get("magnitude"))
    place = plain(said.get("event_description", ""), 200).title()
    shaking = plain(said.get("maxmmi", ""), 8)
    lon, lat = at
    item = FeedItem(
        identifier=code,
        sender=SENDER,
        sent=sent_at.isoformat(),
        sent_at=sent_at,
        kind="earthquake",
        natural_key=(SENDER, "pager", code, sent_at.isoformat(), word),
        event_keys=((SENDER, code),),
        happened_at=happened_at,
        event="Earthquake",
        headline=f"M {magnitude} - {place}" if magnitude is not None else place,
        description=f"PAGER {word or 'gives no level'}, shaking up to MMI {shaking}",
        place=place,
        level=max(LEVELS.get(word, 0), quake_level(magnitude)),
        severity=word,
        certainty="Observed",
        magnitude=magnitude,
        depth_km=number(said.get("depth")),
        lon=lon,
        lat=lat,
        bbox=(lon, lat, lon, lat),
    )
    return Reading(format="pager", items=[item])


def _summary(root: Any) -> str:
    for alerts in markup.children(root, "alerts"):
        for alert in markup.children(alerts, "alert"):
            if alert.get("summary") == "yes":
                return plain(alert.get("level", ""), 16).lower()
    return ""
