"""GDACS in GeoJSON: several features an event (a point, areas, cones, a track).

The centroid says what it is; of the areas, the widest alert colours are drawn, and
what only serves the map (circles of global reach, track points) is left out.
"""

import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from alerts.hazards.feeds import base, gdacs
from alerts.hazards.feeds.base import (
    FeedItem,
    Reading,
    plain,
    position,
    time_of,
)
from geo import shapes

AREAS = ("Poly_Affected", "Poly_area", "Poly_Green", "Poly_Orange", "Poly_Red")
QUAKE_AREAS = ("Poly_Circle",)
_LINK = re.compile(r"eventid=(\d+)")


def claims(value: Any) -> bool:
    """Tell whether a JSON document is one of these."""
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list) or not features:
        return False
    said = features[0].get("properties") if isinstance(features[0], dict) else None
    return isinstance(said, dict) and {"eventtype", "eventid", "alertlevel"} <= set(
        said
    )


def read(value: Any) -> Reading:
    """Read the features; one item an episode of an event."""
    events: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for feature in value["features"]:
        said = feature.get("properties") if isinstance(feature, dict) else None
        if isinstance(said, dict) and (number := _number(said)):
            events[str(said.get("eventtype")), number].append(feature)
    items, flags = [], []
    for features in events.values():
        item = _item(features)
        if item is None:
            flags.append("an event without date or place was passed over")
        else:
            items.append(item)
    return Reading(format="gdacs_geojson", items=items, flags=sorted(set(flags)))


def _number(said: dict[str, Any]) -> str:
    """Return an event's number; areas and tracks have it in their link alone."""
    link = _LINK.search(str(said.get("link") or ""))
    return str(said.get("eventid") or (link[1] if link else ""))


def _when(word: str) -> datetime | None:
    """Read `27 May 2026 14:51:04`, which is UTC, or an ISO time."""
    try:
        return datetime.strptime(word, "%d %b %Y %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return time_of(word)


def _lead(features: list[Any]) -> Any:
    points = [f for f in features if "Centroid" in str(f["properties"].get("Class"))]
    return (points or features)[0]


def _at(feature: Any) -> tuple[float, float] | None:
    said, geometry = feature["properties"], feature.get("geometry")
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        lon, lat = ([*(geometry.get("coordinates") or []), None, None])[:2]
        if at := position(lon, lat):
            return at
    return position(said.get("longitude"), said.get("latitude"))


def _drawn(features: list[Any], kind: str) -> tuple[Any, int, list[str]]:
    wanted = AREAS + (QUAKE_AREAS if kind == "EQ" else ())
    parts, flags = [], []
    for feature in features:
        if feature["properties"].get("Class") not in wanted:
            continue
        try:
            parts.append(shapes.from_geojson(feature.get("geometry") or {}))
        except shapes.ShapeError as error:
            flags.append(f"a polygon was dropped: {error}")
    return (shapes.union(parts) if parts else None), len(parts), flags


def _item(features: list[Any]) -> FeedItem | None:
    lead = _lead(features)
    said = {n: plain(str(v or "")) for n, v in lead["properties"].items()}
    begins = _when(said.get("fromdate", ""))
    at = _at(lead)
    if begins is None or at is None:
        return None
    sent = _when(said.get("datemodified", "")) or begins
    code, level = said.get("eventtype", "").upper(), said.get("alertlevel", "")
    kind = gdacs.KINDS.get(code, "other")
    whole, count, flags = _drawn(features, code)
    event = f"{code}{_number(said)}"
    episode = said.get("episodeid", "")
    lon, lat = at
    return FeedItem(
        identifier=f"{event}/{episode or 0}",
        sender=gdacs.SENDER,
        sent=sent.isoformat(),
        sent_at=sent,
        kind=kind,
        natural_key=(gdacs.SENDER, event, episode, said.get("todate", ""), level),
        event_keys=((gdacs.SENDER, event),),
        happened_at=begins,
        event=said.get("eventname") or kind,
        headline=said.get("name", "")[:300],
        description=said.get("htmldescription") or said.get("description", ""),
        place=said.get("country", "")[:200],
        level=gdacs.LEVELS.get(level.lower(), 0),
        severity=level[:32],
        magnitude=base.number(said.get("severity")) if code == "EQ" else None,
        lon=lon,
        lat=lat,
        geometry=shapes.to_geojson(whole) if whole is not None else None,
        flags=flags,
        link=said.get("link", "")[:500],
        area_count=len(features),
        polygon_count=count,
        bbox=whole.bounds if whole is not None else (lon, lat, lon, lat),
    )
