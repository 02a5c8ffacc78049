"""The areas of a CAP alert: polygons, circles and geocodes as one shape.

The same geometry often stands in each language's info; it is read once. A geocode that
is named EXCLUDE_POLYGON is no code but a hole.

References
----------
Deutscher Wetterdienst, CAP-Profil 2.1: EXCLUDE_POLYGON holds a polygon, written like
`<polygon>`, that is not part of the area. Alertswiss puts `0|` before it, the number of
the polygon that it is a hole of.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry import MultiPolygon

from alerts.hazards.feeds import markup
from alerts.hazards.feeds.base import ASSUMED_RADIUS_M, DEFAULT_RADIUS_M, number, plain
from geo import circles, shapes
from geo.limits import check_position

SHAPES_MOST = 500
RADIUS_MOST_KM = 5_000.0
HOLE = "EXCLUDE_POLYGON"
_NUMBERED = re.compile(r"\s*(?:(\d{1,3})\s*\|)?(.*)", re.S)
_BETWEEN = re.compile(r"\s*,\s*|\s+")
_WKT = re.compile(r"(?:MULTI)?POLYGON\b|\(", re.I)


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


@dataclass(frozen=True)
class _Told:
    """What one `<area>` says, in the order of its elements."""

    description: str
    polygons: tuple[str, ...]
    circles: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]


def read(infos: list[Any], kind: str) -> Area:
    """Read all areas of an alert's infos."""
    told = [_told(area) for info in infos for area in markup.children(info, "area")]
    codes = [pair for area in told for pair in area.codes]
    found = Area(
        area_count=len(told),
        polygon_count=sum(len(area.polygons) for area in told),
        circle_count=sum(len(area.circles) for area in told),
        geocode_count=len(codes),
    )
    found.geocodes = [
        (plain(name, 60), plain(value, 80))
        for name, value in dict.fromkeys(codes)
        if name != HOLE and value
    ]
    found.description = "; ".join(
        dict.fromkeys(plain(area.description, 120) for area in told)
    )[:300]
    _draw(found, told, kind)
    found.flags = list(dict.fromkeys(found.flags))
    return found


def _told(area: Any) -> _Told:
    """Read an area's elements in one walk."""
    described: list[str] = []
    polygons: list[str] = []
    circles: list[str] = []
    codes: list[tuple[str, str]] = []
    for child in area:
        match markup.local(child):
            case "polygon":
                polygons.append(markup.words_of(child))
            case "circle":
                circles.append(markup.words_of(child))
            case "geocode":
                codes.append(_pair(child))
            case "areaDesc":
                described.append(markup.words_of(child))
    first = described[0] if described else ""
    return _Told(first, tuple(polygons), tuple(circles), tuple(codes))


def _pair(code: Any) -> tuple[str, str]:
    """Return the name and value of a code; nearly all stand in this order."""
    if len(code) == 2:
        name, value = code
        if markup.local(name) == "valueName" and markup.local(value) == "value":
            return markup.words_of(name), markup.words_of(value)
    if len(code) == 0:  # as CAP 1.0 has it
        name, _, value = markup.words_of(code).rpartition("=")
        return name.strip() or str(code.get("valueName", "")), value.strip()
    said = markup.texts(code, ("valueName", "value"))
    return said["valueName"], said["value"]


def _draw(found: Area, areas: list[_Told], kind: str) -> None:
    """Draw each area once, whatever number of languages it is told in.

    Empty elements are placeholders.
    """
    told: dict[tuple[tuple[str, ...], ...], None] = {}
    for area in areas:
        polygons = tuple(filter(None, area.polygons))
        holes = tuple(value for name, value in area.codes if name == HOLE and value)
        told[polygons, holes, tuple(filter(None, area.circles))] = None
    drawn = _Outlines(found).of([(polygons, holes) for polygons, holes, _ in told])
    rounds = list(dict.fromkeys(each for *_, listed in told for each in listed))
    if len(rounds) > SHAPES_MOST:
        found.flags.append(f"only the first {SHAPES_MOST} circles were drawn")
    circled = (_circle(found, text, kind) for text in rounds[:SHAPES_MOST])
    drawn += [each for each in circled if each is not None]
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


class _Outlines:
    """Polygons of an alert, each text read once."""

    def __init__(self, found: Area) -> None:
        self.found = found
        self.known: dict[str, MultiPolygon | None] = {}

    def of(
        self, areas: list[tuple[tuple[str, ...], tuple[str, ...]]]
    ) -> list[MultiPolygon]:
        """Return what areas cover, their holes cut out."""
        drawn: dict[tuple[object, ...], MultiPolygon | None] = {}
        for polygons, holes in areas:
            for at, text in enumerate(polygons):
                own = tuple(cut for cut in holes if _number_of_hole(cut) in (None, at))
                if (text, own) not in drawn:
                    drawn[text, own] = self._without(self._shape(text), own)
        return [each for each in drawn.values() if each is not None]

    def _shape(self, text: str) -> MultiPolygon | None:
        if text not in self.known and len(self.known) == SHAPES_MOST:
            flag = f"only the first {SHAPES_MOST} polygons were drawn"
            self.found.flags += [] if flag in self.found.flags else [flag]
            return None
        if text not in self.known:
            self.known[text] = _polygon(self.found, text)
        return self.known[text]

    def _without(
        self, shape: MultiPolygon | None, holes: tuple[str, ...]
    ) -> MultiPolygon | None:
        """Cut holes out; what cannot be cut out stays in, so nobody is left out."""
        if shape is None or not holes:
            return shape
        texts = [found[2] for text in holes if (found := _NUMBERED.match(text))]
        cut = [hole for text in texts if (hole := self._shape(text))]
        left = shapes.difference(shape, shapes.union(cut)) if cut else shape
        if left.is_empty:
            self.found.flags.append("a hole was left in: it is all of its polygon")
            return shape
        return left


def _number_of_hole(text: str) -> int | None:
    """Return which polygon a hole is of, where it says so."""
    found = _NUMBERED.match(text)
    return int(found[1]) if found and found[1] else None


def _polygon(found: Area, text: str) -> MultiPolygon | None:
    try:
        if _WKT.match(text):
            return _from_wkt(found, text)
        return shapes.from_cap_polygon(text)
    except shapes.ShapeError as error:
        found.flags.append(f"a polygon was dropped: {error}")
        return None


def _from_wkt(found: Area, text: str) -> MultiPolygon:
    """Read Well-Known Text where `lat,lon` pairs should be; its longitude is first."""
    found.flags.append("its polygon is written as WKT")
    if text.startswith("("):
        rings = text if text.startswith("((") else f"({text})"
        text = f"{'MULTIPOLYGON' if rings.startswith('(((') else 'POLYGON'} {rings}"
    return shapes.from_wkt(text)


def _circle(found: Area, text: str, kind: str) -> MultiPolygon | None:
    """Read `lat,lon radius` with the radius in kilometres; 0 gets an assumed size."""
    said = [number(word) for word in _BETWEEN.split(text.removesuffix("km").strip())]
    lat, lon, km = [*said, 0.0][:3] if len(said) in (2, 3) else [None] * 3
    if lon is None or lat is None or km is None:
        found.flags.append("a circle was dropped: it cannot be read")
        return None
    try:
        check_position(lon, lat)
    except shapes.ShapeError as error:
        found.flags.append(f"a circle was dropped: {error}")
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
    lon = (lon + 180) % 360 - 180
    if found.lon is None:
        found.lon, found.lat = lon, lat
    return circles.circle(lon, lat, km * 1000)
