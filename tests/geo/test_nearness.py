import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from geo import cells, nearness, shapes
from geo.circles import distance_m
from tests.geo.shapes_of import Spot, on_circle, stars

REACH_M = 25_000.0


def first_corner(shape: MultiPolygon) -> Spot:
    """Return a point on the edge of a shape."""
    lon, lat = shape.geoms[0].exterior.coords[0][:2]
    return lon, lat


@given(stars(), st.floats(100, 24_000))
def test_a_point_is_never_farther_than_its_distance_to_a_corner(
    shape: MultiPolygon, away_m: float
) -> None:
    corner = first_corner(shape)
    lons, lats = (
        np.array(each) for each in zip(*on_circle(*corner, away_m, 8), strict=True)
    )
    found = nearness.distances_to(shape, lons, lats, REACH_M)
    if abs(corner[1]) < 85:
        assert (found <= away_m * 1.01 + 0.01).all()
    assert (found[cells.contains(shape, lons, lats)] == 0).all()


@given(stars(), st.floats(100, 24_000))
def test_what_is_measured_lies_in_the_shape_that_grew_so_far(
    shape: MultiPolygon, away_m: float
) -> None:
    corner = first_corner(shape)
    lons, lats = zip(*on_circle(*corner, away_m, 8), strict=True)
    found = nearness.distances_to(shape, lons, lats, REACH_M)
    for lon, lat, away in zip(lons, lats, found, strict=True):
        if 0 < away < REACH_M:
            grown = shapes.grown(shape, away)
            assert cells.contains(grown, [lon], [lat]).all()


@pytest.mark.parametrize(("lon", "lat"), [(0, 0), (15, 60), (-70, -80)])
def test_the_distance_to_a_straight_edge_is_the_geodesic(
    lon: float, lat: float
) -> None:
    shape = MultiPolygon([box(lon, lat - 1, lon + 1, lat + 1)])
    found = nearness.distances_to(shape, [lon - 0.1], [lat], REACH_M)
    assert found[0] == pytest.approx(distance_m(lon - 0.1, lat, lon, lat), rel=0.01)


def test_the_other_side_of_the_antimeridian_is_near() -> None:
    shape = MultiPolygon([box(179.9, -18, 180, -16)])
    found = nearness.distances_to(shape, [-179.9, -179], [-17, -17], REACH_M)
    assert found[0] == pytest.approx(distance_m(-179.9, -17, 180, -17), rel=0.01)
    assert found[1] == np.inf


@given(stars(), st.floats(100, 24_000), st.floats(0.2, 3))
def test_a_disc_touches_what_is_measured_within_its_radius(
    shape: MultiPolygon, away_m: float, share: float
) -> None:
    corner = first_corner(shape)
    lons, lats = zip(*on_circle(*corner, away_m, 8), strict=True)
    found = nearness.distances_to(shape, lons, lats, 75_000)
    radius_m = away_m * share
    touched = nearness.touched_by(shape, lons, lats, np.full(8, radius_m))
    sure = np.abs(found - radius_m) > 0.011 * radius_m  # the measure's own accuracy
    assert (touched == (found <= radius_m))[sure].all()


@given(stars(), st.floats(100, 60_000))
def test_a_rough_look_misses_nothing_that_is_near(
    shape: MultiPolygon, away_m: float
) -> None:
    corner = first_corner(shape)
    lons, lats = zip(*on_circle(*corner, away_m * 0.999, 8), strict=True)
    cover = cells.covering(shape)
    own = cells.cells_of(lons, lats)
    assert (cover.has_near(own, away_m) | cover.has_whole(own)).all()
