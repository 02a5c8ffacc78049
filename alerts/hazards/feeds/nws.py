"""The alerts of api.weather.gov: GeoJSON features with CAP's words as properties.

References
----------
NWS, API Web Service, `/alerts` (https://www.weather.gov/documentation/services-web-api).
"""

from typing import Any

from alerts.hazards.feeds import cap
from alerts.hazards.feeds.base import FeedItem, Reading, plain, time_of
from geo import shapes


def claims(value: Any) -> bool:
    """Tell whether a JSON document is one of these."""
    if not isinstance(value, dict) or not isinstance(value.get("features"), list):
        return False
    features = value["features"]
    if not features:
        return "weather.gov" in str(value.get("@context", ""))
    first = features[0].get("properties") if isinstance(features[0], dict) else None
    return isinstance(first, dict) and {"messageType", "severity", "event"} <= set(
        first
    )


def read(value: Any) -> Reading:
    """Read the features; one item an alert."""
    items, flags = [], []
    for feature in value["features"]:
        item = _item(feature)
        if item is None:
            flags.append("an alert without id, sender or time was passed over")
        else:
            items.append(item)
    return Reading(format="nws", items=items, flags=sorted(set(flags)))


def _item(feature: Any) -> FeedItem | None:
    said = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(said, dict):
        return None
    word = {name: plain(str(said.get(name) or "")) for name in _FIELDS}
    if not word["id"] or not word["sender"] or not word["sent"]:
        return None
    sent_at = time_of(word["sent"]) or cap.UNREADABLE
    geometry, flags = _geometry(feature)
    if sent_at == cap.UNREADABLE:
        flags.append("the time in <sent> cannot be read")
    pairs = _geocodes(said.get("geocode"))
    bounds = shapes.from_geojson(geometry).bounds if geometry else None
    middle = shapes.from_geojson(geometry).representative_point() if geometry else None
    return FeedItem(
        identifier=word["id"][:300],
        sender=word["sender"][:300],
        sent=word["sent"],
        sent_at=sent_at,
        status=word["status"][:16],
        msg_type=word["messageType"][:16],
        kind=cap.kind_of({"event": word["event"], "category": word["category"]}),
        natural_key=(word["sender"], word["id"], sent_at.isoformat()),
        event_keys=((word["sender"], word["id"]),),
        happened_at=time_of(word["onset"]) or sent_at,
        event=word["event"][:300],
        headline=(word["headline"] or word["event"])[:600],
        description=word["description"],
        place=word["areaDesc"][:300],
        level=cap.LEVELS.get(word["severity"], 0),
        severity=word["severity"][:32],
        urgency=word["urgency"][:32],
        certainty=word["certainty"][:32],
        expires=word["expires"],
        expires_at=time_of(word["ends"]) or time_of(word["expires"]),
        lon=middle.x if middle else None,
        lat=middle.y if middle else None,
        geometry=geometry,
        geocodes=pairs,
        languages=[word["language"] or "en-US"],
        references=_references(said.get("references")),
        flags=flags,
        link=word["@id"][:500],
        info_count=1,
        area_count=1,
        polygon_count=1 if geometry else 0,
        geocode_count=len(pairs),
        bbox=bounds,
    )


def _geocodes(codes: Any) -> list[tuple[str, str]]:
    """Read `{"UGC": ["FLC001", …], …}` as pairs of scheme and code."""
    if not isinstance(codes, dict):
        return []
    return [
        (plain(str(scheme), 60), plain(str(code), 80))
        for scheme, values in codes.items()
        if isinstance(values, list)
        for code in values
    ]


_FIELDS = (
    "id",
    "@id",
    "sender",
    "sent",
    "status",
    "messageType",
    "category",
    "event",
    "headline",
    "description",
    "severity",
    "urgency",
    "certainty",
    "onset",
    "expires",
    "ends",
    "areaDesc",
    "language",
)


def _geometry(feature: dict[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    value = feature.get("geometry")
    if not isinstance(value, dict):
        return None, ["only geocodes"]
    try:
        return shapes.to_geojson(shapes.from_geojson(value)), []
    except shapes.ShapeError as error:
        return None, [f"a polygon was dropped: {error}"]


def _references(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [
        f"{r.get('sender', '')},{r.get('identifier', '')},{r.get('sent', '')}"
        for r in value
        if isinstance(r, dict)
    ]
