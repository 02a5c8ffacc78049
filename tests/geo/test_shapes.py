import json
import math
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, box

from geo import cells, limits, shapes
from geo.shapes import ShapeError
from tests.geo.shapes_of import LATS, LONS, Spot, on_circle, stars

BAD = Path(__file__).parent.parent / "data" / "bad"
SUVA, TAVEUNI, MALAWI = (178.44, -18.14), (-179.97, -16.8), (34.0, -15.0)
# A triangle from the Kadavu passage over the antimeridian: RFC 7946 is silent on it.
FIJI = [(177, -16), (-178, -16), (-178, -19), (177, -19)]


def holds(shape: MultiPolygon, *places: tuple[float, float]) -> list[bool]:
    lons, lats = zip(*places, strict=True)
    return [bool(is_in) for is_in in cells.contains(shape, lons, lats)]


def polygon_of(name: str) -> str:
    """Return the polygon of a captured CAP document."""
    return "".join(re.findall("<polygon>(.*?)</polygon>", (BAD / name).read_text()))


def star(corners: int) -> list[tuple[float, float]]:
    """Return a star whose every edge crosses nearly every other."""
    step = 2 * math.pi * (corners // 2) / corners
    return [(math.cos(step * n), math.sin(step * n)) for n in range(corners)]


def test_a_ring_over_the_antimeridian_holds_fiji_and_not_malawi() -> None:
    shape = shapes.from_ring(FIJI)
    assert holds(shape, SUVA, TAVEUNI, MALAWI) == [True, True, False]
    assert all(part.bounds[2] - part.bounds[0] < 5 for part in shape.geoms)


@pytest.mark.parametrize("turn", [0, 360])
def test_longitudes_from_0_to_360_and_beyond_180_mean_the_same_place(turn: int) -> None:
    ring = [(177, -16), (182 - 360 + turn, -16), (182, -19), (177, -19)]
    assert holds(shapes.from_ring(ring), SUVA, TAVEUNI, MALAWI) == [True, True, False]


def test_a_ring_that_names_both_sides_of_the_seam_is_not_a_belt_round_the_world() -> (
    None
):
    ring = [(179, -16), (180, -16), (-180, -16), (-178, -16), (-178, -19), (-180, -19)]
    shape = shapes.from_ring([*ring, (180, -19), (179, -19)])
    assert holds(shape, TAVEUNI, MALAWI) == [True, False]


def test_the_captured_polygon_over_the_antimeridian_covers_taveuni() -> None:
    shape = shapes.from_cap_polygon(polygon_of("syn_antimeridian_fiji.xml"))
    assert holds(shape, (180, -16.8), TAVEUNI, MALAWI) == [True, True, False]


def test_a_polygon_with_numbers_that_are_none_is_refused() -> None:
    with pytest.raises(ShapeError, match="not a pair"):
        shapes.from_cap_polygon(polygon_of("syn_polygon_nan.xml"))


def test_a_ring_round_the_north_pole_holds_the_pole() -> None:
    shape = shapes.from_ring([(0, 80), (120, 80), (-120, 80)])
    assert holds(shape, (77, 90), (180, 85), (-60, 81), (0, 70)) == [
        True,
        True,
        True,
        False,
    ]


def test_a_ring_round_the_south_pole_drawn_either_way_holds_the_pole() -> None:
    ring = [(0, -70), (120, -70), (-120, -70)]
    for drawn in (ring, ring[::-1]):
        assert holds(shapes.from_ring(drawn), (166.67, -77.85), (0, 0)) == [True, False]


def test_a_world_map_is_the_whole_world() -> None:
    world = shapes.from_ring([(-180, -90), (180, -90), (180, 90), (-180, 90)])
    assert round(shapes.area_km2(world)) == 510_065_622


def test_a_hole_over_the_antimeridian_stays_a_hole() -> None:
    shell = [[170, -25], [-170, -25], [-170, -10], [170, -10], [170, -25]]
    hole = [[179, -18], [-179, -18], [-179, -16], [179, -16], [179, -18]]
    shape = shapes.from_geojson({"type": "Polygon", "coordinates": [shell, hole]})
    assert holds(shape, TAVEUNI, SUVA) == [False, True]


def test_swapped_coordinates_are_refused_with_the_likely_cause() -> None:
    with pytest.raises(ShapeError, match=r"latitude 121 is beyond 90°.*swapped"):
        shapes.from_ring([(14, 121), (15, 121), (15, 122)])


@pytest.mark.parametrize("bad", [math.nan, math.inf, "1", True, None, 10**400])
def test_a_coordinate_that_is_no_number_is_refused(bad: Any) -> None:
    with pytest.raises(ShapeError, match="not a number"):
        shapes.from_ring([(0, 0), (1, bad), (1, 1)])


@pytest.mark.parametrize(
    "value",
    [
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": "0 0"},
        {"type": "Polygon", "coordinates": [[0, 0]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "FeatureCollection", "features": []},
        {"type": "Feature", "geometry": None},
        {"type": "Polygon"},
        [],
        {},
    ],
)
def test_geojson_without_an_area_is_refused_in_plain_words(value: Any) -> None:
    with pytest.raises(ShapeError):
        shapes.from_geojson(value)


def test_a_bow_tie_keeps_both_its_wings() -> None:
    shape = shapes.from_ring([(0, 0), (2, 2), (2, 0), (0, 2)])
    assert holds(shape, (0.2, 1), (1.8, 1), (1, 0.2)) == [True, True, False]


def test_the_middle_of_a_five_pointed_star_is_inside() -> None:
    assert holds(shapes.from_ring(star(5)), (0, 0)) == [True]


@pytest.mark.parametrize("corners", [101, 501])
def test_a_star_that_would_take_seconds_to_mend_is_refused_at_once(
    corners: int,
) -> None:
    began = time.process_time()
    with pytest.raises(ShapeError, match="crosses"):
        shapes.from_ring(star(corners))
    assert time.process_time() - began < 1


def same_square(times: int) -> dict[str, Any]:
    square = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    return {"type": "MultiPolygon", "coordinates": [[square]] * times}


def slanted_comb(teeth: int) -> dict[str, Any]:
    """Return a comb whose teeth lean so far that the box of each meets all others."""
    ring = [[n * 0.0005 + 40 * (n % 2), 60 * (n % 2)] for n in range(teeth)]
    return {"type": "Polygon", "coordinates": [[*ring, [60, -1], [0, -1]]]}


@pytest.mark.parametrize("value", [same_square(8_000), slanted_comb(50_000)])
def test_a_document_made_to_keep_us_busy_is_given_up_soon(value: Any) -> None:
    began = time.process_time()
    with pytest.raises(ShapeError, match="crosses"):
        shapes.from_geojson(value)
    assert time.process_time() - began < 5


def test_hundreds_of_holes_over_the_antimeridian_stay_holes() -> None:
    shell = [[170, -80], [-170, -80], [-170, 80], [170, 80], [170, -80]]
    corners = [(175 + n % 9, n // 9 - 50) for n in range(900)]
    holes = [[[x, y], [x + 0.5, y], [x + 0.5, y + 0.5], [x, y]] for x, y in corners]
    shape = shapes.from_geojson({"type": "Polygon", "coordinates": [shell, *holes]})
    assert sum(len(part.interiors) for part in shape.geoms) > 700


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(ShapeError, match="bytes"):
        shapes.from_cap_polygon("1,1 " * limits.MAX_BYTES)
    with pytest.raises(ShapeError, match="corners"):
        shapes.from_ring([(0, 0)] * (limits.MAX_VERTICES + 1))
    rings = [[[0, 0], [1, 0], [1, 1]]] * (limits.MAX_RINGS + 1)
    with pytest.raises(ShapeError, match="rings"):
        shapes.from_geojson({"type": "Polygon", "coordinates": rings})


def test_a_text_nested_a_million_times_is_refused() -> None:
    with pytest.raises(ShapeError, match="deeply"):
        shapes.from_wkt("GEOMETRYCOLLECTION(" * 100_000)
    value: dict[str, Any] = {"type": "Polygon", "coordinates": [FIJI]}
    for _ in range(50):
        value = {"type": "GeometryCollection", "geometries": [value]}
    with pytest.raises(ShapeError):
        shapes.from_geojson(value)


@pytest.mark.parametrize(
    "text",
    ["", "POINT (1 2)", "POLYGON ((0 0, 1", "POLYGON EMPTY", "SRID=3857;POLYGON"],
)
def test_wkt_that_is_no_polygon_is_refused(text: str) -> None:
    with pytest.raises(ShapeError):
        shapes.from_wkt(text)


def test_wkt_geojson_and_cap_of_one_shape_agree() -> None:
    ring = [(1, 2), (3, 2), (3, 5)]
    wkt = shapes.from_wkt("SRID=4326;POLYGON ((1 2, 3 2, 3 5, 1 2))")
    cap = shapes.from_cap_polygon("2,1 2,3 5,3 2,1")
    assert wkt.equals(cap)
    assert cap.equals(shapes.from_ring(ring))


@given(stars())
def test_what_is_written_is_read_again_the_same(shape: MultiPolygon) -> None:
    again = shapes.from_geojson(shapes.to_geojson(shape))
    assert again.is_valid
    assert shapes.area_km2(again) == pytest.approx(shapes.area_km2(shape), rel=1e-2)


@given(st.lists(st.tuples(LONS, LATS), min_size=3, max_size=8))
def test_any_ring_gives_a_valid_shape_on_the_map_or_a_reason(ring: list[Spot]) -> None:
    try:
        shape = shapes.from_ring(ring)
    except ShapeError:
        return
    west, south, east, north = shape.bounds
    assert shape.is_valid
    assert shape.area > 0
    assert west >= -180
    assert south >= -90
    assert east <= 180
    assert north <= 90


@given(stars(), st.floats(0, 300_000))
def test_a_grown_shape_holds_the_shape_it_grew_from(
    shape: MultiPolygon, distance_m: float
) -> None:
    grown = shapes.grown(shape, distance_m)
    assert grown.is_valid
    assert grown.buffer(1e-9).contains(shape)


@given(stars(), st.sampled_from([100, 10_000, 25_000, 500_000]))
def test_a_grown_shape_holds_everything_within_its_distance(
    shape: MultiPolygon, distance_m: float
) -> None:
    grown = shapes.grown(shape, distance_m)
    for part in shape.geoms:
        for lon, lat in part.exterior.coords[:3]:
            around = zip(*on_circle(lon, lat, distance_m * 0.999, 24), strict=True)
            assert cells.contains(grown, *around).all()


def test_a_shape_grows_over_the_antimeridian_and_to_the_pole() -> None:
    wider = shapes.grown(MultiPolygon([box(179.9, -17, 180, -16)]), 25_000)
    assert holds(wider, (-179.8, -16.5), (-179.7, -16.5)) == [True, False]
    polar = shapes.grown(MultiPolygon([box(0, 88, 10, 89)]), 150_000)
    assert holds(polar, (180, 89.9), (0, 90), (180, 85)) == [True, True, False]


def test_growing_too_far_or_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="2,000 km"):
        shapes.grown(MultiPolygon([box(0, 0, 1, 1)]), -1)


def test_a_space_after_the_comma_of_a_cap_pair_is_understood() -> None:
    written = shapes.from_cap_polygon("2, 1 2, 3 5, 3 2, 1")
    assert written.equals(shapes.from_cap_polygon("2,1 2,3 5,3 2,1"))


def test_a_comma_after_each_cap_pair_is_understood() -> None:
    written = shapes.from_cap_polygon("2,1, 2,3, 5,3, 2,1")
    assert written.equals(shapes.from_cap_polygon("2,1 2,3 5,3 2,1"))


@pytest.mark.parametrize(
    "text", ["1,2,3 4 5,6 1,2", "1,2 3,4 5", ",2 3,4 5,6 1", "1,2 3,4 5,6_0 1,2"]
)
def test_numbers_that_do_not_stand_in_pairs_are_refused(text: str) -> None:
    with pytest.raises(ShapeError, match="is not a pair"):
        shapes.from_cap_polygon(text)


def test_a_large_tangle_is_refused_and_a_large_outline_is_not() -> None:
    turns = np.linspace(0, 2 * np.pi, 40_000, endpoint=False)
    plain = np.column_stack([np.cos(turns), np.sin(turns)]) * 10
    assert len(shapes.from_ring(plain.tolist()).geoms) == 1
    knots = plain[np.random.default_rng(1).permutation(len(plain))]
    with pytest.raises(ShapeError, match="crosses or nears itself"):
        shapes.from_ring(knots.tolist())


def test_union_joins_neighbours_into_one_part() -> None:
    left, right = (MultiPolygon([box(x, 0, x + 1, 1)]) for x in (0, 1))
    assert len(shapes.union([left, right]).geoms) == 1
    assert shapes.union([left, right]).contains(Point(1, 0.5))


def same(one: MultiPolygon, other: MultiPolygon) -> bool:
    """Tell whether two shapes cover the same ground."""
    return bool(one.symmetric_difference(other).area == 0)


@given(stars())
def test_a_text_is_read_as_its_value_is(shape: MultiPolygon) -> None:
    value = shapes.to_geojson(shape)
    (read,) = shapes.from_geojson_texts([json.dumps(value)])
    assert same(read, shapes.from_geojson(value))


ODD_TEXTS = {
    "over the antimeridian, uncut": [
        [[177, -16], [-178, -16], [-178, -19], [177, -16]]
    ],
    "around a pole": [[[-120, 80], [0, 80], [120, 80], [-120, 80]]],
    "a bow tie": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]],
    "beyond ±180°": [[[179, 0], [181, 0], [181, 1], [179, 1], [179, 0]]],
    "with a hole": [
        [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]],
        [[1, 1], [1, 2], [2, 2], [1, 1]],
    ],
}


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_a_text_that_is_odd_is_read_with_the_same_care(name: str) -> None:
    value = {"type": "Polygon", "coordinates": ODD_TEXTS[name]}
    plain = shapes.to_geojson(MultiPolygon([box(0, 0, 1, 1)]))
    texts = [json.dumps(plain), json.dumps(value), json.dumps(plain)]
    first, read, last = shapes.from_geojson_texts(texts)
    assert same(read, shapes.from_geojson(value))
    assert first.bounds == last.bounds == (0, 0, 1, 1)


@pytest.mark.parametrize("text", ['{"type": "Point", "coordinates": [1, 2]}', "[]"])
def test_a_text_without_an_area_is_refused(text: str) -> None:
    with pytest.raises(ShapeError):
        shapes.from_geojson_texts([text])


@given(st.sampled_from((-60.0, -90.0)).flatmap(stars))
def test_a_ring_turned_once_round_the_world_covers_the_same(
    shape: MultiPolygon,
) -> None:
    for part in shape.geoms:
        ring = list(part.exterior.coords)
        turned = shapes.from_ring([(lon + 360, lat) for lon, lat in ring])
        plain = shapes.from_ring(ring)
        assert plain.symmetric_difference(turned).area < 1e-6 + plain.area * 1e-6


def test_parts_are_written_each_with_its_own_holes() -> None:
    squares = [box(at, 0, at + 9, 9) for at in (0, 20, 40)]
    holed = MultiPolygon(
        [
            squares[0].difference(box(1, 1, 2, 2)),
            squares[1],
            squares[2].difference(box(41, 1, 42, 2)).difference(box(45, 5, 46, 6)),
        ]
    )
    written = shapes.to_geojson(holed)
    assert [len(rings) for rings in written["coordinates"]] == [2, 1, 3]
    assert shapes.from_geojson(written).equals(holed)
