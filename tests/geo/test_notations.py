import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import notations

LEON = (-86.38, 12.51)
USUAL = [
    "12.51, -86.38",
    "12.51 -86.38",
    "12.51/-86.38",
    "+12.51 -086.38",
    "(12.51, -86.38)",
    "12,51; -86,38",
    "12,51 -86,38",
    "12,51, -86,38",
    "12.51N, 86.38W",
    "12.51° N 86.38° W",
    "N12.51 W86.38",
    "W86.38 N12.51",
    "86.38W 12.51N",
    "12.51 n 86.38 o",
    "12°30'36\"N 86°22'48\"W",
    "12°30'36''N 86°22'48''O",
    "12°30′36″N, 86°22′48″W",
    "12°30’36”N 86°22’48”W",
    "12 30 36 N, 86 22 48 W",
    "12:30:36N 86:22:48W",
    "12d30m36sN 86d22m48sW",
    "12 30 36, -86 22 48",
    "N 12 30.6 W 86 22.8",
    "N12°30.6' W86°22.8'",
    "lat 12.51 lon -86.38",
    "Latitude: 12.51, longitude: -86.38",
    "12.51، −86.38",
    "\u200e12.51, -86.38\u200e",
    "\u202a12.51\u202c, \u2066-86.38\u2069",
    "١٢٫٥١، -٨٦٫٣٨",
    "１２．５１，-８６．３８",
    "lon -86.38 lat 12.51",
    "Longitude: -86.38, latitude: 12.51",
    "lng=-86.38, lat=12.51",
    "Länge: -86,38; Breite: 12,51",
    "longitude 86.38 W, latitude 12.51 N",
]
LINKS = [
    "geo:12.51,-86.38",
    "geo:12.51,-86.38,20;u=35",
    "geo:12.51,-86.38?z=15",
    "geo:0,0?q=12.51,-86.38",
    "geo:0,0?q=12.51,-86.38(Hotel)",
    "https://www.openstreetmap.org/?mlat=12.51&mlon=-86.38#map=12/1/2",
    "https://www.openstreetmap.org/#map=15/12.51/-86.38",
    "https://www.google.com/maps/@12.51,-86.38,15z",
    "https://www.google.com/maps/place/X/@1,2,17z/data=!3d12.51!4d-86.38",
    "https://maps.google.com/?q=12.51,-86.38",
    "https://www.google.com/maps/search/?api=1&query=12.51%2C-86.38",
    "https://maps.apple.com/?ll=12.51,-86.38&q=home",
    "https://www.bing.com/maps?cp=12.51~-86.38&lvl=11",
]


@pytest.mark.parametrize("text", USUAL + LINKS)
def test_a_position_is_read_as_people_paste_it(text: str) -> None:
    assert notations.read(text) == LEON


def test_positions_beside_the_antimeridian_and_at_a_pole_are_read() -> None:
    assert notations.read("16°48'S 179°58'12\"W") == (-179.97, -16.8)
    assert notations.read("18 08 24 S, 178 26 24 E") == (178.44, -18.14)
    assert notations.read("90 S 0 E") == (0.0, -90.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "12 N",
        "n e",
        "1 2 3",
        "10 Downing Street",
        "Paris 12",
        "12.51N 13N",
        "-12.51S 86.38W",
        "12 61 N, 86 0 W",
        "12.5 30 N, 86 0 W",
        "1234, 5678",
        "12.51, -486.38",
        "https://example.org/12.51",
        "geo:0,0?q=Managua",
        "1 " * 5_000,
    ],
)
def test_what_is_no_position_is_none(text: str) -> None:
    assert notations.read(text) is None


ARC_SECONDS = st.integers(0, 90 * 3600 - 1)


@given(ARC_SECONDS, ARC_SECONDS, st.sampled_from("NS"), st.sampled_from("EW"))
def test_any_position_is_read_back_from_degrees_minutes_and_seconds(
    north: int, east: int, side: str, hand: str
) -> None:
    lat, lon = (
        f"{size // 3600}°{size // 60 % 60}'{size % 60}\"" for size in (north, east)
    )
    signed = (
        -east / 3600 if hand == "W" else east / 3600,
        -north / 3600 if side == "S" else north / 3600,
    )
    expected = pytest.approx(signed, abs=1e-8)
    assert notations.read(f"{lat}{side} {lon}{hand}") == expected
    assert notations.read(f"{hand}{lon}, {side} {lat}") == expected


@given(st.text(alphabet="0123456789.,;:°'\" NSEWnsewdm+-/", max_size=400))
def test_any_text_is_read_or_not_within_a_moment(text: str) -> None:
    began = time.process_time()
    notations.read(text)
    assert time.process_time() - began < 0.2
