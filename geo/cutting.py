"""Rings on a round world, laid flat: cut at ±180°, closed over a pole.

A step between two points goes the short way round: from 177 to -178 is five degrees
across the antimeridian, not 355 degrees across Africa (RFC 7946, section 3.1.9, asks
for shapes that are already cut; CAP and drawings are not). A step of exactly 360° from
one side of the flat map to the other is no step at all, unless the ring would then not
close or be flat: then it is the edge of a world map, and is taken as drawn.
"""

from typing import cast

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo.limits import Ring, ShapeError
from geo.repairing import UNCHECKED_VERTICES, mended, polygons_of


def unwrapped(ring: Ring) -> tuple[Ring, float]:
    """Lay a closed ring out so that no step is longer than 180°.

    Returns
    -------
    ring : ndarray (n, 2)
        Longitudes may leave [-180, 180].
    turn : float
        How far east the ring ends from its start: 0, or ±360 around a pole.

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.array([[177, -16], [-178, -16], [-178, -19], [177, -16.0]])
    >>> unwrapped(ring)[0][:, 0].tolist()
    [177.0, 182.0, 182.0, 177.0]
    """
    steps = np.diff(ring[:, 0])
    short = np.where(np.abs(steps) <= 180, steps, (steps + 180) % 360 - 180)
    laid = _laid(ring, short)
    turn = round(float(laid[-1, 0] - laid[0, 0]) / 360) * 360.0
    if np.any(np.abs(steps) == 360) and (turn or np.ptp(laid[:, 0]) == 0):
        straight = np.where(np.abs(steps) == 360, steps, short)
        return _laid(ring, straight), round(float(straight.sum()) / 360) * 360.0
    return laid, turn


def _laid(ring: Ring, steps: Ring) -> Ring:
    lons = ring[0, 0] + np.concatenate([[0.0], np.cumsum(steps)])
    # Numbers that did not move keep their digits.
    kept = np.abs(lons - ring[:, 0]) < 1e-7
    return np.column_stack([np.where(kept, ring[:, 0], lons), ring[:, 1]])


def laid_flat(shell: Ring, holes: list[Ring], pole: float = 0.0) -> MultiPolygon:
    """Return what a shell without its holes covers of the flat map.

    Parameters
    ----------
    shell, holes : ndarray (n, 2)
        Closed rings.
    pole : float
        Latitude (90 or -90) of the pole that a ring around the world encloses; 0 takes
        the one that is nearer to the ring's mean latitude.

    Returns
    -------
    MultiPolygon
        Valid, longitudes in [-180, 180]; empty when the shell has no area.

    Raises
    ------
    ShapeError
        When the ring runs around the world more than once or along the equator.
    """
    if not holes and (plain := _as_drawn(shell)):
        return plain
    laid, turn = unwrapped(shell)
    inner = [unwrapped(hole) for hole in holes]
    if not turn and _on_map(laid) and all(not t and _on_map(h) for h, t in inner):
        return mended([Polygon(laid, [hole for hole, _ in inner])])
    flat = _cut(_closed(laid, turn, pole))
    cuts = [_cut(_closed(hole, around, pole)) for hole, around in inner]
    return polygons_of(flat.difference(shapely.union_all(cuts)))


def _as_drawn(shell: Ring) -> MultiPolygon | None:
    """Return at once what is valid as it stands and nowhere near 180° wide."""
    if len(shell) > UNCHECKED_VERTICES:
        return None
    polygon = shapely.polygons(shell)
    west, _, east, _ = shapely.bounds(polygon).tolist()
    if west < -180 or east > 180 or east - west >= 180 or not polygon.is_valid:
        return None
    return cast("MultiPolygon", shapely.multipolygons([polygon]))


def _on_map(ring: Ring) -> bool:
    return bool(ring[:, 0].min() >= -180 and ring[:, 0].max() <= 180)


def _closed(laid: Ring, turn: float, pole: float) -> Polygon:
    """Close a ring that runs around the world along the top or bottom of the map."""
    if not turn:
        return Polygon(laid)
    mean = float(laid[:-1, 1].mean())
    if abs(turn) > 360 or (not pole and mean == 0):
        raise ShapeError("the ring runs around the world; say which part is inside")
    top = pole or (90.0 if mean > 0 else -90.0)
    # The two ends are one meridian that rounding would leave a slit at, of nanometres,
    # but through the circle's own centre: they overlap by one edge instead.
    onward = np.flatnonzero(np.sign(turn) * (laid[:, 0] - laid[0, 0]) > 0)[0]
    laid = np.vstack([laid, laid[1 : onward + 1] + np.array([turn, 0.0])])
    ends = [[laid[-1, 0], top], [laid[0, 0], top], laid[0]]
    return Polygon(np.vstack([laid, ends]))


def _cut(polygon: Polygon) -> MultiPolygon:
    """Cut an unwrapped polygon at ±180° and bring all pieces onto one map."""
    whole = mended([polygon])
    if whole.is_empty:
        return whole
    west, _, east, _ = whole.bounds
    first, last = int((west + 180) // 360), int(np.ceil((east - 180) / 360))
    pieces = []
    for turn in range(first, max(first, last) + 1):
        left = 360.0 * turn - 180
        piece = whole.intersection(shapely.box(left, -90, left + 360, 90))
        pieces += polygons_of(_moved(piece, -360.0 * turn)).geoms
    return mended(pieces)


def _moved(piece: object, by: float) -> object:
    def move(points: Ring) -> Ring:
        lons = points[:, 0] + by
        edge = np.abs(np.abs(lons) - 180) < 1e-9
        lons = np.where(edge, np.sign(lons) * 180.0, lons)
        return np.column_stack([lons, np.clip(points[:, 1], -90, 90)])

    return shapely.transform(piece, move)
