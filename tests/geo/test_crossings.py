"""Crossings of an outline, counted fast, are those of every edge with every other."""

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Polygon

from geo import repairing


def outline(corners: int, noise: float) -> np.ndarray:
    """Return a wavy ring whose noise makes neighbours cross."""
    rng = np.random.default_rng(corners)
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = 10 + np.sin(turn * 7) + noise * rng.random(corners)
    angle = turn + noise * rng.random(corners) / 10
    return np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])


def spiral(corners: int) -> np.ndarray:
    """Return a square spiral: every turn's box holds all that are inside it."""
    sides = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    turns = [np.multiply(sides[n % 4], 1 + n / corners) for n in range(corners)]
    return np.array(turns)


def tangle(corners: int) -> np.ndarray:
    """Return corners anywhere: nearly every edge crosses others."""
    return np.random.default_rng(corners).random((corners, 2)) * 20


def counted_one_by_one(ring: np.ndarray) -> int:
    closed = np.vstack([ring, ring[:1]])
    one, two = closed[:-1], closed[1:]

    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    found = 0
    for n in range(len(one)):
        for m in range(n + 1, len(one)):
            a, b, c, d = one[n], two[n], one[m], two[m]
            apart = side(a, b, c) * side(a, b, d) < 0
            found += bool(apart and side(c, d, a) * side(c, d, b) < 0)
    return found


@pytest.mark.parametrize(
    "ring",
    [
        *(tangle(corners) for corners in (3, 4, 7, 8, 9, 17, 40)),
        outline(400, 0.0),
        outline(401, 0.4),
        spiral(120),
    ],
)
def test_crossings_are_those_of_each_edge_with_each_other(ring):
    shape = MultiPolygon([Polygon(ring)])
    assert repairing.count_crossings(shape) == counted_one_by_one(ring)


def test_a_tangle_has_too_many_crossings():
    shape = MultiPolygon([Polygon(tangle(20_000))])
    assert repairing.count_crossings(shape) > repairing.MAX_CROSSINGS
