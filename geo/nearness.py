"""Measure how far points are from a shape."""

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon

from geo.cells import contains
from geo.circles import distances_m
from geo.measuring import LONGEST_DEGREE_M, SHORTEST_DEGREE_M

_BAND_DEG = 0.5


def distances_to(
    shape: MultiPolygon, lons: ArrayLike, lats: ArrayLike, within_m: float
) -> NDArray[np.float64]:
    """Measure the geodesics from points to the nearest place of a shape.

    Parameters
    ----------
    shape : MultiPolygon
        Longitudes in [-180, 180].
    lons, lats : array_like (n,)
        Degrees, WGS 84.
    within_m : float
        Metres; what is farther need not be found.

    Returns
    -------
    ndarray (n,)
        Metres, never too short and at most 1 % too long; 0 inside, infinity where
        nothing of the shape is within the distance.

    Notes
    -----
    The nearest place is found on a plane that is true to scale at the point's latitude.
    Within 50 km of a pole, what is nearest across the pole is not found.

    Examples
    --------
    >>> from shapely.geometry import MultiPolygon, box
    >>> fiji = MultiPolygon([box(177, -19, 180, -16)])
    >>> distances_to(fiji, [178, -179.9, 0], [-17, -17, 0], 25_000).round().tolist()
    [0.0, 10649.0, inf]
    """
    lon = np.asarray(lons, dtype=np.float64)
    lat = np.asarray(lats, dtype=np.float64)
    found = np.where(contains(shape, lon, lat), 0.0, np.inf)
    outside = np.flatnonzero(found > 0)
    if not len(outside):
        return found
    edges = _edges(shape)
    bands = np.floor(lat[outside] / _BAND_DEG)
    for band in np.unique(bands):
        some = outside[bands == band]
        found[some] = _to_edges(edges, lon[some], lat[some], within_m)
    found[found > within_m] = np.inf
    return found


def touched_by(
    shape: MultiPolygon, lons: ArrayLike, lats: ArrayLike, radii_m: ArrayLike
) -> NDArray[np.bool_]:
    """Tell which discs touch a shape, or lie in it.

    Parameters
    ----------
    shape : MultiPolygon
        Longitudes in [-180, 180].
    lons, lats : array_like (n,)
        The middles in degrees, WGS 84.
    radii_m : array_like (n,)
        Metres, at most 100 km.

    Returns
    -------
    ndarray (n,) of bool
        As `distances_to` measures it.

    Examples
    --------
    >>> from shapely.geometry import MultiPolygon, box
    >>> fiji = MultiPolygon([box(177, -19, 180, -16)])
    >>> touched_by(fiji, [-179.9, -179.9], [-17, -17], [10_000, 11_000]).tolist()
    [False, True]
    """
    lon = np.asarray(lons, dtype=np.float64)
    lat = np.asarray(lats, dtype=np.float64)
    radii = np.asarray(radii_m, dtype=np.float64)
    found = contains(shape, lon, lat)
    if not radii.any():
        return found
    # A degree of longitude is at most as long as the longest degree, and at least as
    # long as at the disc's end nearest to a pole: certain on one side, possible on the
    # other, and only what is possible is measured.
    sure = radii / LONGEST_DEGREE_M
    reach = radii / SHORTEST_DEGREE_M
    wide = reach / np.cos(np.radians(np.minimum(np.abs(lat) + reach, 89.5)))
    out = np.flatnonzero(~found)
    out = out[_within_degrees(shape, lon[out], lat[out], wide[out])]
    certain = _within_degrees(shape, lon[out], lat[out], sure[out])
    found[out[certain]] = True
    open_ = out[~certain]
    if len(open_):
        farthest = float(radii[open_].max())
        away = distances_to(shape, lon[open_], lat[open_], farthest)
        found[open_] = away <= radii[open_]
    return found


def _within_degrees(
    shape: MultiPolygon,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    degrees: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell which points are so near on the flat map, on either side of ±180°."""
    shapely.prepare(shape)
    found: NDArray[np.bool_] = shapely.dwithin(shape, shapely.points(lon, lat), degrees)
    for turn in (-360.0, 360.0):
        other = np.flatnonzero(~found & (np.abs(lon + turn) <= 180 + degrees))
        if len(other):
            spots = shapely.points(lon[other] + turn, lat[other])
            found[other] = shapely.dwithin(shape, spots, degrees[other])
    return found


def _edges(shape: MultiPolygon) -> NDArray[np.float64]:
    """Return (n, 2, 2) ends of edges, also as seen from the other side of ±180°."""
    points, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(shape)), return_index=True
    )
    edges = np.stack([points[:-1], points[1:]], axis=1)[ring[:-1] == ring[1:]]
    shifts = np.array([[0.0, 0.0], [-360.0, 0.0], [360.0, 0.0]])
    return np.concatenate([edges + shift for shift in shifts])


def _to_edges(
    edges: NDArray[np.float64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    within_m: float,
) -> NDArray[np.float64]:
    """Measure from points of one narrow band of latitude."""
    reach = within_m / SHORTEST_DEGREE_M
    squeeze = max(np.cos(np.radians(lat.mean())), 1e-3)
    wide = reach / squeeze * 1.5
    low, high = edges.min(axis=1), edges.max(axis=1)
    near = (
        (high[:, 0] >= lon.min() - wide)
        & (low[:, 0] <= lon.max() + wide)
        & (high[:, 1] >= lat.min() - reach)
        & (low[:, 1] <= lat.max() + reach)
    )
    if not near.any():
        return np.full(len(lon), np.inf)
    scale = np.array([squeeze, 1.0])
    lines = shapely.linestrings(edges[near] * scale)
    spots = shapely.points(np.column_stack([lon, lat]) * scale)
    nearest = lines[shapely.STRtree(lines).nearest(spots)]
    paths = shapely.get_coordinates(shapely.shortest_line(spots, nearest))
    feet = paths.reshape(-1, 2, 2)[:, 1] / scale
    return distances_m(lon, lat, feet[:, 0], np.clip(feet[:, 1], -90, 90))
