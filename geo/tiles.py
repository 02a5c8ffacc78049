"""Web-Mercator tiles by number: the arithmetic under `geo.cells`.

A tile of a zoom has a column from the west and a row from the north; its code is their
Morton number. The first and the last row reach the poles.
"""

import math

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

ZOOM = 26
SIDE = 1 << ZOOM
_PAD = 1e-9  # degrees; rounding must never make a cell wholly inside that is not
_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
Ranges = NDArray[np.int64]
"""(n, 2) first and last cell, both belonging to it, in ascending order."""


def nodes_of(codes: NDArray[np.int64], zoom: int) -> NDArray[np.int64]:
    """Return numbers of tiles that are unique at all zooms, below 2⁵³.

    A bit after the code marks its end, so that a tile's number lies in the middle of
    those of all tiles in it.
    """
    return (codes << 1 | 1) << 2 * (ZOOM - zoom)


def sizes_of(ranges: Ranges) -> NDArray[np.int64]:
    """Return how many numbers each range holds."""
    sizes: NDArray[np.int64] = ranges[:, 1] - ranges[:, 0] + 1
    return sizes


def steps_of(ranges: Ranges) -> NDArray[np.int64]:
    """Return every number in ranges of tiles."""
    sizes = sizes_of(ranges)
    begun = np.repeat(np.cumsum(sizes) - sizes, sizes)
    steps: NDArray[np.int64] = np.arange(sizes.sum()) - begun
    return steps + np.repeat(ranges[:, 0], sizes)


def clipped(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return columns or rows as whole numbers that exist."""
    return np.clip(numbers, 0, SIDE - 1).astype(np.int64)


def _spread(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    for shift, mask in _SPREAD:
        numbers = (numbers | (numbers << shift)) & mask
    return numbers


def gathered(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return every second bit of codes: their columns; of `codes >> 1`: their rows."""
    codes = codes & _SPREAD[-1][1]
    for (shift, _), (_, mask) in zip(
        _SPREAD[::-1], [*_SPREAD[-2::-1], (0, 0)], strict=True
    ):
        codes = (codes | (codes >> shift)) & (mask or SIDE - 1)
    return codes


def interleaved(
    columns: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the Morton numbers of columns and rows."""
    return _spread(columns) | (_spread(rows) << 1)


def ranges_of(codes: NDArray[np.int64], zoom: int) -> Ranges:
    """Return the cells of tiles of a zoom as ranges, joined where they meet."""
    shift = 2 * (ZOOM - zoom)
    first = codes << shift
    return merged(np.column_stack([first, first + (1 << shift) - 1]))


def spanning(
    west: float, south: float, east: float, north: float
) -> tuple[int, NDArray[np.int64]]:
    """Return the finest zoom whose tiles are as large as a box, and those it may meet.

    These are at most four, given by their codes; or the four of zoom 1.

    Examples
    --------
    >>> spanning(-180, -90, 180, 90)
    (1, array([0, 1, 2, 3]))
    """
    lons = np.clip([west - 2 * _PAD, east + 2 * _PAD], -180, 180)
    slopes = np.arcsinh(np.tan(np.radians(np.clip([north, south], -89.9, 89.9))))
    columns = clipped(np.floor((lons + 180) / 360 * SIDE))
    rows = clipped(np.floor((1 - slopes / math.pi) / 2 * SIDE))
    rows = np.clip(rows + np.array([-1, 1]), 0, SIDE - 1)
    widest = int(max(np.ptp(columns), np.ptp(rows)))
    zoom = max(1, ZOOM - widest.bit_length())
    (left, right), (top, bottom) = columns >> ZOOM - zoom, rows >> ZOOM - zoom
    across, down = np.meshgrid(
        np.arange(left, right + 1), np.arange(top, bottom + 1), copy=False
    )
    return zoom, np.sort(interleaved(across.ravel(), down.ravel()))


def merged(ranges: Ranges) -> Ranges:
    """Sort ranges and join those that follow one another."""
    if len(ranges) < 2:
        return ranges
    ranges = ranges[np.argsort(ranges[:, 0])]
    starts = np.concatenate([[True], ranges[1:, 0] != ranges[:-1, 1] + 1])
    ends = np.concatenate([starts[1:], [True]])
    return np.column_stack([ranges[starts, 0], ranges[ends, 1]])


def latitudes(rows: ArrayLike, zoom: int) -> NDArray[np.float64]:
    """Return the latitudes of the northern edges of rows, in degrees."""
    share = np.asarray(rows, dtype=np.float64) / (1 << zoom)
    return np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * share))))


def boxes_of(
    columns: NDArray[np.int64], rows: NDArray[np.int64], zoom: int
) -> NDArray[np.object_]:
    """Return the tiles as boxes, a little too large; the outer rows reach the poles."""
    width, last = 360 / (1 << zoom), (1 << zoom) - 1
    west = columns * width - 180
    north = np.where(rows == 0, 90.0, latitudes(rows, zoom))
    south = np.where(rows == last, -90.0, latitudes(rows + 1, zoom))
    boxes: NDArray[np.object_] = shapely.box(
        west - _PAD, south - _PAD, west + width + _PAD, north + _PAD
    )
    return boxes
