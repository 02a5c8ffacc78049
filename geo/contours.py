"""Lines of equal value on a map, made into the area where the value is at least that.

A line that ends at the map's edge is closed along the edge, on the side where lines of
a higher value are; any other is closed by itself, so pits in the area are filled.
"""

from collections.abc import Mapping, Sequence

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from geo.limits import MAX_RINGS, Ring, ShapeError, check_counts, ring_of
from geo.measuring import union
from geo.shapes import from_ring

_NEAR = 1e-6  # degrees within which a line ends at the edge
Lines = Sequence[Ring]


def lines_of(listed: Sequence[Sequence[Sequence[float]]]) -> tuple[list[Ring], int]:
    """Check lines from outside; return those that can be drawn, and how many cannot."""
    drawn: list[Ring] = []
    check_counts(len(listed), sum(len(line) for line in listed))
    for line in listed:
        try:
            is_closed = list(line[0][:2]) == list(line[-1][:2])
            ring = ring_of([point[:2] for point in line])
        except (ShapeError, TypeError, LookupError):
            continue
        drawn.append(ring if is_closed else ring[:-1])
    return drawn, len(listed) - len(drawn)


def above(level: float, lines: Mapping[float, Lines]) -> MultiPolygon | None:
    """Return where the value is at least a level, as its lines tell; None if nowhere.

    Parameters
    ----------
    level : float
        One of the keys of `lines`.
    lines : mapping of float to lines
        All lines of the map, by value, as `lines_of` returns them.

    Examples
    --------
    >>> import numpy as np
    >>> low = np.array([[0, 3], [9, 3.0]])
    >>> lines = {4: [low], 5: [low + [0, 3]], 6: [np.array([[4, 9], [5, 8], [5, 9.0]])]}
    >>> above(5, lines).bounds
    (0.0, 6.0, 9.0, 9.0)
    """
    drawn = [LineString(ring) for each in lines.values() for ring in each]
    edge = shapely.box(*shapely.total_bounds(drawn)).exterior
    cut = [ring for ring in lines[level] if _is_cut(ring, edge)]
    parts: list[MultiPolygon] = []
    for ring in lines[level]:
        if not _is_cut(ring, edge):
            parts += _shape(Polygon(ring))
    for face in _faces(cut, edge):
        if _is_above(face, level, lines):
            parts += _shape(face)
    return union(parts) if parts else None


def _is_cut(ring: Ring, edge: LineString) -> bool:
    """Tell whether a line is open and both of its ends lie on the map's edge."""
    if (ring[0] == ring[-1]).all():
        return False
    ends = shapely.points(ring[[0, -1]])
    return bool((shapely.distance(ends, edge) <= _NEAR).all())


def _shape(face: Polygon) -> list[MultiPolygon]:
    try:
        return [from_ring(shapely.get_coordinates(face.exterior).tolist())]
    except ShapeError:
        return []


def _faces(cut: Lines, edge: LineString) -> list[Polygon]:
    """Return the pieces into which lines cut the map; none without a line."""
    if not cut:
        return []
    snapped = [shapely.snap(LineString(ring), edge, _NEAR) for ring in cut]
    pieces = shapely.polygonize([shapely.union_all([edge, *snapped])])
    check_counts(len(pieces.geoms), int(shapely.get_num_coordinates(pieces)))
    return [piece for piece in pieces.geoms if isinstance(piece, Polygon)]


def _is_above(face: Polygon, level: float, lines: Mapping[float, Lines]) -> bool:
    """Tell by the other lines in a piece; where none is, rather take it in."""
    if any(_holds(face, lines[each]) for each in lines if each > level):
        return True
    lower = [each for each in lines if each < level]
    return bool(lower) and not any(_holds(face, lines[each]) for each in lower)


def _holds(face: Polygon, lines: Lines) -> bool:
    middles = [ring[len(ring) // 2] for ring in lines[:MAX_RINGS]]
    return bool(
        middles
        and shapely.intersects_xy(
            face, [x for x, _ in middles], [y for _, y in middles]
        ).any()
    )
