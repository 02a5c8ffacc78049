import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import gazetteer, pluscodes

# From the test data of Open Location Code (Apache-2.0): code, latitude, longitude.
KNOWN = [
    ("7FG49Q00+", 20.375, 2.775),
    ("7FG49QCJ+2V", 20.3700625, 2.7821875),
    ("7FG49QCJ+2VX", 20.3701125, 2.782234375),
    ("8FVC2222+22", 47.0000625, 8.0000625),
    ("4VCPPQGP+Q9", -41.2730625, 174.7859375),
    ("62G20000+", 0.5, -179.5),
    ("22220000+", -89.5, -179.5),
    ("CFX30000+", 89.5, 1.5),
]


@pytest.mark.parametrize(("code", "lat", "lon"), KNOWN)
def test_a_full_code_is_the_middle_of_its_rectangle(
    code: str, lat: float, lon: float
) -> None:
    assert pluscodes.split(code.lower()) == (code, "")
    found = pluscodes.decode(code)
    assert found[:2] == pytest.approx((lon, lat), abs=2e-6)


@pytest.mark.parametrize(
    ("short", "lat", "lon", "full"),
    [
        ("9QCJ+2VX", 20.4, 2.8, "7FG49QCJ+2VX"),
        ("9G8F+6X", 47.4, 8.6, "8FVC9G8F+6X"),
        ("X2+22", 0.0, 179.9999, "62F2X2X2+22"),
    ],
)
def test_a_short_code_is_the_nearest_to_its_place(
    short: str, lat: float, lon: float, full: str
) -> None:
    found = pluscodes.nearest(pluscodes.split(short)[0], lon, lat)
    assert found == full


@given(st.floats(-180, 180), st.floats(-89, 89))
def test_a_short_code_beside_its_own_place_is_its_full_code(
    lon: float, lat: float
) -> None:
    full = pluscodes.nearest("22+22", lon, lat)
    middle, north, _ = pluscodes.decode(full)
    assert pluscodes.nearest(full[4:], middle, north) == full
    assert abs(north - lat) <= 0.0251
    assert abs((middle - lon + 180) % 360 - 180) <= 0.0251


@pytest.mark.parametrize("text", ["", "+", "8FVC", "8FVC0G00+", "XXXX2222+22", "a+b"])
def test_what_is_no_code_is_left_alone(text: str) -> None:
    assert pluscodes.split(text) == ("", text)


def test_a_place_is_found_by_its_plus_code() -> None:
    (place,) = gazetteer.search("8FVC9G8F+6X")
    assert (place.country, place.precision, place.radius_m) == ("CH", "exact", 0)
    assert place == gazetteer.search("9G8F+6X Zürich")[0]
    assert place == gazetteer.search("9g8f+6x, zurich, switzerland")[0]


def test_a_code_of_a_wide_rectangle_reaches_as_far_as_it_does() -> None:
    (place,) = gazetteer.search("8FVC9G00+")
    assert place.precision == "town"
    assert 3_000 < place.radius_m < 4_000
    assert gazetteer.search("8FVC0000+") == []
    assert gazetteer.search("9G8F+6X qqqqqq") == []
