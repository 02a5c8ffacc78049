"""Measure shapes on the ellipsoid, and make them grow, without a projection library."""

import itertools
import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from geo.repairing import polygons_of

# WGS 84: NIMA TR 8350.2, third edition, table 3.1.
EQUATOR_RADIUS_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
_E2 = FLATTENING * (2 - FLATTENING)
# The shortest degree of latitude is at the equator; the ellipsoid's shortest degree of
# longitude, for a cosine, is there too.
SHORTEST_DEGREE_M = math.radians(1) * EQUATOR_RADIUS_M * (1 - _E2)
# The longest degree is one of latitude, at a pole.
LONGEST_DEGREE_M = math.radians(1) * EQUATOR_RADIUS_M / math.sqrt(1 - _E2)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def area_km2(shape: MultiPolygon) -> float:
    """Measure the area that a shape with edges straight in lon/lat has on WGS 84.

    Returns
    -------
    float
        Square kilometres, within a millionth for edges up to 90° long.

    References
    ----------
    Authalic latitude: Snyder (1987), Map Projections: A Working Manual, USGS
    Professional Paper 1395, equation 3-12; the integral along each edge is an
    eight-point Gauss-Legendre sum.

    Examples
    --------
    >>> from shapely.geometry import MultiPolygon, box
    >>> round(area_km2(MultiPolygon([box(-180, -90, 180, 90)])))
    510065622
    """
    total = 0.0
    for part in shape.geoms:
        rings = [part.exterior, *part.interiors]
        areas = [abs(_ring_area_m2(shapely.get_coordinates(ring))) for ring in rings]
        total += areas[0] - sum(areas[1:])
    return total / 1e6


def _ring_area_m2(ring: NDArray[np.float64]) -> float:
    lon, lat = np.radians(ring).T
    along = (np.diff(lat)[:, None] * (_NODES + 1) / 2) + lat[:-1, None]
    sine, e = np.sin(along), math.sqrt(_E2)
    q = (1 - _E2) * (sine / (1 - _E2 * sine**2) + np.arctanh(e * sine) / e)
    mean = (q * _WEIGHTS).sum(axis=1) / 2
    return float((mean * np.diff(lon)).sum() * EQUATOR_RADIUS_M**2 / 2)


def union(shapes: list[MultiPolygon]) -> MultiPolygon:
    """Join shapes into one; those that share an edge become one part."""
    if len(shapes) == 1:
        return shapes[0]
    return polygons_of(shapely.disjoint_subset_union_all(shapes))


def simplified(shape: MultiPolygon, degrees: float) -> MultiPolygon:
    """Leave out corners that stand out less than so many degrees; keep it valid."""
    return polygons_of(shapely.simplify(shape, degrees, preserve_topology=True))


def difference(shape: MultiPolygon, hole: MultiPolygon) -> MultiPolygon:
    """Return what a shape covers and another does not; it may be empty."""
    return polygons_of(shapely.difference(shape, hole))


def grown(shape: MultiPolygon, distance_m: float) -> MultiPolygon:
    """Widen a shape by a distance on all sides, across ±180° and over the poles too.

    Parameters
    ----------
    shape : MultiPolygon
        Longitudes in [-180, 180].
    distance_m : float
        Metres, at most 2,000 km.

    Returns
    -------
    MultiPolygon
        Everything within the distance, and at most 5 % of it more (within some
        distances of a pole: all longitudes).

    Raises
    ------
    ValueError
        For a distance that is negative or too long.

    Examples
    --------
    >>> from shapely.geometry import MultiPolygon, box
    >>> wider = grown(MultiPolygon([box(179, -1, 180, 1)]), 25_000)
    >>> [round(edge, 2) for edge in wider.geoms[0].bounds]
    [-180.0, -1.23, -179.77, 1.23]
    """
    if not 0 <= distance_m <= 2_000_000:
        raise ValueError("a shape can grow by at most 2,000 km")
    if distance_m == 0:
        return shape
    reach = distance_m / SHORTEST_DEGREE_M
    slack = reach * 0.01
    simple = shape.simplify(slack, preserve_topology=True)
    pieces = [
        _wider_band(simple, south, north, reach + slack)
        for south, north in itertools.pairwise(_bands(simple, reach + slack))
    ]
    wide = shapely.union_all([piece for piece in pieces if not piece.is_empty])
    here, west, east = (
        shapely.intersection(wide, shapely.box(left, -90, left + 360, 90))
        for left in (-180, -540, 180)
    )
    return polygons_of(
        shapely.union_all([shape, here, _shifted(west, 360.0), _shifted(east, -360.0)])
    )


def _shifted(shape: object, by: float) -> object:
    return shapely.transform(
        shape,
        lambda points: np.column_stack(
            [np.clip(points[:, 0] + by, -180, 180), points[:, 1]]
        ),
    )


def _bands(shape: MultiPolygon, reach: float) -> list[float]:
    """Slice latitudes so finely that a degree's length is the same within 2 %."""
    _, south, _, north = shape.bounds
    edges = [south]
    while edges[-1] < north:
        lat = edges[-1]
        steep = math.tan(math.radians(min(abs(lat) + reach, 89)))
        step = min(8.0, max(0.25, math.degrees(0.02 / max(steep, 0.02))))
        edges.append(min(north, lat + step))
    return edges


def _wider_band(
    shape: MultiPolygon, south: float, north: float, reach: float
) -> MultiPolygon:
    band = shapely.clip_by_rect(shape, -180, south, 180, north)
    if band.is_empty:
        return band
    farthest = max(abs(south), abs(north)) + reach
    low, high = max(-90.0, south - reach), min(90.0, north + reach)
    if farthest > 89:  # so near a pole, a metre is many degrees of longitude
        return shapely.box(-180, low, 180, high)
    squeeze = math.cos(math.radians(farthest))
    flat = shapely.transform(band, lambda points: points * [squeeze, 1])
    # The 32 corners of a rounded end lie on the circle; push its sides out to it.
    wide = flat.buffer(reach / math.cos(math.pi / 32), quad_segs=8)
    back = shapely.transform(wide, lambda points: points / [squeeze, 1])
    return shapely.clip_by_rect(back, -540, -90, 540, 90)
