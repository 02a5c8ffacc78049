"""Cells of points and coverings of shapes: who is inside, without a spatial index.

A cell is the 52-bit Morton code of a Web-Mercator tile at zoom 26, so that the tiles of
any coarser zoom are ranges of cells and an ordinary index on one number answers a
question about an area. The first and the last row of tiles reach the poles, so that
the cells divide the whole world. Longitude 180 is stored as -180, and a pole as its
westernmost point; `contains` and `covering` know it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from geo.limits import check_position
from geo.tiles import (
    SIDE,
    ZOOM,
    Ranges,
    boxes_of,
    clipped,
    gathered,
    interleaved,
    latitudes,
    merged,
    nodes_of,
    ranges_of,
    sizes_of,
    spanning,
    steps_of,
)

__all__ = [
    "ZOOM",
    "Covering",
    "Ranges",
    "cell_of",
    "cells_of",
    "centres_of",
    "contains",
    "covering",
    "nodes_around",
    "nodes_within",
    "tiles_of",
]

_ROUGH_ZOOM = 8
_ONE = np.zeros(1, dtype=np.int64)  # the world's only tile
_CHILDREN = np.arange(4, dtype=np.int64)  # of a tile, behind its own code
_MOST_TILES = 50_000  # to look around; more of them are looked at in larger ones
_SMALLEST_RADIUS_M = 6_356_752.3  # of WGS 84, to a pole


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
        while zoom and sizes_of(self.edge >> shift).sum() > _MOST_TILES:
            zoom, shift = zoom - 1, shift + 2
        tiles = np.unique(steps_of(self.edge >> shift))
        columns, rows, side = gathered(tiles), gathered(tiles >> 1), 1 << zoom
        around = [
            interleaved((columns + right) % side, np.clip(rows + down, 0, side - 1))
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
    column = np.floor((lon + 180) / 360 * SIDE)
    slope = np.arcsinh(np.tan(np.radians(np.clip(lat, -89.9, 89.9))))
    row = np.floor((1 - slope / math.pi) / 2 * SIDE)
    return interleaved(clipped(column), clipped(row))


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
    nothing = np.empty((0, 2), dtype=np.int64)
    best = Covering(full=nothing, edge=ranges_of(_ONE, 0))
    full = nothing
    for tiles in _refined(shape):
        full = np.vstack([full, tiles.ranges(tiles.is_whole)])
        finer = Covering(full=merged(full), edge=tiles.ranges(~tiles.is_whole))
        open_ = int((~tiles.is_whole).sum())
        if len(finer.full) + len(finer.edge) > budget or 4 * open_ > 16 * budget:
            break
        best = finer
        if 2 * (len(best.full) + len(best.edge)) > budget:
            break  # an outline has twice as many tiles at the next zoom
    return best


def tiles_of(
    shape: MultiPolygon, budget: int = 64
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Cover a shape by at most so many tiles of any size: to ask whose point is it.

    Parameters
    ----------
    shape : MultiPolygon
        Valid, longitudes in [-180, 180].
    budget : int
        The most tiles, at least 4.

    Returns
    -------
    nodes : ndarray (n,) of int64
        Each tile's number, unique at all zooms, below 2⁵³: among `nodes_around` of
        every cell in it.
    is_whole : ndarray (n,) of bool
        Whether all of the tile is in the shape.
    """
    kept = [np.zeros(0, np.int64)]
    best = nodes_of(_ONE, 0), np.zeros(1, dtype=bool)
    for tiles in _refined(shape):
        kept.append(nodes_of(tiles.codes[tiles.is_whole], tiles.zoom))
        edge = nodes_of(tiles.codes[~tiles.is_whole], tiles.zoom)
        whole = np.concatenate(kept)
        if len(whole) + len(edge) > budget:
            break
        is_whole = np.arange(len(whole) + len(edge)) < len(whole)
        best = np.concatenate([whole, edge]), is_whole
    return best


def nodes_around(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of the tiles around cells, as `tiles_of` gives them.

    Parameters
    ----------
    cells : ndarray (n,)
        Cells.

    Returns
    -------
    ndarray (n, 27)
        The world's tile first.

    Examples
    --------
    >>> nodes_around(cells_of([0.0], [0.0]))[0, :2].tolist()
    [4503599627370496, 7881299347898368]
    """
    zooms = np.arange(ZOOM + 1)
    shifts = 2 * (ZOOM - zooms)
    nodes: NDArray[np.int64] = (cells[:, None] >> shifts << 1 | 1) << shifts
    return nodes


def nodes_within(
    nodes: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the least and greatest number of the tiles in tiles, themselves too."""
    sizes = nodes & -nodes
    return nodes - sizes + 1, nodes + sizes - 1


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
    columns, rows = gathered(tiles), gathered(tiles >> 1)
    lons = (columns + 0.5) / (1 << zoom) * 360 - 180
    return lons, latitudes(rows + 0.5, zoom)


@dataclass(frozen=True, kw_only=True)
class _Tiles:
    """Tiles of one zoom that touch a shape, those aside that lie in larger ones."""

    zoom: int
    codes: NDArray[np.int64]
    is_whole: NDArray[np.bool_]

    def ranges(self, mask: NDArray[np.bool_]) -> Ranges:
        """Return the ranges of some of them."""
        return ranges_of(self.codes[mask], self.zoom)


def _refined(shape: MultiPolygon) -> Iterator[_Tiles]:
    """Give the tiles of a shape, zoom by zoom, until none is on its edge.

    It begins with tiles as large as the shape: of larger ones none lies in it.
    """
    shapely.prepare(shape)
    reach = _with_seam(shape)
    shapely.prepare(reach)
    begun, codes = (1, _CHILDREN) if reach.is_empty else spanning(*reach.bounds)
    for zoom in range(begun, ZOOM + 1):
        boxes = boxes_of(gathered(codes), gathered(codes >> 1), zoom)
        touched = shapely.intersects(reach, boxes)
        codes, boxes = codes[touched], boxes[touched]
        is_whole = shapely.contains_properly(shape, boxes)
        yield _Tiles(zoom=zoom, codes=codes, is_whole=is_whole)
        codes = codes[~is_whole]
        if not len(codes):
            return
        codes = ((codes << 2)[:, None] + _CHILDREN).ravel()


def _zoom_of_tiles(ranges: Ranges, distance_m: float) -> int:
    """Return the finest zoom whose tiles in these rows are wider than a distance.

    A joined range may reach farther north or south than its two ends: its tiles tell.
    """
    rows = gathered(steps_of(ranges >> 2 * (ZOOM - _ROUGH_ZOOM)) >> 1)
    farthest = np.abs(latitudes([rows.min(), rows.max() + 1], _ROUGH_ZOOM)).max()
    # One distance nearer to the pole, where tiles are narrower; a degree is 110 km.
    lat = min(float(farthest) + distance_m / 110_000, 89.9)
    width = 2 * math.pi * _SMALLEST_RADIUS_M * math.cos(math.radians(lat))
    return min(ZOOM, max(0, math.floor(math.log2(width / distance_m))))


def _in_ranges(ranges: Ranges, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not len(ranges):
        return np.zeros(len(cells), dtype=bool)
    place = np.searchsorted(ranges[:, 0], cells, side="right") - 1
    found: NDArray[np.bool_] = (place >= 0) & (cells <= ranges[place, 1])
    return found


def _with_seam(shape: MultiPolygon) -> BaseGeometry:
    """Add to a shape where its points at longitude 180 and at a pole are stored."""
    _, south, east, north = shape.bounds
    twins: list[BaseGeometry] = []
    if east == 180:
        seam = shape.intersection(shapely.LineString([(180, -90), (180, 90)]))
        twins.append(shapely.transform(seam, lambda points: points - [360, 0]))
    twins += [Point(-180, lat) for lat in (south, north) if abs(lat) == 90]
    return shapely.GeometryCollection([shape, *twins]) if twins else shape
