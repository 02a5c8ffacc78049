"""Places that naive geometry gets wrong, each with a neighbour that is not inside."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import example, given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from geo import cells, circles, gazetteer, shapes
from tests.geo.shapes_of import Degrees, on_circle, points
from tests.geo.test_cells import BUDGETS, found_by

SUVA, TAVEUNI, MALAWI = (178.44, -18.14), (-179.97, -16.8), (33.79, -13.96)
ATTU, TROMSO, MCMURDO = (173.18, 52.9), (18.96, 69.65), (166.67, -77.85)
VATICAN, ROME, LESOTHO = (12.4534, 41.9033), (12.4964, 41.9028), (28.5, -29.5)
PRETORIA, APIA, NUUK = (28.19, -25.75), (-171.76, -13.83), (-51.72, 64.18)
WHOLE_WORLD = MultiPolygon([box(-180, -90, 180, 90)])

GOLD = {
    "Fiji": (lambda: gazetteer.country_shape("FJ"), [SUVA, TAVEUNI], [MALAWI, APIA]),
    "800 km around Fiji": (
        lambda: circles.circle(179.0, -17.8, 800_000),
        [SUVA, TAVEUNI],
        [MALAWI, APIA],
    ),
    "a ring drawn over the antimeridian": (
        lambda: shapes.from_ring([(177, -20), (183, -20), (183, -15), (177, -15)]),
        [SUVA, TAVEUNI],
        [MALAWI, APIA],
    ),
    "the USA": (lambda: gazetteer.country_shape("US"), [ATTU], [SUVA, NUUK]),
    "1,000 km around Attu": (
        lambda: circles.circle(*ATTU, 1_000_000),
        [ATTU, (-176.6, 51.9)],
        [NUUK, (0, 52.9)],
    ),
    "Norway": (lambda: gazetteer.country_shape("NO"), [TROMSO], [NUUK, ROME]),
    "500 km around Tromsø": (
        lambda: circles.circle(*TROMSO, 500_000),
        [TROMSO, (25.8, 71.1)],
        [(10.75, 59.91)],
    ),
    "2,500 km around the South Pole": (
        lambda: circles.circle(0, -90, 2_500_000),
        [MCMURDO, (-60, -89.9)],
        [(-68.3, -54.8)],
    ),
    "500 m around St Peter's": (
        lambda: circles.circle(*VATICAN, 500),
        [VATICAN],
        [ROME],
    ),
    "the Vatican": (lambda: gazetteer.country_shape("VA"), [VATICAN], [ROME]),
    "South Africa": (
        lambda: gazetteer.country_shape("ZA"),
        [PRETORIA],
        [LESOTHO, MALAWI],
    ),
    "Lesotho": (lambda: gazetteer.country_shape("LS"), [LESOTHO], [PRETORIA]),
}


@pytest.mark.parametrize("name", GOLD)
@pytest.mark.parametrize("budget", [1, 64, 512])
def test_gold(name: str, budget: int) -> None:
    made, inside, outside = GOLD[name]
    lons, lats = np.array(inside + outside, np.float64).T
    expected = [True] * len(inside) + [False] * len(outside)
    assert found_by(made(), lons, lats, budget).tolist() == expected


def test_a_circle_over_the_antimeridian_is_two_parts_that_meet_at_it() -> None:
    shape = circles.circle(175, 25, 1_000_000)
    west, east = sorted(shape.geoms, key=lambda part: part.bounds[0])
    assert (west.bounds[0], east.bounds[2]) == (-180, 180)
    lons, lats = zip(*on_circle(175, 25, 999_999), strict=True)
    assert cells.contains(shape, lons, lats).all()
    lons, lats = zip(*on_circle(175, 25, 1_002_001), strict=True)
    assert not cells.contains(shape, lons, lats).any()


@pytest.mark.parametrize("lat", [80.0, -80.0, 85.0])
@pytest.mark.parametrize("radius_m", [1_000, 100_000, 1_000_000])
def test_a_circle_near_a_pole_errs_by_less_than_half_a_percent(
    lat: float, radius_m: float
) -> None:
    shape = circles.circle(20, lat, radius_m)
    assert cells.contains(shape, *zip(*on_circle(20, lat, radius_m), strict=True)).all()
    farther = zip(*on_circle(20, lat, radius_m * 1.005), strict=True)
    assert not cells.contains(shape, *farther).any()


@st.composite
def holed(draw: st.DrawFn) -> MultiPolygon:
    """A box with a hole, an island in the hole, and a sliver beside it."""
    lon, lat = draw(st.floats(-150, 150)), draw(st.floats(-70, 70))
    size = draw(st.sampled_from([1e-4, 0.01, 1.0, 15.0]))
    thin = size * draw(st.sampled_from([1e-6, 1e-3, 0.1]))
    outer = box(lon - size, lat - size, lon + size, lat + size)
    hole = box(lon - size / 2, lat - size / 2, lon + size / 2, lat + size / 2)
    island = box(lon - size / 4, lat - thin, lon + size / 4, lat + thin)
    sliver = box(lon + 1.2 * size, lat - size, lon + 1.2 * size + thin, lat + size)
    ring = Polygon(outer.exterior, [hole.exterior])
    return MultiPolygon([ring, island, sliver])


def near(shape: MultiPolygon, seed: int) -> tuple[Degrees, Degrees]:
    """Points as `points` gives them, and on all edges, and a hair beside them."""
    lons, lats = points(shape, seed)
    chance = np.random.default_rng(seed)
    rings = [ring for part in shape.geoms for ring in (part.exterior, *part.interiors)]
    for ring in rings:
        ends = np.array(ring.coords)
        along = chance.uniform(0, 1, (len(ends) - 1, 4, 1))
        spots = (ends[:-1, None] * (1 - along) + ends[1:, None] * along).reshape(-1, 2)
        aside = spots + chance.choice([-1e-9, 0, 1e-9], spots.shape)
        both = np.clip(np.vstack([spots, aside]), [-180, -90], [180, 90])
        lons = np.concatenate([lons, both[:, 0]])
        lats = np.concatenate([lats, both[:, 1]])
    return lons, lats


@given(holed(), BUDGETS, st.integers(0, 1000))
def test_holes_islands_and_slivers_find_what_testing_every_point_finds(
    shape: MultiPolygon, budget: int, seed: int
) -> None:
    lons, lats = near(shape, seed)
    truth = cells.contains(shape, lons, lats)
    assert (found_by(shape, lons, lats, budget) == truth).all()


@given(BUDGETS, st.integers(0, 1000))
def test_the_whole_world_holds_everyone(budget: int, seed: int) -> None:
    lons, lats = points(WHOLE_WORLD, seed)
    assert found_by(WHOLE_WORLD, lons, lats, budget).all()


@given(holed(), BUDGETS, st.integers(0, 1000))
def test_the_world_but_a_hole_holds_everyone_else(
    hole: MultiPolygon, budget: int, seed: int
) -> None:
    rest = WHOLE_WORLD.difference(hole)
    shape = rest if isinstance(rest, MultiPolygon) else MultiPolygon([rest])
    lons, lats = near(hole, seed)
    truth = cells.contains(shape, lons, lats)
    assert (found_by(shape, lons, lats, budget) == truth).all()


@given(
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.sampled_from([1.0, 50_000.0, 2_000_000.0]),
    st.integers(0, 1000),
)
@example(0.0, 72.0, 2_000_000.0, 0)
@example(0.0, 71.5, 2_000_000.0, 0)
def test_a_circle_holds_by_distance_whoever_is_clearly_inside_or_outside(
    lon: float, lat: float, radius_m: float, seed: int
) -> None:
    shape = circles.circle(lon, lat, radius_m)
    chance = np.random.default_rng(seed)
    to_pole = circles.distance_m(lon, lat, lon, math.copysign(90, lat))
    clear = 1.08 if abs(to_pole / radius_m - 1) < 0.05 else 1.01
    shares = np.concatenate([chance.uniform(0, 1, 20), chance.uniform(clear, 1.5, 20)])
    ends = [
        Geodesic.WGS84.Direct(lat, lon, angle, radius_m * share + 2 * (share > 1))
        for angle, share in zip(chance.uniform(0, 360, 40), shares, strict=True)
    ]
    lons = np.array([end["lon2"] for end in ends])
    lats = np.array([end["lat2"] for end in ends])
    assert found_by(shape, lons, lats, 512).tolist() == (shares <= 1).tolist()
