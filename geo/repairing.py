"""Mend polygons that touch or cross themselves; refuse what would take too long."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from geo.limits import ShapeError, check_counts

# Mending takes time with the square of the crossings: 1,000 take some 5 ms, the 4,949
# of a star with 101 points 30 ms (and 6.5 s by GEOS' other method, `linework`).
MAX_CROSSINGS = 1_000
# Pairs of edges whose boxes meet; more would keep the count itself busy for seconds.
MAX_PAIRS = 2_000_000
UNCHECKED_VERTICES = 5_000
RUN = 16  # edges whose boxes are looked at as one first

Edges = NDArray[np.float64]


def valid(polygons: Iterable[Polygon]) -> MultiPolygon:
    """Return what `mended` returns, and refuse an empty one.

    Raises
    ------
    ShapeError
        When nothing has an area, or mending would take too long.
    """
    return not_empty(mended(polygons))


def not_empty(shape: MultiPolygon) -> MultiPolygon:
    """Return a shape that has an area.

    Raises
    ------
    ShapeError
        When it has none.
    """
    if shape.is_empty or shape.area == 0:
        raise ShapeError("the shape has no area")
    return shape


def mended(polygons: Iterable[Polygon]) -> MultiPolygon:
    """Return the union of polygons as valid geometry, what is drawn twice included.

    Parameters
    ----------
    polygons : iterable of Polygon
        They may cross themselves and each other.

    Raises
    ------
    ShapeError
        When the edges cross each other more than `MAX_CROSSINGS` times.

    Notes
    -----
    A place that a ring winds around twice, such as the middle of a five-pointed star,
    stays inside: better to warn too many than to cut a hole where people are.
    """
    shape = MultiPolygon(list(polygons))
    check_counts(
        sum(1 + len(part.interiors) for part in shape.geoms),
        int(shapely.get_num_coordinates(shape)),
    )
    is_large = shapely.get_num_coordinates(shape) > UNCHECKED_VERTICES
    if is_large:  # even to ask GEOS whether it is valid could take a minute
        _refuse_tangled(shape)
    if not shape.is_valid:
        if not is_large:
            _refuse_tangled(shape)
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return polygons_of(shape)


def polygons_of(shape: Any) -> MultiPolygon:
    """Keep the polygons of any geometry; lines and points have no area."""
    if isinstance(shape, MultiPolygon):
        return shape
    parts = [
        part
        for each in shapely.get_parts(shape).tolist()
        for part in shapely.get_parts(each).tolist()
    ]
    return MultiPolygon(
        [part for part in parts if isinstance(part, Polygon) and not part.is_empty]
    )


def _refuse_tangled(shape: MultiPolygon) -> None:
    if count_crossings(shape) > MAX_CROSSINGS:
        raise ShapeError(
            f"the outline crosses or nears itself more than {MAX_CROSSINGS:,} times; "
            "draw it again with fewer corners"
        )


def count_crossings(shape: MultiPolygon) -> int:
    """Count how often edges cross other edges, up to a little over `MAX_CROSSINGS`.

    Edges that only touch, or share a stretch, do not count. Where the boxes of more
    than `MAX_PAIRS` pairs of edges meet, the answer is above `MAX_CROSSINGS` too.
    """
    ends = _edges(shape)
    edges = shapely.linestrings(ends)
    tree = shapely.STRtree(edges)
    crossings = pairs = 0
    for start, stop in _batches(ends):
        left, right = tree.query(edges[start:stop])
        later = right > left + start
        left, right = left[later], right[later]
        pairs += len(left)
        crossings += int(_crosses(ends[left + start], ends[right]).sum())
        if crossings > MAX_CROSSINGS or pairs > MAX_PAIRS:
            return max(crossings, MAX_CROSSINGS + 1)
    return crossings


def _batches(ends: Edges) -> Iterator[tuple[int, int]]:
    """Part edges so that the pairs whose boxes meet fit into memory, a part at a time.

    How many these can be is known from the boxes of runs of edges; those of a plain
    outline meet few others, those of a tangle all.
    """
    starts = np.arange(0, len(ends), RUN)
    low = np.minimum.reduceat(ends.min(axis=1), starts)
    high = np.maximum.reduceat(ends.max(axis=1), starts)
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    meeting = np.bincount(shapely.STRtree(boxes).query(boxes)[0], minlength=len(boxes))
    begun, most = 0, 0
    for start, number in zip(starts.tolist(), meeting.tolist(), strict=True):
        if begun < start and most + number * RUN**2 > MAX_PAIRS:
            yield begun, start
            begun, most = start, 0
        most += number * RUN**2
    yield begun, len(ends)


def _crosses(one: Edges, two: Edges) -> NDArray[np.bool_]:
    """Tell which pairs of edges have the ends of each on both sides of the other."""
    found: NDArray[np.bool_] = (_sides(one, two) < 0) & (_sides(two, one) < 0)
    return found


def _sides(one: Edges, two: Edges) -> NDArray[np.float64]:
    """Return below 0 where the ends of `two` are on different sides of `one`."""
    along = one[:, 1] - one[:, 0]
    away = two - one[:, :1]
    turns = along[:, None, 0] * away[:, :, 1] - along[:, None, 1] * away[:, :, 0]
    signs = np.sign(turns)
    product: NDArray[np.float64] = signs[:, 0] * signs[:, 1]
    return product


def _edges(shape: MultiPolygon) -> Edges:
    """Return (n, 2, 2) ends of edges."""
    points, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(shape)), return_index=True
    )
    ends = np.stack([points[:-1], points[1:]], axis=1)
    edges: Edges = ends[ring[:-1] == ring[1:]]
    return edges
