"""The area that a handful of points marks out."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, box

from geo.repairing import polygons_of

DEGREE_M = 111_195.0
_WORLD = box(-180, -90, 180, 90)


def hull(points: Sequence[tuple[float, float]], margin_m: float) -> MultiPolygon:
    """Return the convex hull of points on one side of ±180°, with a margin around it.

    Examples
    --------
    >>> [round(v, 2) for v in hull([(10, 0), (10.1, 0)], 1000).bounds]
    [9.99, -0.01, 10.11, 0.01]
    >>> hull([(179.999, 60)], 1000).bounds[2]
    180.0
    """
    places = np.asarray(points, dtype=float)
    narrow = max(np.cos(np.radians(np.abs(places[:, 1]).max())), 0.01)
    flat = shapely.multipoints(places * [narrow, 1.0])
    around = shapely.buffer(shapely.convex_hull(flat), margin_m / DEGREE_M, quad_segs=2)
    drawn = shapely.transform(around, lambda ring: ring / [narrow, 1.0])
    return polygons_of(shapely.intersection(drawn, _WORLD))
