"""What the areas of an alert say together: holes, other notations, all languages."""

import pytest

from alerts.hazards.feeds import cap
from geo import cells, shapes
from tests.factories import NOON
from tests.hazards.chains import alert

SQUARE = "0,0 0,4 4,4 4,0 0,0"
FARTHER = "0,9 0,13 4,13 4,9 0,9"
MIDDLE = "1,1 1,3 3,3 3,1 1,1"
HOLE = "<geocode><valueName>EXCLUDE_POLYGON</valueName><value>{}</value></geocode>"


def _item(*areas):
    """Read an alert with these areas in two languages."""
    both = "".join(f"<area><areaDesc>A</areaDesc>{area}</area>" for area in areas)
    begun, _, rest = alert("a", NOON).decode().partition("<area>")
    rest = rest.partition("</area>")[2]
    info = begun[begun.index("<info>") :]
    (item,) = cap.parse((begun + both + "</info>" + info + both + rest).encode()).items
    return item


def _inside(item, *points):
    lons, lats = zip(*points, strict=True)
    return cells.contains(shapes.from_geojson(item.geometry), lons, lats).tolist()


def test_a_hole_is_cut_out_and_is_no_code():
    item = _item(f"<polygon>{SQUARE}</polygon>" + HOLE.format(MIDDLE))
    assert _inside(item, (2, 2), (0.5, 0.5)) == [False, True]
    assert item.geocodes == []
    assert (item.polygon_count, item.geocode_count) == (2, 2)


def test_a_numbered_hole_is_cut_out_of_its_own_polygon_only():
    polygons = f"<polygon>{MIDDLE}</polygon><polygon>{SQUARE}</polygon>"
    island = _item(polygons + HOLE.format(f"1|{MIDDLE}"))
    assert _inside(island, (2, 2), (0.5, 0.5)) == [True, True]
    apart = f"<polygon>{FARTHER}</polygon><polygon>{SQUARE}</polygon>"
    assert _inside(_item(apart + HOLE.format(f"1|{MIDDLE}")), (2, 2)) == [False]


def test_a_hole_of_one_area_does_not_reach_into_another():
    first = f"<polygon>{SQUARE}</polygon>" + HOLE.format(MIDDLE)
    assert _inside(_item(first, f"<polygon>{SQUARE}</polygon>"), (2, 2)) == [True]


def test_a_hole_that_leaves_nothing_or_cannot_be_read_is_left_in_and_said():
    whole = _item(f"<polygon>{SQUARE}</polygon>" + HOLE.format(SQUARE))
    assert _inside(whole, (2, 2)) == [True]
    assert "a hole was left in: it is all of its polygon" in whole.flags
    odd = _item(f"<polygon>{SQUARE}</polygon>" + HOLE.format("1,x 2,3 3,4"))
    assert _inside(odd, (2, 2)) == [True]
    assert any("was dropped" in flag for flag in odd.flags)


def test_well_known_text_in_a_polygon_is_read_with_longitude_first():
    for text in (
        "POLYGON ((10 50, 12 50, 12 51, 10 51, 10 50))",
        "((10 50, 12 50, 12 51, 10 51, 10 50))",
        "(10 50, 12 50, 12 51, 10 51, 10 50)",
        "(((10 50, 12 50, 12 51, 10 51, 10 50)))",
    ):
        item = _item(f"<polygon>{text}</polygon>")
        assert item.bbox == (10, 50, 12, 51)
        assert item.flags.count("its polygon is written as WKT") == 1


def test_polygons_beyond_the_limit_are_not_dropped_in_silence():
    many = "".join(
        f"<polygon>0,{n / 10} 0,{n / 10 + 0.05} 1,{n / 10} 0,{n / 10}</polygon>"
        for n in range(501)
    )
    item = _item(many)
    assert item.polygon_count == 1002
    assert "only the first 500 polygons were drawn" in item.flags


@pytest.mark.parametrize(
    "text",
    ["10,20 5", "\n10.0,20.0\n5\n", "10, 20 5", "10,20,5", "10,20  5km", "10 20 5"],
)
def test_a_circle_is_read_however_its_numbers_stand(text):
    item = _item(f"<circle>{text}</circle>")
    assert (item.lon, item.lat) == (20, 10)
    assert _inside(item, (20.04, 10), (20.05, 10)) == [True, False]
    assert "assumed radius" not in item.flags


def test_a_circle_whose_numbers_are_swapped_says_so():
    item = _item("<circle>120,10 5</circle>", f"<polygon>{SQUARE}</polygon>")
    assert item.bbox == (0, 0, 4, 4)
    assert any("swapped with the longitude?" in flag for flag in item.flags)


@pytest.mark.parametrize("text", ["0,0;0,4;4,4;4,0", "0,0 0,4 4,4 4,\u22120"])
def test_other_signs_between_and_before_numbers_are_read(text):
    assert _item(f"<polygon>{text}</polygon>").bbox == (0, 0, 4, 4)


def test_a_code_is_read_however_it_is_written_and_an_empty_one_is_none():
    codes = (
        "<geocode>fips6=006109</geocode>",
        '<geocode valueName="UGC">FLZ001</geocode>',
        "<geocode><value>058</value><valueName>SAME</valueName></geocode>",
        "<geocode><valueName>UGC</valueName><value/></geocode>",
    )
    item = _item("".join(codes))
    assert item.geocodes == [("fips6", "006109"), ("UGC", "FLZ001"), ("SAME", "058")]
    assert item.geocode_count == 8
