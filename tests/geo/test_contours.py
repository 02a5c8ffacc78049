"""Lines of equal value become areas, closed along the map's edge."""

import numpy as np
import pytest

from geo import cells, contours

# A map of ten by ten degrees; the value rises to the east.
LOW = np.array([[2.0, 0.0], [2.0, 10.0]])
LEVEL = np.array([[5.0, 0.0], [6.0, 5.0], [5.0, 10.0]])
HIGH = np.array([[10.0, 2.0], [9.0, 5.0], [10.0, 8.0]])
EDGES = np.array([[0.0, 4.0], [0.0, 6.0]])


def _inside(lines, *points, level=5):
    shape = contours.above(level, lines)
    lons, lats = zip(*points, strict=True)
    return cells.contains(shape, lons, lats).tolist()


def test_a_line_the_edge_cuts_is_closed_along_the_edge_on_the_higher_side():
    lines = {4: [LOW, EDGES], 5: [LEVEL], 6: [HIGH]}
    corner, chord, west = (9.9, 0.1), (5.5, 5.0), (1.0, 5.0)
    assert _inside(lines, corner, chord, west) == [True, False, False]


def test_the_highest_line_is_closed_away_from_the_lower_ones():
    lines = {4: [LOW, EDGES], 5: [LEVEL]}
    corner = (5.95, 9.9)  # the map ends at its easternmost line
    assert _inside(lines, (1.0, 5.0), (3.0, 5.0), corner) == [False, False, True]


def test_the_lowest_line_is_closed_towards_the_higher_ones():
    assert _inside({5: [LEVEL], 6: [HIGH]}, (9.9, 0.1), (5.2, 5.0)) == [True, False]


def test_a_line_that_returns_is_closed_by_itself_and_its_pits_are_filled():
    ring = np.array([[0.0, 0], [9, 0], [9, 9], [0, 9], [0, 0]])
    pit = np.array([[4.0, 4], [5, 4], [5, 5], [4, 4]])
    assert _inside({5: [ring, pit]}, (4.8, 4.5), (1, 1)) == [True, True]


@pytest.mark.parametrize(
    "line", [[], [[1, 2]], [[1, 2], "x"], [[1, 99], [2, 3]], "abc"]
)
def test_a_line_that_is_none_is_counted_and_left_out(line):
    square = [[0, 0], [1, 0], [1, 1], [0, 0]]
    drawn, dropped = contours.lines_of([line, square])
    assert (len(drawn), dropped) == (1, 1)


def test_lines_may_cross_the_antimeridian():
    ring = np.array([[179.0, -1], [181, -1], [181, 1], [179, 1], [179, -1]])
    assert _inside({5: [ring]}, (-179.5, 0), (179.5, 0), (0, 0)) == [True, True, False]
