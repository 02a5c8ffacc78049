"""A map drawn by the server: land, borders and places as SVG values, Web-Mercator.

It is the first picture of every map page, the one that prints, and the one that is
there without a script or the internet. Pure values: templates write the SVG.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import shapely
from shapely import affinity
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo import gazetteer

MERCATOR_LIMIT = 85.0511  # degrees: where the square Mercator world ends
SMALLEST_SPAN_DEG = 0.02


def _mercator(lat: float) -> float:
    """Return the northing of a latitude, in degrees of longitude at the equator."""
    clipped = max(-MERCATOR_LIMIT, min(MERCATOR_LIMIT, lat))
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(clipped) / 2)))


def _latitude(northing: float) -> float:
    return math.degrees(2 * math.atan(math.exp(math.radians(northing))) - math.pi / 2)


@dataclass(frozen=True)
class View:
    """A window on the world: bounds in degrees, size in pixels.

    `east` may be beyond 180 (up to 540) when the window crosses the antimeridian.
    """

    west: float
    south: float
    east: float
    north: float
    width: int
    height: int

    @classmethod
    def around(
        cls, shape: BaseGeometry, width: int, height: int, margin: float = 0.2
    ) -> "View":
        """Fit a shape, with a margin of its size on each side, into a window.

        A shape that was cut at ±180° is shown in one piece.

        Examples
        --------
        >>> west = shapely.box(177, -19, 180, -16)
        >>> east = shapely.box(-180, -19, -178, -16)
        >>> view = View.around(west.union(east), 600, 400)
        >>> view.west < 177 and 182 < view.east < 190
        True
        """
        west, south, east, north = _bounds(shape)
        east = max(east, west + SMALLEST_SPAN_DEG)
        low, high = _mercator(south), _mercator(north)
        span_x = (east - west) * (1 + 2 * margin)
        span_y = max(high - low, SMALLEST_SPAN_DEG) * (1 + 2 * margin)
        per_px = max(span_x / width, span_y / height)
        return cls._centred((west + east) / 2, (low + high) / 2, per_px, width, height)

    @classmethod
    def _centred(
        cls, lon: float, northing: float, per_px: float, width: int, height: int
    ) -> "View":
        per_px = min(per_px, 360 / width)
        half_x, half_y = per_px * width / 2, per_px * height / 2
        shift = -360.0 * math.floor((lon + 180) / 360)
        return cls(
            west=lon - half_x + shift,
            south=_latitude(northing - half_y),
            east=lon + half_x + shift,
            north=_latitude(northing + half_y),
            width=width,
            height=height,
        )

    @property
    def scale(self) -> float:
        """Pixels for a degree of longitude."""
        return self.width / (self.east - self.west)

    @property
    def zoom(self) -> int:
        """The zoom level of a tiled map with the same scale, 0 to 22."""
        return max(0, min(22, round(math.log2(self.scale * 360 / 256))))

    def project(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a place is, in pixels from the north-west corner."""
        while lon < self.west and lon + 360 <= self.east + 5:
            lon += 360
        return self._at(lon, lat)

    def _at(self, lon: float, lat: float) -> tuple[float, float]:
        top = _mercator(self.north)
        return (
            round((lon - self.west) * self.scale, 1),
            round((top - _mercator(lat)) * self.scale, 1),
        )

    def holds(self, lon: float, lat: float) -> bool:
        """Tell whether a place is in the window."""
        x, y = self.project(lon, lat)
        return 0 <= x <= self.width and 0 <= y <= self.height

    def zoomed(self, factor: float) -> "View":
        """Return the view with the same centre, `factor` times as close."""
        return self.moved(0, 0, factor)

    def moved(self, right: float, down: float, factor: float = 1.0) -> "View":
        """Return the view shifted by parts of its width and height, and zoomed."""
        span = self.east - self.west
        low, high = _mercator(self.south), _mercator(self.north)
        return View._centred(
            (self.west + self.east) / 2 + right * span,
            (low + high) / 2 - down * (high - low),
            span / self.width / factor,
            self.width,
            self.height,
        )

    def path(self, shape: BaseGeometry, smallest_px: float = 0) -> str:
        """Return SVG path data of a polygon or multipolygon, simplified to a pixel.

        Rings smaller than `smallest_px` are left out.
        """
        return "".join(
            _relative(points)
            for points in self._rings(shape)
            if _size(points) >= smallest_px
        )

    def _rings(self, shape: BaseGeometry) -> Iterator[list[tuple[float, float]]]:
        near = shape.simplify(0.8 / self.scale) if shape.area else shape
        for part in _joined(list(_pieces(near, self))):
            for polygon in getattr(part, "geoms", [part]):
                if polygon.geom_type != "Polygon" or polygon.is_empty:
                    continue
                for ring in (polygon.exterior, *polygon.interiors):
                    points = dict.fromkeys(self._at(*xy[:2]) for xy in ring.coords)
                    if len(points) > 2:
                        yield list(points)

    def __str__(self) -> str:
        return f"{self.west:.4f},{self.south:.4f},{self.east:.4f},{self.north:.4f}"


def _size(points: list[tuple[float, float]]) -> float:
    xs, ys = zip(*points, strict=True)
    return float(max(max(xs) - min(xs), max(ys) - min(ys)))


def _relative(points: list[tuple[float, float]]) -> str:
    """Write a ring in steps from point to point, which takes a third fewer digits."""
    (x, y), *others = points
    words = [f"M{x:g} {y:g}l"]
    for to_x, to_y in others:
        words.append(f"{round(to_x - x, 1):g} {round(to_y - y, 1):g}")
        x, y = to_x, to_y
    return f"{words[0]}{' '.join(words[1:])}Z"


def _bounds(shape: BaseGeometry) -> tuple[float, float, float, float]:
    west, south, east, north = shape.bounds
    if east - west > 180:
        parts = [part.bounds for part in getattr(shape, "geoms", [shape])]
        if all(part[2] - part[0] <= 180 for part in parts):
            moved = [
                (part[0] + 360, part[2] + 360) if part[2] < 0 else (part[0], part[2])
                for part in parts
            ]
            west, east = min(m[0] for m in moved), max(m[1] for m in moved)
    return west, south, east, north


def _pieces(shape: BaseGeometry, view: View) -> Iterator[BaseGeometry]:
    """Clip a shape to the window, a little beyond its edge, on both sides of ±180°."""
    pad = 4 / view.scale
    for shift in (-360, 0, 360):
        west, east = view.west - pad - shift, view.east + pad - shift
        bounds = shape.bounds
        if bounds and bounds[0] <= east and bounds[2] >= west:
            south, north = view.south - pad, view.north + pad
            cut = shapely.clip_by_rect(shape, west, south, east, north)
            if not cut.is_empty:
                yield affinity.translate(cut, xoff=shift) if shift else cut


def _joined(pieces: list[BaseGeometry]) -> list[BaseGeometry]:
    """Join what was cut at ±180°, so that no line is drawn where there is no border."""
    if len(pieces) < 2:
        return pieces
    return [shapely.union_all(shapely.make_valid(pieces))]


@dataclass(frozen=True)
class Label:
    """A place's name on the map."""

    name: str
    x: float
    y: float
    is_big: bool


@dataclass(frozen=True)
class Basemap:
    """What lies under the data: land as one path, borders as another, place names."""

    view: View
    land: str
    labels: list[Label]


@functools.lru_cache(maxsize=64)
def of(view: View, labels: int = 12) -> Basemap:
    """Draw the land, country by country for the borders, and the largest places."""
    shapes = (gazetteer.country_shape(code) for code in gazetteer.countries())
    land = "".join(
        view.path(shape, smallest_px=1) for shape in shapes if _near(shape, view)
    )
    return Basemap(view=view, land=land, labels=_labels(view, labels))


def _near(shape: MultiPolygon, view: View) -> bool:
    west, south, east, north = shape.bounds
    if south > view.north or north < view.south:
        return False
    shifts = (-360, 0, 360)
    return any(west + s <= view.east and east + s >= view.west for s in shifts)


def _labels(view: View, most: int) -> list[Label]:
    """Choose the largest places that stand clear of one another."""
    chosen: list[Label] = []
    for place in gazetteer.towns():
        if len(chosen) == most:
            break
        x, y = view.project(place.lon, place.lat)
        if not (20 < x < view.width - 90 and 24 < y < view.height - 14):
            continue
        if all(abs(x - other.x) > 110 or abs(y - other.y) > 26 for other in chosen):
            chosen.append(Label(place.name, x, y, is_big=len(chosen) < 3))
    return chosen
