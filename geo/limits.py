"""What a shape from outside may be: limits first, then anything costly."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 5_000_000
MAX_VERTICES = 100_000
MAX_RINGS = 10_000
# Unwrapped shapes near ±180° come with longitudes of 190 or -185, and from 0 to 360.
MAX_LON = 360.0
_FARTHEST = np.array([MAX_LON, 90.0])

Ring = NDArray[np.float64]
"""(n, 2) longitudes and latitudes in degrees, the last equal to the first."""


class ShapeError(ValueError):
    """Say in plain words why a shape cannot be used."""


def check_size(text: str) -> None:
    """Refuse a text that is too long to be one shape.

    Raises
    ------
    ShapeError
        Beyond `MAX_BYTES` bytes.
    """
    size = len(text.encode())
    if size > MAX_BYTES:
        raise ShapeError(f"the shape has {size:,} bytes; {MAX_BYTES:,} are the limit")


def check_counts(rings: int, vertices: int) -> None:
    """Refuse a shape with too many rings or corners.

    Raises
    ------
    ShapeError
        Beyond `MAX_RINGS` or `MAX_VERTICES`.
    """
    if rings > MAX_RINGS:
        raise ShapeError(f"the shape has {rings:,} rings; {MAX_RINGS:,} are the limit")
    if vertices > MAX_VERTICES:
        raise ShapeError(
            f"the shape has {vertices:,} corners; {MAX_VERTICES:,} are the limit"
        )


def check_position(lon: float, lat: float) -> None:
    """Refuse a position that is not on Earth.

    Raises
    ------
    ShapeError
        For NaN or infinity, and for a latitude beyond 90°, the usual sign of swapped
        coordinates.

    Examples
    --------
    >>> check_position(14.6, 121.0)
    Traceback (most recent call last):
    geo.limits.ShapeError: latitude 121 is beyond 90°: swapped with the longitude?
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise ShapeError("a coordinate is not a number")
    if abs(lat) > 90:
        raise ShapeError(f"latitude {lat:g} is beyond 90°: swapped with the longitude?")
    if abs(lon) > MAX_LON:
        raise ShapeError(f"longitude {lon:g} is not on Earth")


def ring_of(points: Sequence[Sequence[Any]] | Ring) -> Ring:
    """Return a checked, closed ring of points.

    Parameters
    ----------
    points : sequence of (lon, lat) or (lon, lat, height), or ndarray (n, 2)
        Degrees, WGS 84; closed or not.

    Returns
    -------
    ndarray (n, 2)
        Without the heights and without points that repeat the one before.

    Raises
    ------
    ShapeError
        When a point is not a pair of numbers on Earth, or fewer than three differ.
    """
    check_counts(1, len(points))
    ring = _pairs(points)
    if ring is None:  # something is odd about it: find out what
        rows = [_pair(point) for point in points]
        ring = np.array(rows, dtype=np.float64).reshape(-1, 2)
    if not _has_three(ring):
        raise ShapeError("a ring needs at least three different points")
    if (ring[0] != ring[-1]).any():
        ring = np.concatenate([ring, ring[:1]])
    steps = ring[1:] != ring[:-1]
    moved = steps[:, 0] | steps[:, 1]
    return ring if moved.all() else np.concatenate([ring[:1], ring[1:][moved]])


def _has_three(ring: Ring) -> bool:
    """Tell whether a ring has three different points; nearly all begin with three."""
    if len(set(map(tuple, ring[:3].tolist()))) == 3:
        return True
    elsewhere = ring[(ring != ring[:1]).any(axis=1)]
    return bool((elsewhere != elsewhere[:1]).any())


def _pairs(points: Sequence[Any] | Ring) -> Ring | None:
    """Return points at once, if all are plain pairs of numbers on Earth."""
    if isinstance(points, np.ndarray):
        return points if _is_on_earth(points) else None
    are_pairs = all(
        type(point) in (list, tuple) and len(point) == 2 for point in points
    )
    if not are_pairs or not {type(n) for point in points for n in point} <= {
        float,
        int,
    }:
        return None
    try:
        ring = np.array(points, dtype=np.float64).reshape(-1, 2)
    except OverflowError:
        return None
    return ring if _is_on_earth(ring) else None


def _is_on_earth(ring: Ring) -> bool:
    # Nothing that is not a number is at most anything.
    return ring.shape[1:] == (2,) and bool((np.abs(ring) <= _FARTHEST).all())


def _pair(point: Sequence[Any]) -> tuple[float, float]:
    if isinstance(point, str) or not isinstance(point, Sequence | np.ndarray):
        raise ShapeError("a point must be a pair of longitude and latitude")
    if not 2 <= len(point) <= 4:
        raise ShapeError("a point must be a pair of longitude and latitude")
    lon, lat = point[0], point[1]
    for number in (lon, lat):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ShapeError("a coordinate is not a number")
    try:
        pair = float(lon), float(lat)
    except OverflowError:
        raise ShapeError("a coordinate is not a number") from None
    check_position(*pair)
    return pair
