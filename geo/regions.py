"""First-level regions: their names, their approximate outlines, which one is where.

A region's code is that of ISO 3166-2 (`CR-G`) where its name has one, else GeoNames'
(`NI.08`). Outlines are derived, not surveyed: a point of a country counts to the region
of the nearest of 230,000 towns, so that a border is off by up to half the distance
between towns, some 2 km in Germany and 100 km in a desert (geo/data/SOURCES.md). The
file is read once, when it is first asked for.
"""

import bisect
import functools
import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Polygon

from geo.countries import fold
from geo.limits import ShapeError

DATA = Path(__file__).parent / "data"
_STEPS = 1000  # of a degree
_Rings = list[list[list[int]]]


def regions(country: str) -> dict[str, str]:
    """Return the regions of a country: code → name, in the order of the names.

    Examples
    --------
    >>> regions("CR")["CR-G"], regions("ZZ")
    ('Guanacaste', {})
    """
    own = {
        code: name for code, (name, _) in _all().items() if country_of(code) == country
    }
    return dict(sorted(own.items(), key=lambda each: fold(each[1])))


def country_of(code: str) -> str:
    """Return the country of a region's code."""
    return code[:2]


def region_name(code: str) -> str:
    """Return a region's name, or its code where there is none."""
    return _all()[code][0] if code in _all() else code


@functools.cache
def region_shape(code: str) -> MultiPolygon:
    """Return a region's approximate outline, cut at ±180°.

    Raises
    ------
    ShapeError
        When there is no region of that code.
    """
    if code not in _all():
        raise ShapeError(f"there is no outline of the region {code[:12]!r}")
    return MultiPolygon([Polygon(*_rings(polygon)) for polygon in _all()[code][1]])


def region_at(lon: float, lat: float) -> str:
    """Return the code of the region at a point, or "" where there is none.

    Examples
    --------
    >>> region_at(-85.44, 10.63), region_at(-140, 0)
    ('CR-G', '')
    """
    return str(regions_at([lon], [lat])[0])


def regions_at(lons: ArrayLike, lats: ArrayLike) -> NDArray[np.str_]:
    """Return the code of the region at each of many points.

    Parameters
    ----------
    lons, lats : array_like (n,)
        Degrees, WGS 84.

    Returns
    -------
    ndarray (n,)
        "" where there is none: at sea, and in countries without regions.
    """
    tree, codes = _tree()
    spots = shapely.points(np.asarray(lons, float), np.asarray(lats, float))
    found, parts = tree.query(spots, predicate="intersects")
    at = np.full(len(spots), "", "U8")
    at[found[::-1]] = codes[parts[::-1]]
    return at


def regions_in(shape: MultiPolygon) -> list[str]:
    """Return the codes of the regions that a shape touches, in their order."""
    tree, codes = _tree()
    touched = codes[tree.query(shape, predicate="intersects")]
    return sorted(set(touched.tolist()))


def region_centre(code: str) -> tuple[float, float]:
    """Return longitude and latitude of a point in the middle of the largest part.

    Raises
    ------
    ShapeError
        When there is no region of that code.
    """
    largest = max(region_shape(code).geoms, key=lambda part: part.area)
    middle = largest.centroid
    if not largest.contains(middle):
        middle = largest.representative_point()
    return round(middle.x, 4), round(middle.y, 4)


def codes_like(text: str) -> list[str]:
    """Return the regions whose folded name begins with a text, the same name first.

    Examples
    --------
    >>> codes_like("guanac")
    ['CR-G']
    """
    if len(text) < 3:
        return []
    names = _folded()
    first = bisect.bisect_left(names, (text,))
    begun = itertools.takewhile(
        lambda row: row[0].startswith(text), itertools.islice(names, first, None)
    )
    found = [(name != text, code) for name, code in begun]
    return [code for _, code in sorted(found)]


def _rings(polygon: _Rings) -> tuple[list[list[float]], list[list[list[float]]]]:
    shell, *holes = (
        (np.cumsum(np.reshape(ring, (-1, 2)), axis=0) / _STEPS).tolist()
        for ring in polygon
    )
    return shell, holes


@functools.cache
def _all() -> dict[str, tuple[str, list[_Rings]]]:
    text = gzip.decompress((DATA / "regions.json.gz").read_bytes())
    return {
        code: (name, polygons) for code, (name, polygons) in json.loads(text).items()
    }


@functools.cache
def _folded() -> list[tuple[str, str]]:
    """Return folded names with their codes, in the order of the names."""
    return sorted((fold(name), code) for code, (name, _) in _all().items())


@functools.cache
def _tree() -> tuple[shapely.STRtree, NDArray[np.str_]]:
    """Return a tree of the parts of all regions, and the code of each."""
    parts = [(part, code) for code in _all() for part in region_shape(code).geoms]
    codes = np.array([code for _, code in parts], "U8")
    return shapely.STRtree([part for part, _ in parts]), codes
