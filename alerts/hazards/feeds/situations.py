"""Muster's own JSON: what a ministry's situation room, or one of its officers, reports.

The format is described in docs/situations.md, for others to write.
"""

from datetime import UTC, datetime
from typing import Any

from shapely.geometry import MultiPolygon

from alerts.hazards.feeds.base import (
    FeedError,
    FeedItem,
    Reading,
    number,
    plain,
    position,
    time_of,
)
from geo import circles, shapes

NAME = "muster-situation"
EVENTS_MOST = 500
RADIUS_MOST_KM = 1_000.0
KINDS = (
    "earthquake",
    "tsunami",
    "cyclone",
    "flood",
    "volcano",
    "wildfire",
    "drought",
    "weather",
    "security",
    "health",
    "other",
)
LEVELS = {"minor": 1, "moderate": 2, "severe": 3, "extreme": 4}
CONFIDENCES = {"confirmed": "Observed", "probable": "Likely", "possible": "Possible"}
WORDS = {"alert": "Alert", "update": "Update", "cancel": "Cancel"}
STATUSES = {"actual": "Actual", "exercise": "Exercise", "test": "Test"}


def claims(value: Any) -> bool:
    """Tell whether a JSON document is one of these."""
    return isinstance(value, dict) and value.get("format") == NAME


def read(value: Any) -> Reading:
    """Read the events, one item each.

    Raises
    ------
    FeedError
        When the sender or what an event must say is missing; nothing of the document
        is taken then, so that its author mends it.
    """
    sender = plain(str(value.get("sender") or ""), 100)
    events = value.get("events")
    if not sender:
        raise FeedError("the document has no sender")
    if not isinstance(events, list) or not events:
        raise FeedError("the document has no events")
    if len(events) > EVENTS_MOST:
        raise FeedError(f"it has {len(events)} events, more than {EVENTS_MOST}")
    items = [_item(event, sender, at) for at, event in enumerate(events, 1)]
    return Reading(format="situation", items=items)


def _item(event: Any, sender: str, at: int) -> FeedItem:
    if not isinstance(event, dict):
        raise FeedError(f"event {at} is not an object")
    sent_at = _moment(event, "sent", at)
    name = _text(event, "id", at, 200)
    geometry, lon, lat = _area(event, at)
    happened_at = _moment(event, "happened_at", at) if "happened_at" in event else None
    expires_at = _moment(event, "expires_at", at) if "expires_at" in event else None
    level = _choice(event, "level", LEVELS, at)
    bounds = shapes.from_geojson(geometry).bounds if geometry else None
    return FeedItem(
        identifier=name,
        sender=sender,
        sent=sent_at.isoformat(),
        sent_at=sent_at,
        status=STATUSES[_choice(event, "status", STATUSES, at, "actual")],
        msg_type=WORDS[_choice(event, "type", WORDS, at, "alert")],
        kind=_choice(event, "kind", dict.fromkeys(KINDS), at),
        natural_key=(sender, name, sent_at.isoformat()),
        event_keys=((sender, name),),
        happened_at=happened_at or sent_at,
        event=plain(str(event.get("event") or event["kind"]), 100).capitalize(),
        headline=_text(event, "title", at, 300),
        description=plain(str(event.get("description") or "")),
        place=plain(str(event.get("place") or ""), 200),
        level=LEVELS[level],
        severity=level.capitalize(),
        certainty=CONFIDENCES[_choice(event, "confidence", CONFIDENCES, at)],
        expires=expires_at.isoformat() if expires_at else "",
        expires_at=expires_at,
        lon=lon,
        lat=lat,
        geometry=geometry,
        link=_link(event, at),
        info_count=1,
        polygon_count=1 if geometry else 0,
        bbox=bounds,
    )


def _text(event: dict[str, Any], name: str, at: int, most: int) -> str:
    found = plain(str(event.get(name) or ""), most)
    if not found:
        raise FeedError(f"event {at} has no {name}")
    return found


def _moment(event: dict[str, Any], name: str, at: int) -> datetime:
    word = str(event.get(name) or "")
    found = time_of(word)
    if found is None or found.year < 1971:
        raise FeedError(
            f"event {at}: {name} must be a time such as 2026-03-02T12:00:00+00:00"
        )
    return found.astimezone(UTC)


def _choice(
    event: dict[str, Any], name: str, known: dict[str, Any], at: int, default: str = ""
) -> str:
    found = str(event.get(name) or default).lower()
    if found not in known:
        raise FeedError(f"event {at}: {name} must be one of {', '.join(known)}")
    return found


def _link(event: dict[str, Any], at: int) -> str:
    link = plain(str(event.get("link") or ""), 500)
    if link and not link.startswith(("https://", "http://")):
        raise FeedError(f"event {at}: link must begin with https://")
    return link


def _area(
    event: dict[str, Any], at: int
) -> tuple[dict[str, Any] | None, float | None, float | None]:
    """Return the area and a point in it; `area` counts before point and radius."""
    try:
        shape = _shape(event, at)
    except shapes.ShapeError as error:
        raise FeedError(f"event {at}: {error}") from None
    at_point = position(event.get("lon"), event.get("lat"))
    if shape is None:
        lon, lat = at_point or (None, None)
        return None, lon, lat
    inner = max(shape.geoms, key=lambda part: part.area).representative_point()
    lon, lat = at_point or (inner.x, inner.y)
    return shapes.to_geojson(shape), lon, lat


def _shape(event: dict[str, Any], at: int) -> MultiPolygon | None:
    if event.get("area") is not None:
        return shapes.from_geojson(event["area"])
    if event.get("lon") is None and event.get("lat") is None:
        return None
    point = position(event.get("lon"), event.get("lat"))
    if point is None:
        raise FeedError(f"event {at}: lon and lat are not a place on Earth")
    radius_km = number(event.get("radius_km"))
    if radius_km is None:
        return None
    if not 0 < radius_km <= RADIUS_MOST_KM:
        raise FeedError(f"event {at}: radius_km must be up to {RADIUS_MOST_KM:g}")
    return circles.circle(*point, radius_km * 1000)
