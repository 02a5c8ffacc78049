"""Cells of points and coverings of shapes: who is inside, without a spatial index.

A cell is the 52-bit Morton code of a Web-Mercator tile at zoom 26, so that the tiles of
any coarser zoom are ranges of cells and an ordinary index on one number answers a
question about an area. The first and the last row of tiles reach the poles, so that
the cells divide the whole world. Longitude 180 is stored as -180, and a pole as its
westernmost point; `contains` and `covering` know it.
"""

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from geo.limits import check_position

ZOOM = 26
_SIDE = 1 << ZOOM
_ROUGH_ZOOM = 8
_MOST_TILES = 50_000  # to look around; more of them are looked at in larger ones
SMALLEST_RADIUS_M = 6_356_752.3  # of WGS 84, to a pole
_PAD = 1e-9  # degrees; rounding must never make a cell wholly inside that is not
_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
Ranges = NDArray[np.int64]
"""(n, 2) first and last cell, both belonging to it, in ascending order."""


@dataclass(frozen=True, kw_only=True)
class Covering:
    """Ranges of cells that hold every point of a shape.

    Attributes
    ----------
    full : ndarray (n, 2)
        Ranges wholly inside: their points need no further test.
    edge : ndarray (m, 2)
        Ranges on the boundary: their points need `contains`.
    """

    full: Ranges
    edge: Ranges

    def has_whole(self, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which cells lie in a range that is wholly inside."""
        return _in_ranges(self.full, cells)

    def has_edge(self, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which cells lie in a range on the boundary."""
        return _in_ranges(self.edge, cells)

    def has_near(
        self, cells: NDArray[np.int64], distance_m: float
    ) -> NDArray[np.bool_]:
        """Tell which cells may lie within a distance of the boundary.

        A first, rough look: all that are within the distance are told, and others.
        """
        if not len(self.edge):
            return np.zeros(len(cells), dtype=bool)
        zoom = _zoom_of_tiles(self.edge, distance_m)
        shift = 2 * (ZOOM - zoom)
        while zoom and _sizes(self.edge >> shift).sum() > _MOST_TILES:
            zoom, shift = zoom - 1, shift + 2
        tiles = np.unique(_steps(self.edge >> shift))
        columns, rows, side = _gathered(tiles), _gathered(tiles >> 1), 1 << zoom
        around = [
            _interleaved((columns + right) % side, np.clip(rows + down, 0, side - 1))
            for right in (-1, 0, 1)
            for down in (-1, 0, 1)
        ]
        near: NDArray[np.bool_] = np.isin(cells >> shift, np.concatenate(around))
        return near


def cell_of(lon: float, lat: float) -> int:
    """Return the cell of a point.

    Raises
    ------
    ShapeError
        When the point is not on Earth.

    Examples
    --------
    >>> cell_of(-86.25, 12.13), cell_of(180, 0) == cell_of(-180, 0)
    (1023534979903174, True)
    """
    check_position(lon, lat)
    return int(cells_of([lon], [lat])[0])


def cells_of(lons: ArrayLike, lats: ArrayLike) -> NDArray[np.int64]:
    """Return the cells of points.

    Parameters
    ----------
    lons, lats : array_like (n,)
        Degrees, WGS 84; longitudes in [-180, 180].

    Returns
    -------
    ndarray (n,) of int64
        Each from 0 to 2⁵²-1: the Morton code of a tile of 0.6 m at the equator.

    Raises
    ------
    ValueError
        When a coordinate is not a number.
    """
    lon = np.asarray(lons, dtype=np.float64)
    lat = np.asarray(lats, dtype=np.float64)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise ValueError("a coordinate is not a number")
    lon = np.where((lon == 180) | (np.abs(lat) == 90), -180.0, lon)
    column = np.floor((lon + 180) / 360 * _SIDE)
    slope = np.arcsinh(np.tan(np.radians(np.clip(lat, -89.9, 89.9))))
    row = np.floor((1 - slope / math.pi) / 2 * _SIDE)
    return _interleaved(_clipped(column), _clipped(row))


def covering(shape: MultiPolygon, budget: int = 512) -> Covering:
    """Cover a shape by at most so many ranges of cells.

    Parameters
    ----------
    shape : MultiPolygon
        Valid, longitudes in [-180, 180].
    budget : int
        The most ranges, at least 1; more ranges mean fewer points to test.

    Returns
    -------
    Covering
        Every point of the shape is in exactly one range; the same points are found
        with any budget.
    """
    shapely.prepare(shape)
    reach = _with_seam(shape)
    shapely.prepare(reach)
    columns = rows = np.zeros(1, dtype=np.int64)
    full = np.empty((0, 2), dtype=np.int64)
    best = Covering(full=full, edge=_ranges(columns, rows, 0))
    for zoom in range(1, ZOOM + 1):
        columns = (columns[:, None] * 2 + np.array([0, 1, 0, 1])).ravel()
        rows = (rows[:, None] * 2 + np.array([0, 0, 1, 1])).ravel()
        boxes = _boxes(columns, rows, zoom)
        touched = shapely.intersects(reach, boxes)
        columns, rows, boxes = columns[touched], rows[touched], boxes[touched]
        whole = shapely.contains_properly(shape, boxes)
        full = np.vstack([full, _ranges(columns[whole], rows[whole], zoom)])
        columns, rows = columns[~whole], rows[~whole]
        finer = Covering(full=_merged(full), edge=_ranges(columns, rows, zoom))
        if len(finer.full) + len(finer.edge) > budget or 4 * len(columns) > 16 * budget:
            break
        best = finer
        if not len(columns):
            break
    return best


def contains(
    shape: MultiPolygon, lons: ArrayLike, lats: ArrayLike
) -> NDArray[np.bool_]:
    """Tell which points a shape contains; its boundary belongs to it.

    Parameters
    ----------
    shape : MultiPolygon
        Longitudes in [-180, 180].
    lons, lats : array_like (n,)
        Degrees; 180 and -180 are the same meridian, and a pole is one point.
    """
    lon = np.asarray(lons, dtype=np.float64)
    lat = np.asarray(lats, dtype=np.float64)
    shapely.prepare(shape)
    inside: NDArray[np.bool_] = shapely.intersects_xy(shape, lon, lat)
    seam = np.abs(lon) == 180
    if seam.any():
        inside[seam] |= shapely.intersects_xy(shape, -lon[seam], lat[seam])
    _, south, _, north = shape.bounds
    inside |= (lat == 90) & (north == 90) | (lat == -90) & (south == -90)
    return inside


def ancestors(cell: int) -> list[int]:
    """Return the first cell of each of the 27 tiles, the world first, around a cell."""
    return [
        cell >> (2 * (ZOOM - zoom)) << (2 * (ZOOM - zoom)) for zoom in range(ZOOM + 1)
    ]


def centres_of(
    tiles: NDArray[np.int64], zoom: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles of tiles, for clusters of `cell >> 2 * (26 - zoom)`.

    Parameters
    ----------
    tiles : ndarray (n,)
        Morton codes at this zoom.
    zoom : int
        0 to 26.

    Returns
    -------
    lons, lats : ndarray (n,)
        Degrees.
    """
    columns, rows = _gathered(tiles), _gathered(tiles >> 1)
    lons = (columns + 0.5) / (1 << zoom) * 360 - 180
    return lons, _latitudes(rows + 0.5, zoom)


def _zoom_of_tiles(ranges: Ranges, distance_m: float) -> int:
    """Return the finest zoom whose tiles in these rows are wider than a distance.

    A joined range may reach farther north or south than its two ends: its tiles tell.
    """
    rows = _gathered(_steps(ranges >> 2 * (ZOOM - _ROUGH_ZOOM)) >> 1)
    farthest = np.abs(_latitudes([rows.min(), rows.max() + 1], _ROUGH_ZOOM)).max()
    # One distance nearer to the pole, where tiles are narrower; a degree is 110 km.
    lat = min(float(farthest) + distance_m / 110_000, 89.9)
    width = 2 * math.pi * SMALLEST_RADIUS_M * math.cos(math.radians(lat))
    return min(ZOOM, max(0, math.floor(math.log2(width / distance_m))))


def _sizes(ranges: Ranges) -> NDArray[np.int64]:
    sizes: NDArray[np.int64] = ranges[:, 1] - ranges[:, 0] + 1
    return sizes


def _steps(ranges: Ranges) -> NDArray[np.int64]:
    """Return every number in ranges of tiles."""
    sizes = _sizes(ranges)
    begun = np.repeat(np.cumsum(sizes) - sizes, sizes)
    steps: NDArray[np.int64] = np.arange(sizes.sum()) - begun
    return steps + np.repeat(ranges[:, 0], sizes)


def _in_ranges(ranges: Ranges, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not len(ranges):
        return np.zeros(len(cells), dtype=bool)
    place = np.searchsorted(ranges[:, 0], cells, side="right") - 1
    found: NDArray[np.bool_] = (place >= 0) & (cells <= ranges[place, 1])
    return found


def _clipped(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.clip(numbers, 0, _SIDE - 1).astype(np.int64)


def _spread(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    for shift, mask in _SPREAD:
        numbers = (numbers | (numbers << shift)) & mask
    return numbers


def _gathered(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    codes = codes & _SPREAD[-1][1]
    for (shift, _), (_, mask) in zip(
        _SPREAD[::-1], [*_SPREAD[-2::-1], (0, 0)], strict=True
    ):
        codes = (codes | (codes >> shift)) & (mask or _SIDE - 1)
    return codes


def _interleaved(
    columns: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    return _spread(columns) | (_spread(rows) << 1)


def _ranges(columns: NDArray[np.int64], rows: NDArray[np.int64], zoom: int) -> Ranges:
    shift = 2 * (ZOOM - zoom)
    first = _interleaved(columns, rows) << shift
    return _merged(np.column_stack([first, first + (1 << shift) - 1]))


def _merged(ranges: Ranges) -> Ranges:
    """Sort ranges and join those that follow one another."""
    if len(ranges) < 2:
        return ranges
    ranges = ranges[np.argsort(ranges[:, 0])]
    starts = np.concatenate([[True], ranges[1:, 0] != ranges[:-1, 1] + 1])
    ends = np.concatenate([starts[1:], [True]])
    return np.column_stack([ranges[starts, 0], ranges[ends, 1]])


def _latitudes(rows: ArrayLike, zoom: int) -> NDArray[np.float64]:
    share = np.asarray(rows, dtype=np.float64) / (1 << zoom)
    return np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * share))))


def _boxes(
    columns: NDArray[np.int64], rows: NDArray[np.int64], zoom: int
) -> NDArray[np.object_]:
    """Return the tiles as boxes, a little too large; the outer rows reach the poles."""
    width, last = 360 / (1 << zoom), (1 << zoom) - 1
    west = columns * width - 180
    north = np.where(rows == 0, 90.0, _latitudes(rows, zoom))
    south = np.where(rows == last, -90.0, _latitudes(rows + 1, zoom))
    boxes: NDArray[np.object_] = shapely.box(
        west - _PAD, south - _PAD, west + width + _PAD, north + _PAD
    )
    return boxes


def _with_seam(shape: MultiPolygon) -> BaseGeometry:
    """Add to a shape where its points at longitude 180 and at a pole are stored."""
    _, south, east, north = shape.bounds
    twins: list[BaseGeometry] = []
    if east == 180:
        seam = shape.intersection(shapely.LineString([(180, -90), (180, 90)]))
        twins.append(shapely.transform(seam, lambda points: points - [360, 0]))
    twins += [Point(-180, lat) for lat in (south, north) if abs(lat) == 90]
    return shapely.GeometryCollection([shape, *twins]) if twins else shape
