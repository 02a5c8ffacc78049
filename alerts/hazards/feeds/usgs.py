"""USGS earthquakes: GeoJSON summary feeds, event details, and FDSN queries like them.

References
----------
USGS, GeoJSON Summary Format and GeoJSON Detail Format
(https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson.php).
"""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from alerts.hazards.feeds.base import (
    FeedError,
    FeedItem,
    Reading,
    number,
    of_epoch_ms,
    plain,
    quake_level,
)

SENDER = "earthquake.usgs.gov"
SCENARIO = "its words say that it is a test"
ONE_EVENT = timedelta(minutes=2)  # its time is revised by seconds
FELT_STRONGLY = 6.0  # intensity from which people are in danger
ALERT_LEVELS = {"green": 1, "yellow": 2, "orange": 3, "red": 4}


def claims(value: Any) -> bool:
    """Tell whether a JSON document is one of these."""
    features = _features(value)
    if not features:
        meta = value.get("metadata") if isinstance(value, dict) else None
        return isinstance(meta, dict) and "earthquake.usgs" in str(meta.get("url", ""))
    properties = features[0].get("properties") if isinstance(features[0], dict) else {}
    return isinstance(properties, dict) and {"mag", "time", "place"} <= set(properties)


def _features(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return []
    if value.get("type") == "Feature":
        return [value]
    features = value.get("features")
    return features if isinstance(features, list) else []


def parse(document: bytes) -> Reading:
    """Read the bytes of a summary, a detail, or a query's answer."""
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):
        raise FeedError("this is not JSON") from None
    return read(value)


def read(value: Any) -> Reading:
    """Read a summary, a detail, or a query's answer; one item an earthquake."""
    flags, items = [], []
    links: list[str] = []
    for feature in _features(value):
        links += _links(feature)
        item = _item(feature)
        if item is None:
            flags.append("an event without id, time or place was passed over")
        else:
            items.append(item)
    items = _told_apart(items)
    return Reading(format="usgs", items=items, links=links, flags=sorted(set(flags)))


def _told_apart(items: list[FeedItem]) -> list[FeedItem]:
    """Take away ids that events of one list share, where they cannot be one event.

    Now and then the id of a network that sends little more than ids stands at two
    earthquakes, hours and hundreds of kilometres apart. Each keeps its own.
    """
    times: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    for item in items:
        for key in item.event_keys:
            times[key].append(item.happened_at)
    shared = {key for key, at in times.items() if max(at) - min(at) > ONE_EVENT}
    return [_without(item, shared) for item in items] if shared else items


def _without(item: FeedItem, shared: set[tuple[str, ...]]) -> FeedItem:
    own, *others = item.event_keys
    kept = tuple(key for key in others if key not in shared)
    if len(kept) == len(others):
        return item
    flags = [*item.flags, "shares an id with another event"]
    return replace(item, event_keys=(own, *kept), flags=flags)


def _links(feature: Any) -> list[str]:
    """Return where more is said: of a strong event its detail, of a detail its map.

    A detail stands at one address for good; the time after `#` makes each version of it
    a link of its own, and does not travel.
    """
    said = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(said, dict):
        return []
    if isinstance(said.get("products"), dict):
        contents = _dict(_first(said, "shakemap").get("contents"))
        link = _link(_dict(contents.get("download/cont_mmi.json")).get("url"))
        return [link] if link and not _is_scenario(said) else []
    link = _link(said.get("detail"))
    if not link or "shakemap" not in str(said.get("types")):
        return []
    strong = (number(said.get("mmi")) or 0) >= FELT_STRONGLY
    version = number(said.get("updated")) or 0
    return [f"{link}#{version:.0f}"] if strong else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _link(value: Any) -> str:
    is_link = isinstance(value, str) and value.startswith(("https://", "http://"))
    return value[:480] if is_link else ""


def _item(feature: Any) -> FeedItem | None:
    if not isinstance(feature, dict):
        return None
    properties = feature.get("properties")
    coordinates = (feature.get("geometry") or {}).get("coordinates")
    if not isinstance(properties, dict) or not isinstance(coordinates, list):
        return None
    happened = of_epoch_ms(properties.get("time"))
    lon, lat, depth = ([number(c) for c in coordinates] + [None] * 3)[:3]
    identifier = plain(str(feature.get("id") or ""), 100)
    if not identifier or happened is None or lon is None or lat is None:
        return None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return None
    return _made(properties, identifier, happened, (lon, lat, depth))


def _first(properties: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an event detail's preferred product of a type."""
    products = properties.get("products")
    listed = products.get(name) if isinstance(products, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, dict) else {}


def _products(properties: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the properties of that product; a summary's events have no products."""
    if "products" not in properties:
        return {}
    said = _first(properties, name).get("properties")
    return said if isinstance(said, dict) else {}


def _impact(properties: dict[str, Any]) -> tuple[str, str]:
    """Return PAGER's level, and in words how strongly people were shaken."""
    shaken = _products(properties, "shakemap")
    level = _products(properties, "losspager").get("alertlevel")
    pager = plain(str(level or properties.get("alert") or ""), 16).lower()
    strongest = number(shaken.get("maxmmi")) or number(properties.get("mmi"))
    words = [f"PAGER {pager}"] if pager else []
    words += [f"ShakeMap up to MMI {strongest:.1f}"] if strongest else []
    return pager, ", ".join(words)


def _is_scenario(properties: dict[str, Any]) -> bool:
    kind = str(_products(properties, "shakemap").get("event-type", ""))
    return kind.upper() == "SCENARIO"


def _made(
    properties: dict[str, Any],
    identifier: str,
    happened: datetime,
    at: tuple[float, float, float | None],
) -> FeedItem:
    updated = of_epoch_ms(properties.get("updated")) or happened
    sent = updated.isoformat()
    magnitude = number(properties.get("mag"))
    ids = [i for i in str(properties.get("ids") or "").split(",") if i] or [identifier]
    flags = [] if magnitude is not None else ["no magnitude"]
    deleted = properties.get("status") == "deleted"
    kind_word = str(properties.get("type") or "earthquake")
    if kind_word != "earthquake":
        flags.append(f"type {plain(kind_word, 40)}")
    pager, shaking = _impact(properties)
    level = max(quake_level(magnitude), ALERT_LEVELS.get(pager, 0))
    if _is_scenario(properties):
        flags.append(SCENARIO)
    place = plain(str(properties.get("place") or ""), 200)
    title = plain(str(properties.get("title") or ""), 300)
    lon, lat, depth = at
    return FeedItem(
        identifier=identifier,
        sender=SENDER,
        sent=sent,
        sent_at=updated,
        msg_type="Cancel" if deleted else "Alert",
        kind="earthquake" if kind_word == "earthquake" else "other",
        natural_key=(SENDER, identifier, sent),
        event_keys=tuple((SENDER, each) for each in dict.fromkeys([identifier, *ids])),
        happened_at=happened,
        event=kind_word.capitalize()[:60],
        headline=title or f"M {magnitude} - {place}",
        description=shaking,
        place=place,
        level=level,
        severity=pager,
        certainty="Observed" if properties.get("status") == "reviewed" else "Likely",
        magnitude=magnitude,
        depth_km=depth,
        lon=lon,
        lat=lat,
        flags=flags,
        link=plain(str(properties.get("url") or ""), 500),
        bbox=(lon, lat, lon, lat),
    )
