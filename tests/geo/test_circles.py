import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo import cells, circles
from geo.shapes import ShapeError
from tests.geo.shapes_of import on_circle

RADII = st.sampled_from([100.0, 10_000.0, 300_000.0, 3_500_000.0])
CENTRES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(CENTRES, RADII)
@example((-7.7e-142, -87.5), 300_000.0)
@example((-1e-9, 89.0), 300_000.0)
@example((13.4, 88.0), 3_500_000.0)
def test_a_circle_misses_nobody_inside(
    centre: tuple[float, float], radius_m: float
) -> None:
    shape = circles.circle(*centre, radius_m)
    lons, lats = zip(*on_circle(*centre, radius_m), strict=True)
    assert shape.is_valid
    assert cells.contains(shape, lons, lats).all()
    assert cells.contains(shape, [centre[0]], [centre[1]]).all()


@given(
    st.tuples(st.floats(-180, 180), st.floats(-60, 60)), RADII.filter(lambda m: m < 1e6)
)
def test_a_circle_reaches_little_farther_than_its_radius(
    centre: tuple[float, float], radius_m: float
) -> None:
    shape = circles.circle(*centre, radius_m)
    lons, lats = zip(*on_circle(*centre, radius_m * 1.002 + 1), strict=True)
    assert not cells.contains(shape, lons, lats).any()


@pytest.mark.parametrize(
    ("centre", "radius_m", "inside", "outside"),
    [
        ((179.9, -17), 800_000, (-179, -17), (34, -15)),
        ((10, 88), 3_500_000, (-170, 80), (0, 40)),
        ((0, 90), 100_000, (123, 89.5), (0, 88)),
        ((0, -90), 100_000, (-60, -89.5), (0, -88)),
        ((30, 89), 111_000, (-150, 89.9999), (30, 87)),
        ((12.453, 41.902), 500, (12.4534, 41.9033), (12.4923, 41.8902)),
    ],
)
def test_circles_over_the_seam_and_the_poles(
    centre: tuple[float, float],
    radius_m: float,
    inside: tuple[float, float],
    outside: tuple[float, float],
) -> None:
    shape = circles.circle(*centre, radius_m)
    lons, lats = zip(inside, outside, strict=True)
    assert cells.contains(shape, lons, lats).tolist() == [True, False]


@pytest.mark.parametrize("radius_m", [0, -1, float("nan"), 6_000_000])
def test_a_radius_out_of_range_is_refused(radius_m: float) -> None:
    with pytest.raises(ShapeError, match="radius"):
        circles.circle(0, 0, radius_m)


def test_a_centre_with_swapped_coordinates_is_refused() -> None:
    with pytest.raises(ShapeError, match="swapped"):
        circles.circle(14.6, 121.0, 10_000)


@given(CENTRES, CENTRES)
def test_many_distances_agree_with_one(
    one: tuple[float, float], two: tuple[float, float]
) -> None:
    assert circles.distances_m(*one, [two[0]], [two[1]])[0] == pytest.approx(
        circles.distance_m(*one, *two), abs=1e-3
    )
