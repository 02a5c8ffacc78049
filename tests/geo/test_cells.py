import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Point, box

from geo import cells, circles, gazetteer, shapes
from tests.geo.shapes_of import LATS, LONS, Degrees, points, stars

BUDGETS = st.sampled_from([1, 4, 64, 512])


def found_by(
    shape: MultiPolygon, lons: Degrees, lats: Degrees, budget: int
) -> NDArray[np.bool_]:
    """Find points as a query does: whole ranges as they are, the others tested."""
    covering = cells.covering(shape, budget)
    own = cells.cells_of(lons, lats)
    whole, edge = covering.has_whole(own), covering.has_edge(own)
    assert not (whole & edge).any()
    found: NDArray[np.bool_] = whole | (edge & cells.contains(shape, lons, lats))
    return found


@given(stars(), BUDGETS, st.integers(0, 1000))
def test_a_covering_finds_what_testing_every_point_finds(
    shape: MultiPolygon, budget: int, seed: int
) -> None:
    lons, lats = points(shape, seed)
    truth = cells.contains(shape, lons, lats)
    assert (found_by(shape, lons, lats, budget) == truth).all()


@given(stars(lon=180.0), BUDGETS, st.integers(0, 1000))
def test_the_same_over_the_antimeridian(
    shape: MultiPolygon, budget: int, seed: int
) -> None:
    lons, lats = points(shape, seed)
    truth = cells.contains(shape, lons, lats)
    assert (found_by(shape, lons, lats, budget) == truth).all()


@given(st.floats(-180, 180), st.sampled_from([90.0, -89.0]), BUDGETS)
def test_the_same_at_a_pole(lon: float, lat: float, budget: int) -> None:
    shape = circles.circle(lon, lat, 400_000)
    lons, lats = points(shape, 1)
    truth = cells.contains(shape, lons, lats)
    assert (found_by(shape, lons, lats, budget) == truth).all()


@pytest.mark.parametrize("code", ["FJ", "RU", "US", "AQ", "ID", "LS", "VA", "NI"])
def test_the_same_for_countries(code: str) -> None:
    shape = gazetteer.country_shape(code)
    lons, lats = points(shape, 7)
    truth = cells.contains(shape, lons, lats)
    assert (found_by(shape, lons, lats, 512) == truth).all()


@given(stars(), BUDGETS)
def test_a_covering_keeps_to_its_budget_in_order_without_overlap(
    shape: MultiPolygon, budget: int
) -> None:
    covering = cells.covering(shape, budget)
    ranges = np.vstack([covering.full, covering.edge])
    ranges = ranges[np.argsort(ranges[:, 0])]
    assert 1 <= len(ranges) <= budget
    assert (ranges[:, 0] <= ranges[:, 1]).all()
    assert (ranges[1:, 0] > ranges[:-1, 1]).all()


@given(stars(), LONS, LATS)
def test_contains_agrees_with_shapely_away_from_the_seam(
    shape: MultiPolygon, lon: float, lat: float
) -> None:
    if abs(lon) < 180 and abs(lat) < 90:
        expected = shape.intersects(Point(lon, lat))
        assert cells.contains(shape, [lon], [lat]).tolist() == [expected]


def test_both_names_of_the_antimeridian_and_every_name_of_a_pole_are_one_cell() -> None:
    assert cells.cell_of(180, 10) == cells.cell_of(-180, 10)
    assert cells.cell_of(5, 90) == cells.cell_of(180, 90) == cells.cell_of(-77, 90)


def test_a_shape_that_ends_at_the_seam_holds_points_named_from_the_other_side() -> None:
    fiji = MultiPolygon([box(177, -19, 180, -16)])
    lons, lats = np.array([-180.0, 180.0, -179.999]), np.full(3, -17.0)
    assert found_by(fiji, lons, lats, 512).tolist() == [True, True, False]


def test_the_boundary_belongs_to_the_shape() -> None:
    shape = MultiPolygon([box(0, 0, 1, 1)])
    lons, lats = np.array([0, 1, 0.5, 1.0000001]), np.array([0, 1, 1, 0.5])
    assert found_by(shape, lons, lats, 512).tolist() == [True, True, True, False]


@given(
    st.one_of(stars(), stars(lon=180.0), stars(lat=80.0)),
    st.sampled_from([4, 64, 300]),
    st.integers(0, 1000),
)
def test_tiles_find_what_testing_every_point_finds(
    shape: MultiPolygon, budget: int, seed: int
) -> None:
    nodes, is_whole = cells.tiles_of(shape, budget)
    assert len(nodes) <= budget
    lons, lats = points(shape, seed)
    around = cells.nodes_around(cells.cells_of(lons, lats))
    assert (np.isin(around, nodes).sum(axis=1) <= 1).all()
    whole = np.isin(around, nodes[is_whole]).any(axis=1)
    edge = np.isin(around, nodes[~is_whole]).any(axis=1)
    truth = cells.contains(shape, lons, lats)
    assert ((whole | edge & truth) == truth).all()


@given(LONS, LATS, st.integers(0, 26), st.integers(0, 26))
def test_a_tile_lies_within_another_when_its_number_does(
    lon: float, lat: float, wide: int, small: int
) -> None:
    nodes = cells.nodes_around(cells.cells_of([lon], [lat]))[0]
    firsts, lasts = cells.nodes_within(nodes)
    assert (firsts[wide] <= nodes[small] <= lasts[wide]) == (small >= wide)


@given(st.floats(-179, 179), st.floats(-80, 80), st.integers(5, 20))
def test_the_middle_of_a_tile_is_within_a_tile_of_its_points(
    lon: float, lat: float, zoom: int
) -> None:
    tile = np.array([cells.cell_of(lon, lat) >> 2 * (26 - zoom)])
    lons, lats = cells.centres_of(tile, zoom)
    assert abs(lons[0] - lon) <= 360 / (1 << zoom)
    assert abs(lats[0] - lat) <= 360 / (1 << zoom)


def test_a_point_that_is_not_on_earth_has_no_cell() -> None:
    with pytest.raises(shapes.ShapeError, match="swapped"):
        cells.cell_of(14.6, 121)
    with pytest.raises(ValueError, match="number"):
        cells.cells_of([float("nan")], [0])
