"""Distances and circles on the ellipsoid WGS 84."""

import math
from functools import lru_cache

import numpy as np
from geographiclib.geodesic import Geodesic
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon

from geo.cutting import laid_flat
from geo.limits import ShapeError, check_position
from geo.measuring import EQUATOR_RADIUS_M, FLATTENING

MAX_RADIUS_M = 5_000_000.0
_CORNERS = 256
_POLAR_CORNERS = 1024
_B = EQUATOR_RADIUS_M * (1 - FLATTENING)


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Measure the geodesic between two points.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : float
        Degrees, WGS 84.

    Returns
    -------
    float
        Metres, within 15 nanometres.

    References
    ----------
    Karney (2013), Algorithms for geodesics, J. Geodesy 87, 43-55.

    Examples
    --------
    >>> round(distance_m(179.9, -17, -179.9, -17))
    21297
    """
    line = Geodesic.WGS84.Inverse(lat1, lon1, lat2, lon2, Geodesic.DISTANCE)
    return float(line["s12"])


def distances_m(
    lon: ArrayLike, lat: ArrayLike, lons: ArrayLike, lats: ArrayLike
) -> NDArray[np.float64]:
    """Measure the geodesics from one point to many, or between pairs of points.

    Parameters
    ----------
    lon, lat : float or ndarray (n,)
        Degrees, WGS 84.
    lons, lats : ndarray (n,)
        Degrees, WGS 84.

    Returns
    -------
    ndarray (n,)
        Metres, within a millimetre.

    References
    ----------
    Vincenty (1975), Survey Review 23 (176), 88-93; where that does not converge (points
    nearly opposite on Earth) Karney's method takes over.

    Examples
    --------
    >>> distances_m(0, 0, [0, 180], [1, 0]).round().tolist()
    [110574.0, 20003931.0]
    """
    one, two, three, four = np.broadcast_arrays(
        *(np.asarray(each, dtype=np.float64) for each in (lon, lat, lons, lats))
    )
    found, sure = _vincenty(one, two, three, four)
    for index in np.flatnonzero(~sure):
        found[index] = distance_m(one[index], two[index], three[index], four[index])
    return found


def _vincenty(
    lon1: NDArray[np.float64],
    lat1: NDArray[np.float64],
    lon2: NDArray[np.float64],
    lat2: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return distances, and where the iteration converged."""
    turn = np.radians((lon2 - lon1 + 180) % 360 - 180)
    u1, u2 = (
        np.arctan((1 - FLATTENING) * np.tan(np.radians(lat))) for lat in (lat1, lat2)
    )
    sin1, cos1, sin2, cos2 = np.sin(u1), np.cos(u1), np.sin(u2), np.cos(u2)
    lam, moved = turn.copy(), np.ones_like(turn)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(20):
            sine, cosine = np.sin(lam), np.cos(lam)
            sin_s = np.hypot(cos2 * sine, cos1 * sin2 - sin1 * cos2 * cosine)
            cos_s = sin1 * sin2 + cos1 * cos2 * cosine
            sigma = np.arctan2(sin_s, cos_s)
            sin_a = np.where(sin_s == 0, 0.0, cos1 * cos2 * sine / sin_s)
            cos2_a = 1 - sin_a**2
            mid = np.where(cos2_a < 1e-15, 0.0, cos_s - 2 * sin1 * sin2 / cos2_a)
            after = turn + _lag(cos2_a, sin_a, sigma, mid)
            moved, lam = np.abs(after - lam), after
            if not np.any(moved > 1e-12):
                break
    a, b = _series(cos2_a)
    delta = _bend(b, mid, sin_s, cos_s)
    sure = (moved <= 1e-12) & (np.abs(lam) <= math.pi) & (np.abs(turn) < 3.1)
    return np.atleast_1d(_B * a * (sigma - delta)), np.atleast_1d(sure)


Numbers = NDArray[np.float64]


def _series(cos2_a: Numbers) -> tuple[Numbers, Numbers]:
    """Return Vincenty's A and B of geodesics by the square of cos α at the equator."""
    square = cos2_a * (EQUATOR_RADIUS_M**2 - _B**2) / _B**2
    a = 1 + square / 16384 * (4096 + square * (square * (320 - 175 * square) - 768))
    b = square / 1024 * (256 + square * (square * (74 - 47 * square) - 128))
    return a, b


def _bend(b: Numbers, mid: Numbers, sin_s: Numbers, cos_s: Numbers) -> Numbers:
    """Return Vincenty's Δσ: what an arc on the ellipsoid is longer, in radians."""
    third = b / 6 * mid * (4 * sin_s**2 - 3) * (4 * mid**2 - 3)
    return b * sin_s * (mid + b / 4 * (cos_s * (2 * mid**2 - 1) - third))


def _lag(cos2_a: Numbers, sin_a: Numbers, sigma: Numbers, mid: Numbers) -> Numbers:
    """Return λ - L: how longitude on the sphere runs ahead, in radians."""
    c = FLATTENING / 16 * cos2_a * (4 + FLATTENING * (4 - 3 * cos2_a))
    sin_s, cos_s = np.sin(sigma), np.cos(sigma)
    along = sigma + c * sin_s * (mid + c * cos_s * (2 * mid**2 - 1))
    return (1 - c) * FLATTENING * sin_a * along


def circle(lon: float, lat: float, radius_m: float) -> MultiPolygon:
    """Draw a geodesic circle that misses no point inside.

    Parameters
    ----------
    lon, lat : float
        The centre in degrees, WGS 84.
    radius_m : float
        Metres, above 0 and at most `MAX_RADIUS_M`.

    Returns
    -------
    MultiPolygon
        256 corners (1,024 near a pole) around the circle, cut at ±180°. It reaches at
        most 0.1 % beyond the radius; a circle that ends within 5 % of its radius of a
        pole takes the pole in and reaches at most 8 % beyond the radius.

    Raises
    ------
    ShapeError
        For a centre that is not on Earth or a radius out of range.

    Examples
    --------
    >>> fiji = circle(179.9, -17, 100_000)
    >>> len(fiji.geoms), fiji.bounds[0], fiji.bounds[2]
    (2, -180.0, 180.0)
    """
    check_position(lon, lat)
    if not 0 < radius_m <= MAX_RADIUS_M:
        raise ShapeError(
            f"a radius must be above 0 and at most {MAX_RADIUS_M / 1000:,.0f} km"
        )
    lon = (lon + 180) % 360 - 180
    pole = math.copysign(90.0, lat)
    to_pole = _to_pole_m(lat)
    corners = _POLAR_CORNERS if to_pole < 1.5 * radius_m else _CORNERS
    edge = 2 * math.pi * radius_m / corners
    sagitta = edge**2 / (8 * radius_m)
    gap = to_pole - radius_m
    if abs(gap) < 8 * edge:
        reach = max(radius_m + sagitta, to_pole + 4 * edge)
    else:
        # Twice what a chord cuts off on a plane and, towards a pole, on the flat map.
        reach = radius_m + 2 * sagitta * (1 + radius_m / abs(gap)) + 0.5
    ring = _around(lon, lat, reach, corners)
    return laid_flat(ring, [], pole)


def _to_pole_m(lat: float) -> float:
    """Return the distance to the nearer pole in metres, within a micrometre.

    References
    ----------
    Helmert's series for the meridian arc: Kawase (2011), Bulletin of the Geospatial
    Information Authority of Japan 59, 1-13, equation 4, to the fourth power of n.
    """
    n = FLATTENING / (2 - FLATTENING)
    far, two = math.radians(90 - abs(lat)), 2 * math.radians(abs(lat))
    waves = (
        1.5 * (n - n**3 / 8) * math.sin(two)
        - 15 / 16 * (n**2 - n**4 / 4) * math.sin(2 * two)
        + 35 / 48 * n**3 * math.sin(3 * two)
        - 315 / 512 * n**4 * math.sin(4 * two)
    )
    mean = EQUATOR_RADIUS_M / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    return mean * far + EQUATOR_RADIUS_M / (1 + n) * waves


def _around(
    lon: float, lat: float, radius_m: float, corners: int
) -> NDArray[np.float64]:
    """Return a closed ring of corners at one distance from a point, within 1 mm.

    References
    ----------
    Vincenty (1975), Survey Review 23 (176), 88-93: the direct formula, which always
    converges.
    """
    sin_c, cos_c = _courses(corners)
    reduced = math.atan((1 - FLATTENING) * math.tan(math.radians(lat)))
    sin1, cos1 = math.sin(reduced), math.cos(reduced)
    sin_a = cos1 * sin_c
    cos2_a = 1 - sin_a**2
    a, b = _series(cos2_a)
    twice_start = 2 * np.arctan2(sin1, cos1 * cos_c)
    sigma = least = radius_m / (_B * a)
    for _ in range(12):
        mid = np.cos(twice_start + sigma)
        before, sigma = sigma, least + _bend(b, mid, np.sin(sigma), np.cos(sigma))
        if np.abs(sigma - before).max() < 1e-13:  # less than a micrometre
            break
    sin_s, cos_s, mid = np.sin(sigma), np.cos(sigma), np.cos(twice_start + sigma)
    across = np.hypot(sin_a, sin1 * sin_s - cos1 * cos_s * cos_c)
    north = np.arctan2(sin1 * cos_s + cos1 * sin_s * cos_c, (1 - FLATTENING) * across)
    lam = np.arctan2(sin_s * sin_c, cos1 * cos_s - sin1 * sin_s * cos_c)
    east = np.degrees(lam - _lag(cos2_a, sin_a, sigma, mid))
    # The western half is the eastern one in a mirror.
    lons = (lon + np.concatenate((east, -east[-2::-1])) + 180) % 360 - 180
    lats = np.degrees(north)
    ring = np.column_stack((lons, np.concatenate((lats, lats[-2::-1]))))
    ring[-1] = ring[0]
    return ring


@lru_cache(2)
def _courses(corners: int) -> tuple[Numbers, Numbers]:
    """Return sines and cosines of the courses north to south by the east."""
    course = 2 * math.pi * np.arange(corners // 2 + 1) / corners
    return np.sin(course), np.cos(course)
