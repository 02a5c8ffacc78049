import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from geo import cells, nearness, reach
from geo.reach import Reach
from tests.geo.shapes_of import LATS, LONS, on_circle, points, stars

SHAPES = st.lists(
    st.one_of(stars(), stars(lon=180.0), stars(lat=80.0)), min_size=1, max_size=4
)


def table(shapes: list[MultiPolygon]) -> Reach:
    """The tiles of shapes that are numbered from 10."""
    listed = [reach.rows_of(shape, 10 + n) for n, shape in enumerate(shapes)]
    return Reach.of([row for rows in listed for row in rows])


@given(SHAPES, st.integers(0, 1000))
def test_shapes_of_a_point_are_those_that_testing_every_shape_finds(
    shapes: list[MultiPolygon], seed: int
) -> None:
    lons, lats = points(shapes[0], seed)
    found = table(shapes).pairs(lons, lats, np.zeros(len(lons)))
    told = set(zip(found.rows.tolist(), found.owners.tolist(), strict=True))
    for number, shape in enumerate(shapes, start=10):
        truth = np.flatnonzero(cells.contains(shape, lons, lats)).tolist()
        assert {(row, number) for row in truth} <= told
        sure = found.rows[(found.owners == number) & found.is_sure].tolist()
        assert set(sure) <= set(truth)


@given(SHAPES, LONS, LATS, st.floats(10, 60_000))
def test_no_shape_that_a_disc_touches_is_missed(
    shapes: list[MultiPolygon], lon: float, lat: float, radius_m: float
) -> None:
    corner = shapes[0].geoms[0].exterior.coords[0]
    spots = [(lon, lat), *on_circle(corner[0], corner[1], radius_m * 0.98, 6)]
    lons, lats = (np.array(each) for each in zip(*spots, strict=True))
    radii = np.full(len(lons), radius_m)
    found = table(shapes).pairs(lons, lats, radii)
    told = set(zip(found.rows.tolist(), found.owners.tolist(), strict=True))
    for number, shape in enumerate(shapes, start=10):
        touched = np.flatnonzero(nearness.touched_by(shape, lons, lats, radii))
        assert {(row, number) for row in touched.tolist()} <= told


@given(SHAPES, st.integers(0, 1000), st.sampled_from([0.0, 3_000.0]))
def test_what_is_looked_for_is_enough(
    shapes: list[MultiPolygon], seed: int, radius_m: float
) -> None:
    lons, lats = (each[:40] for each in points(shapes[0], seed))
    radii = np.full(len(lons), radius_m)
    everything = table(shapes)
    nodes, spans = reach.nodes_to_look_for(lons, lats, radii)
    wanted = np.isin(everything.nodes, nodes)
    for first, last in spans:
        wanted |= (everything.nodes >= first) & (everything.nodes <= last)
    some = Reach(
        nodes=everything.nodes[wanted],
        owners=everything.owners[wanted],
        is_whole=everything.is_whole[wanted],
    )
    whole, part = (each.pairs(lons, lats, radii) for each in (everything, some))
    assert (whole.rows.tolist(), whole.owners.tolist()) == (
        part.rows.tolist(),
        part.owners.tolist(),
    )


@pytest.mark.parametrize("lon", [179.98, -179.98])
def test_a_disc_reaches_over_the_antimeridian(lon: float) -> None:
    near = table([MultiPolygon([box(179.9, -18, 180, -16)])])
    found = near.pairs(np.array([lon]), np.array([-17.0]), np.array([9_000.0]))
    assert found.owners.tolist() == [10]


def test_no_shapes_hold_nothing() -> None:
    found = Reach.of([]).pairs(np.array([1.0]), np.array([1.0]), np.array([5.0]))
    assert found.rows.tolist() == []
