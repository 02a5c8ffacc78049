"""Shapes from outside, made safe: GeoJSON, KML, WKT, CAP polygons and drawn rings.

Every shape in Muster is a shapely MultiPolygon: WGS 84, longitude before latitude,
longitudes in [-180, 180], cut at ±180°, valid; its edges are straight in lon/lat (RFC
7946) and its boundary belongs to it. Whoever reads untrusted input calls these
functions in a child process that can be killed.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from geo import kml, pairs
from geo.cutting import laid_flat, unwrapped
from geo.limits import (
    MAX_BYTES,
    Ring,
    ShapeError,
    check_counts,
    check_size,
    ring_of,
)
from geo.measuring import area_km2, difference, grown, simplified, union
from geo.repairing import not_empty, polygons_of, valid

__all__ = [
    "ShapeError",
    "area_km2",
    "difference",
    "from_cap_polygon",
    "from_geojson",
    "from_geojson_file",
    "from_kml",
    "from_ring",
    "from_wkt",
    "grown",
    "simplified",
    "to_geojson",
    "union",
]

_DECIMALS = 6  # a tenth of a metre
_MAX_DEPTH = 6
_WKT_START = re.compile(
    r"\s*(?:SRID\s*=\s*4326\s*;)?\s*((?:MULTI)?POLYGON|GEOMETRYCOLLECTION)\b", re.I
)


def from_geojson(value: dict[str, Any]) -> MultiPolygon:
    """Read a shape from GeoJSON.

    Parameters
    ----------
    value : dict
        A Polygon, MultiPolygon or GeometryCollection of them, a Feature or a
        FeatureCollection.

    Raises
    ------
    ShapeError
        With what is wrong in plain words, when there is no polygon or a limit of
        `geo.limits` is passed.

    References
    ----------
    RFC 7946, The GeoJSON Format.

    Examples
    --------
    >>> ring = [[177, -16], [-178, -16], [-178, -19], [177, -19], [177, -16]]
    >>> fiji = from_geojson({"type": "Polygon", "coordinates": [ring]})
    >>> [part.bounds for part in fiji.geoms]
    [(177.0, -19.0, 180.0, -16.0), (-180.0, -19.0, -178.0, -16.0)]
    """
    polygons = list(_polygons(value, _MAX_DEPTH))
    if not polygons:
        raise ShapeError("there is no polygon in it")
    return _joined(polygons)


def from_geojson_texts(texts: Sequence[str]) -> list[MultiPolygon]:
    """Read many shapes from texts that hold what `to_geojson` wrote.

    What is plain and valid already, as nearly all is that was written here, is read by
    GEOS at once; the rest as `from_geojson` reads it. Both cover the same ground.

    Parameters
    ----------
    texts : sequence of str
        A GeoJSON geometry each.

    Raises
    ------
    ShapeError
        As `from_geojson` does.

    Examples
    --------
    >>> ring = "[[0, 0], [1, 0], [1, 1], [0, 0]]"
    >>> text = f'{{"type": "Polygon", "coordinates": [{ring}]}}'
    >>> [shape.area for shape in from_geojson_texts([text, text])]
    [0.5, 0.5]
    """
    if not texts:
        return []
    read = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
    plain = _are_plain(read)
    return [
        polygons_of(read[row]) if plain[row] else from_geojson(json.loads(texts[row]))
        for row in range(len(texts))
    ]


def _are_plain(read: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which geometries are valid areas as they are, with no step beyond 180°."""
    kinds = shapely.get_type_id(read)
    is_area = (kinds == shapely.GeometryType.POLYGON) | (
        kinds == shapely.GeometryType.MULTIPOLYGON
    )
    plain: NDArray[np.bool_] = (
        is_area & shapely.is_valid(read) & ~shapely.is_empty(read)
    )
    points, owners = shapely.get_coordinates(read, return_index=True)
    beyond = (np.abs(points) > [180.0, 90.0]).any(axis=1)
    leaps = (owners[1:] == owners[:-1]) & (np.abs(np.diff(points[:, 0])) >= 180)
    plain[owners[beyond]] = False
    plain[owners[1:][leaps]] = False
    return plain


def from_geojson_file(document: bytes) -> MultiPolygon:
    """Read the polygons of an uploaded GeoJSON file; pins and lines are passed over.

    Parameters
    ----------
    document : bytes
        A GeoJSON text in UTF-8 of at most `MAX_BYTES`, such as a FeatureCollection.

    Raises
    ------
    ShapeError
        When it is not JSON, or as `from_geojson` does.

    Examples
    --------
    >>> ring = "[[0, 0], [1, 0], [1, 1], [0, 0]]"
    >>> polygon = f'{{"type": "Polygon", "coordinates": [{ring}]}}'
    >>> from_geojson_file(polygon.encode()).bounds
    (0.0, 0.0, 1.0, 1.0)
    """
    if len(document) > MAX_BYTES:
        raise ShapeError(
            f"the file has {len(document):,} bytes; {MAX_BYTES:,} are the limit"
        )
    try:
        value = json.loads(document.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ShapeError("it is not a GeoJSON text") from None
    if isinstance(value, dict) and isinstance(value.get("features"), list):
        value |= {"features": [each for each in value["features"] if _has_area(each)]}
    return from_geojson(value)


def _has_area(feature: Any) -> bool:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    return str(kind) not in {
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "None",
    }


def from_kml(document: bytes) -> MultiPolygon:
    """Read the polygons of a KML file; pins, lines and links are passed over.

    Parameters
    ----------
    document : bytes
        The file, of at most `MAX_BYTES`; not a zipped KMZ.

    Raises
    ------
    ShapeError
        With what is wrong in plain words: not KML, a document type in it, no polygon,
        or a limit of `geo.limits` is passed.

    References
    ----------
    OGC 12-007r2, KML 2.3; read by `geo.kml`.
    """
    polygons = kml.polygons_of(document)
    if not polygons:
        raise ShapeError("there is no polygon in it")
    return _joined(polygons)


def from_ring(points: Sequence[Sequence[float]]) -> MultiPolygon:
    """Read a shape from the corners of one ring, longitude before latitude.

    Raises
    ------
    ShapeError
        When a corner is not on Earth, or the ring has no area.

    Examples
    --------
    >>> round(area_km2(from_ring([(0, 0), (1, 0), (1, 1), (0, 1)])))
    12308
    """
    return _joined([[points]])


def crossing_of(points: Sequence[Sequence[float]]) -> list[float] | None:
    """Return where a ring first crosses or touches itself, or None.

    Parameters
    ----------
    points : sequence of (lon, lat)
        The corners of a ring that `from_ring` has taken.

    Examples
    --------
    >>> crossing_of([(0, 0), (1, 1), (1, 0), (0, 1)])
    [0.5, 0.5]
    """
    ring, turn = unwrapped(_rings([points])[0])
    said = shapely.is_valid_reason(Polygon(ring))
    found = re.fullmatch(r".*self-intersection\[(\S+) (\S+)\]", said, re.IGNORECASE)
    if turn or found is None:
        return None
    return [(float(found[1]) + 180) % 360 - 180, float(found[2])]


def from_cap_polygon(text: str) -> MultiPolygon:
    """Read a polygon of the Common Alerting Protocol: `lat,lon lat,lon …`.

    Raises
    ------
    ShapeError
        When a pair is not two numbers, or the ring is none.

    References
    ----------
    OASIS (2010), Common Alerting Protocol 1.2, section 3.2.4, `polygon`.

    Examples
    --------
    >>> from_cap_polygon("-16,179 -16,-178 -19,-178 -19,179 -16,179").bounds
    (-180.0, -19.0, 180.0, -16.0)
    """
    check_size(text)
    return _joined([[pairs.corners_of(text)]])


def from_wkt(text: str) -> MultiPolygon:
    """Read a POLYGON, MULTIPOLYGON or GEOMETRYCOLLECTION of Well-Known Text.

    Raises
    ------
    ShapeError
        When it is anything else.

    References
    ----------
    OGC 06-103r4, Simple Feature Access, part 1, section 7.

    Examples
    --------
    >>> from_wkt("POLYGON ((0 0, 1 0, 1 1, 0 0))").bounds
    (0.0, 0.0, 1.0, 1.0)
    """
    check_size(text)
    start = _WKT_START.match(text)
    if not start:
        raise ShapeError("it is not a POLYGON or MULTIPOLYGON in WGS 84")
    if _depth(text) > _MAX_DEPTH:
        raise ShapeError("the shape is nested too deeply")
    try:
        shape = shapely.from_wkt(text[start.start(1) :])
    except shapely.errors.GEOSException as error:
        raise ShapeError(f"the text cannot be read: {str(error)[:120]}") from None
    return from_geojson(shapely.geometry.mapping(shape))


def to_geojson(shape: MultiPolygon) -> dict[str, Any]:
    """Write a shape as a GeoJSON MultiPolygon with 6 decimals (0.1 m).

    Examples
    --------
    >>> to_geojson(from_ring([(0, 0), (1, 0), (1, 1)]))["coordinates"]
    [[[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]]
    """
    turned = shapely.orient_polygons(shape)
    if shapely.get_num_geometries(turned) == 1 and not _has_holes(turned):
        points = np.round(shapely.get_coordinates(turned), _DECIMALS).tolist()
        return {"type": "MultiPolygon", "coordinates": [[points]]}
    parts = shapely.get_parts(turned)
    rings, owners = shapely.get_rings(parts, return_index=True)
    points = np.round(shapely.get_coordinates(rings), _DECIMALS).tolist()
    polygons: list[list[Any]] = [[] for _ in parts]
    end = 0
    counts = shapely.get_num_coordinates(rings).tolist()
    for owner, count in zip(owners.tolist(), counts, strict=True):
        polygons[owner].append(points[end : end + count])
        end += count
    return {"type": "MultiPolygon", "coordinates": polygons}


def _has_holes(shape: MultiPolygon) -> bool:
    """Tell whether the first part has holes."""
    return bool(shapely.get_num_interior_rings(shapely.get_geometry(shape, 0)))


def _depth(text: str) -> int:
    depth = deepest = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    return deepest


def _polygons(value: Any, depth: int) -> Iterator[Any]:
    """Yield the rings of every polygon in a GeoJSON value."""
    if not isinstance(value, dict) or depth == 0:
        raise ShapeError("it is not a GeoJSON object")
    kind = value.get("type")
    if kind == "Polygon":
        yield _listed(value, "coordinates")
    elif kind == "MultiPolygon":
        yield from _listed(value, "coordinates")
    elif kind == "Feature":
        yield from _polygons(value.get("geometry"), depth - 1)
    elif kind in ("FeatureCollection", "GeometryCollection"):
        name = "features" if kind == "FeatureCollection" else "geometries"
        for each in _listed(value, name):
            yield from _polygons(each, depth - 1)
    else:
        # A name from outside may hold what no page can be written with.
        name = ascii(kind)[:40] if not str(kind).isprintable() else str(kind)[:40]
        raise ShapeError(f"a {name} has no area; a polygon is needed")


def _listed(value: dict[str, Any], name: str) -> Sequence[Any]:
    found = value.get(name)
    if not isinstance(found, list | tuple):
        raise ShapeError(f"“{name}” must be a list")
    return found


def _joined(polygons: list[Any]) -> MultiPolygon:
    """Check all rings, lay each polygon flat, and make one valid shape of them."""
    checked = [_rings(polygon) for polygon in polygons]
    check_counts(
        sum(len(rings) for rings in checked),
        sum(len(ring) for rings in checked for ring in rings),
    )
    flat = [laid_flat(shell, holes) for shell, *holes in checked]
    if len(flat) == 1:  # it is mended already, and meets no other one
        return not_empty(flat[0])
    return valid(part for shape in flat for part in shape.geoms)


def _rings(polygon: Any) -> list[Ring]:
    if not isinstance(polygon, list | tuple) or not polygon:
        raise ShapeError("a polygon needs a list of rings")
    for ring in polygon:
        if not isinstance(ring, list | tuple | np.ndarray):
            raise ShapeError("a ring must be a list of points")
    check_counts(len(polygon), sum(len(ring) for ring in polygon))
    return [ring_of(ring) for ring in polygon]
