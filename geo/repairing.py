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
RUN = 8  # edges whose boxes are looked at as one first
RUNS_AT_ONCE = 200

Edges = NDArray[np.float64]
Points = NDArray[np.float64]
Runs = NDArray[np.float64]
Indices = NDArray[np.int64]


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
    crossings = pairs = 0
    for left, right in _meeting(ends):
        pairs += len(left)
        crossings += int(_crosses(ends[left], ends[right]).sum())
        if crossings > MAX_CROSSINGS or pairs > MAX_PAIRS:
            return max(crossings, MAX_CROSSINGS + 1)
    return crossings


def _meeting(ends: Edges) -> Iterator[tuple[Indices, Indices]]:
    """Yield the pairs of edges whose boxes meet, each once, some at a time.

    Runs of edges are looked at first. Those of a plain outline meet few others, and
    their edges are compared at once; where all meet all, as in a tangle or a spiral, a
    tree of the edges is asked instead.
    """
    low, high = _in_runs(ends.min(axis=1)), _in_runs(ends.max(axis=1))
    boxes = shapely.box(*np.nanmin(low, axis=2), *np.nanmax(high, axis=2))
    tree, near = shapely.STRtree(boxes), []
    few = len(ends)
    for start in range(0, len(boxes), RUNS_AT_ONCE):
        one, two = tree.query(boxes[start : start + RUNS_AT_ONCE])
        later = two >= one + start
        near.append((one[later] + start, two[later]))
        few -= int(later.sum())
        if few < 0:
            yield from _meeting_in_a_tree(ends)
            return
    for one, two in near:
        yield _edges_that_meet(one, two, low, high)


def _in_runs(corners: Points) -> Runs:
    """Return (2, runs, RUN) corners of the edges' boxes; what is too short has NaN."""
    padded = np.full((2, -(-len(corners) // RUN) * RUN), np.nan)
    padded[:, : len(corners)] = corners.T
    return padded.reshape(2, -1, RUN)


def _edges_that_meet(
    one: Indices, two: Indices, low: Runs, high: Runs
) -> tuple[Indices, Indices]:
    """Return which edges of pairs of runs have boxes that meet, each pair once."""
    meet = (low[:, one, :, None] <= high[:, two, None, :]).all(axis=0)
    meet &= (low[:, two, None, :] <= high[:, one, :, None]).all(axis=0)
    pair, left, right = np.nonzero(meet)
    left, right = one[pair] * RUN + left, two[pair] * RUN + right
    later = right > left
    return left[later], right[later]


def _meeting_in_a_tree(ends: Edges) -> Iterator[tuple[Indices, Indices]]:
    edges = shapely.linestrings(ends)
    tree = shapely.STRtree(edges)
    for start, stop in _batches(ends):
        left, right = tree.query(edges[start:stop])
        later = right > left + start
        yield left[later] + start, right[later]


def _batches(ends: Edges) -> Iterator[tuple[int, int]]:
    """Part edges so that the pairs whose boxes meet fit into memory, a part at a time.

    None can meet more than all: a tangle's first part has too many already.
    """
    step = max(MAX_PAIRS // len(ends), 1)
    for start in range(0, len(ends), step):
        yield start, start + step


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
