"""Earthquakes of the networks that answer in GeoJSON of their own: EMSC, GeoNet, FDSN.

References
----------
EMSC, FDSN event web service (https://www.seismicportal.eu/fdsn-wsevent.html);
GeoNet API (https://api.geonet.org.nz). EMSC's third coordinate is a height in
kilometres, so negative; the property `depth` is positive.
"""

from typing import Any

from alerts.hazards.feeds.base import (
    FeedItem,
    Reading,
    number,
    plain,
    position,
    quake_level,
    time_of,
)

IDS = ("publicID", "unid", "eventid", "eventID", "source_id")
MAGNITUDES = ("mag", "magnitude")
PLACES = ("flynn_region", "locality", "place", "region")
UPDATES = ("lastupdate", "modificationtime", "updated", "updatetime")
SENDERS = {"publicID": "geonet.org.nz", "unid": "emsc-csem.org"}


def claims(value: Any) -> bool:
    """Tell whether a JSON document is one of these."""
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list) or not features:
        return False
    said = features[0].get("properties") if isinstance(features[0], dict) else None
    if not isinstance(said, dict) or "time" not in said:
        return False
    return any(n in said for n in IDS) and any(n in said for n in MAGNITUDES)


def read(value: Any) -> Reading:
    """Read the features; one item an earthquake."""
    items, flags = [], []
    for feature in value["features"]:
        item = _item(feature)
        if item is None:
            flags.append("an event without id, time or place was passed over")
        else:
            items.append(item)
    return Reading(format="quakes", items=items, flags=sorted(set(flags)))


def _first(said: dict[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    for name in names:
        if said.get(name) not in (None, ""):
            return name, said[name]
    return "", None


def _item(feature: Any) -> FeedItem | None:
    said = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(said, dict):
        return None
    at = _at(feature, said)
    id_name, identifier = _first(said, IDS)
    happened = time_of(str(said.get("time") or ""))
    if at is None or identifier is None or happened is None:
        return None
    _, update = _first(said, UPDATES)
    sent = time_of(str(update or "")) or happened
    magnitude = number(_first(said, MAGNITUDES)[1])
    place = plain(str(_first(said, PLACES)[1] or ""), 200)
    sender = SENDERS.get(id_name, plain(str(said.get("auth") or "fdsn"), 60))
    name = plain(str(identifier), 100)
    lon, lat, depth_km = at
    return FeedItem(
        identifier=name,
        sender=sender,
        sent=sent.isoformat(),
        sent_at=sent,
        kind="earthquake",
        natural_key=(sender, name, sent.isoformat(), str(magnitude)),
        event_keys=((sender, name),),
        happened_at=happened,
        event="Earthquake",
        headline=f"M {magnitude:.1f} - {place}" if magnitude is not None else place,
        place=place,
        level=quake_level(magnitude),
        certainty="Likely",
        magnitude=magnitude,
        depth_km=depth_km,
        lon=lon,
        lat=lat,
        flags=[] if magnitude is not None else ["no magnitude"],
        bbox=(lon, lat, lon, lat),
    )


def _at(
    feature: dict[str, Any], said: dict[str, Any]
) -> tuple[float, float, float | None] | None:
    geometry = feature.get("geometry")
    listed = geometry.get("coordinates") if isinstance(geometry, dict) else None
    values = [*(listed if isinstance(listed, list) else []), None, None, None][:3]
    at = position(values[0], values[1]) or position(said.get("lon"), said.get("lat"))
    if at is None:
        return None
    depth = number(said.get("depth"))
    if depth is None and (height := number(values[2])) is not None:
        depth = abs(height)
    return *at, depth
