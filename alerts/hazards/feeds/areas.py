"""The areas of a CAP alert: polygons, circles and geocodes as one shape.

The same geometry often stands in each language's info; it is read once.
"""

from dataclasses import dataclass, field
from typing import Any

from shapely.geometry import MultiPolygon

from alerts.hazards.feeds import markup
from alerts.hazards.feeds.base import ASSUMED_RADIUS_M, DEFAULT_RADIUS_M, number, plain
from geo import circles, shapes

SHAPES_MOST = 500
RADIUS_MOST_KM = 5_000.0


@dataclass
class Area:
    """What the areas of an alert say together; counts are of its own elements."""

    geometry: dict[str, Any] | None = None
    lon: float | None = None
    lat: float | None = None
    bbox: tuple[float, float, float, float] | None = None
    description: str = ""
    geocodes: list[tuple[str, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    area_count: int = 0
    polygon_count: int = 0
    circle_count: int = 0
    geocode_count: int = 0


def read(infos: list[Any], kind: str) -> Area:
    """Read all areas of an alert's infos."""
    found = Area()
    elements = [area for info in infos for area in markup.children(info, "area")]
    found.area_count = len(elements)
    polygons, rounds = _texts(elements, "polygon"), _texts(elements, "circle")
    found.polygon_count = _number_of(elements, "polygon")
    found.circle_count = _number_of(elements, "circle")
    codes = [code for area in elements for code in markup.children(area, "geocode")]
    found.geocode_count = len(codes)
    pairs = ((markup.text(c, "valueName"), markup.text(c, "value")) for c in codes)
    found.geocodes = [(plain(n, 60), plain(v, 80)) for n, v in dict.fromkeys(pairs)]
    found.description = "; ".join(
        dict.fromkeys(plain(markup.text(area, "areaDesc"), 120) for area in elements)
    )[:300]
    _draw(found, polygons, rounds, kind)
    return found


def _number_of(elements: list[Any], name: str) -> int:
    """Count elements as the document has them, empty ones too."""
    return sum(len(markup.children(element, name)) for element in elements)


def _texts(elements: list[Any], name: str) -> list[str]:
    """Return the texts of elements that say anything; empty ones are placeholders."""
    texts = (
        "".join(child.itertext()).strip()
        for element in elements
        for child in markup.children(element, name)
    )
    return [text for text in texts if text]


def _draw(found: Area, polygons: list[str], rounds: list[str], kind: str) -> None:
    parts = [_polygon(found, text) for text in _once(polygons)]
    parts += [_circle(found, text, kind) for text in _once(rounds)]
    drawn = [part for part in parts if part is not None]
    if not drawn:
        if found.area_count:
            found.flags.append("only geocodes" if found.geocodes else "no geometry")
        return
    whole = shapes.union(drawn)
    found.geometry = shapes.to_geojson(whole)
    west, south, east, north = whole.bounds
    found.bbox = (
        round(west, 6),
        round(south, 6),
        round(east, 6),
        round(north, 6),
    )
    if found.lon is None:
        inner = max(whole.geoms, key=lambda part: part.area).representative_point()
        found.lon, found.lat = round(inner.x, 6), round(inner.y, 6)


def _once(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))[:SHAPES_MOST]


def _polygon(found: Area, text: str) -> MultiPolygon | None:
    try:
        return shapes.from_cap_polygon(text)
    except shapes.ShapeError as error:
        found.flags.append(f"a polygon was dropped: {error}")
        return None


def _circle(found: Area, text: str, kind: str) -> MultiPolygon | None:
    """Read `lat,lon radius` with the radius in kilometres; 0 gets an assumed size."""
    centre, _, radius = text.partition(" ")
    lat, _, lon = centre.partition(",")
    x, y, km = number(lon), number(lat), number(radius or "0")
    if x is None or y is None or km is None or not -90 <= y <= 90:
        found.flags.append("a circle was dropped: it cannot be read")
        return None
    if km < 0:
        found.flags.append("a circle was dropped: its radius is negative")
        return None
    if km > RADIUS_MOST_KM:
        found.flags.append("a circle was dropped: its radius is too large")
        return None
    if km == 0:
        found.flags.append("assumed radius")
        km = ASSUMED_RADIUS_M.get(kind, DEFAULT_RADIUS_M) / 1000
    x = (x + 180) % 360 - 180
    if found.lon is None:
        found.lon, found.lat = x, y
    return circles.circle(x, y, km * 1000)
