"""USGS ShakeMap contours: lines of equal shaking, made into the area inside them.

The document says of which event it is, and nothing of when that was: whoever stores it
knows. It adds an area to what else is known, and never speaks for the event.

References
----------
USGS ShakeMap 4 manual, products: `cont_mmi.json` holds a MultiLineString a value of the
Modified Mercalli Intensity; lines end where the map does.
"""

from collections import defaultdict
from typing import Any

from alerts.hazards.feeds import cap
from alerts.hazards.feeds.base import AREA_ONLY, FeedItem, Reading, number
from geo import contours, shapes

SENDER = "earthquake.usgs.gov"
DRAWN_FROM = 6.0  # strong shaking, from which people are in danger
LINES_MOST = 400


def claims(value: Any) -> bool:
    """Tell whether a JSON document is one of these."""
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list) or not features:
        return False
    said = features[0].get("properties") if isinstance(features[0], dict) else None
    return isinstance(said, dict) and said.get("units") in ("mmi", "intensity")


def _lines(value: Any) -> dict[float, list[Any]]:
    lines: dict[float, list[Any]] = defaultdict(list)
    for feature in value["features"]:
        said = feature.get("properties") or {}
        geometry = feature.get("geometry") or {}
        listed = geometry.get("coordinates")
        level = number(said.get("value"))
        if level is None or not isinstance(listed, list):
            continue
        flat = geometry.get("type") == "LineString"
        lines[level] += [listed] if flat else listed
    return lines


def read(value: Any) -> Reading:
    """Read the contours; one item, drawn from strong shaking on."""
    lines = _lines(value)
    if not lines:
        return Reading(format="shakemap", flags=["no contour could be read"])
    strongest = max(lines)
    from_level = min((v for v in lines if v >= DRAWN_FROM), default=strongest)
    flags = [AREA_ONLY, f"drawn from intensity {from_level:g}"]
    checked: dict[float, Any] = {}
    for level, listed in lines.items():
        checked[level], dropped = contours.lines_of(listed[:LINES_MOST])
        if level == from_level and (dropped or len(listed) > LINES_MOST):
            flags.append("a contour was dropped: it encloses nothing")
    whole = contours.above(from_level, checked)
    meta = value.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    return _reading(whole, strongest, str(meta.get("eventid") or ""), flags)


def _size(whole: Any) -> tuple[float, ...]:
    """Return what tells one version's area from another's."""
    return (*whole.bounds, whole.area) if whole is not None else ()


def _reading(whole: Any, strongest: float, name: str, flags: list[str]) -> Reading:
    middle = whole.representative_point() if whole is not None else None
    flags = [*dict.fromkeys(flags), *([] if name else ["its event is not named"])]
    item = FeedItem(
        identifier=name or "contours",
        sender=SENDER,
        sent="",
        sent_at=cap.UNREADABLE,
        kind="earthquake",
        natural_key=(SENDER, "shakemap", name, str(_size(whole)), f"{strongest:g}"),
        event_keys=((SENDER, name or "contours"),),
        happened_at=cap.UNREADABLE,
        event="ShakeMap",
        headline=f"Shaking up to intensity {strongest:g}",
        level=max(0, min(4, int(strongest) - 4)),
        severity=f"MMI {strongest:g}",
        geometry=shapes.to_geojson(whole) if whole is not None else None,
        lon=middle.x if middle else None,
        lat=middle.y if middle else None,
        flags=flags,
        polygon_count=len(whole.geoms) if whole is not None else 0,
        bbox=whole.bounds if whole is not None else None,
    )
    return Reading(format="shakemap", items=[item], flags=[])
