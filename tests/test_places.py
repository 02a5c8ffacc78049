"""Places online: a real server on this machine stands in for the geocoders."""

import json
import logging
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from consular import outgoing, places
from geo import gazetteer
from geo.geocoding import Service
from tests.feed_server import Reply, Site, says, site

__all__ = ["site"]
# Made after the documented answers of both geocoders; the place is invented.
NOMINATIM = [
    {
        "lat": "12.4350",
        "lon": "-86.8780",
        "display_name": "Casa Quxford, León, Nicaragua",
        "boundingbox": ["12.4349", "12.4351", "-86.8781", "-86.8779"],
    },
    {
        "lat": "12.5",
        "lon": "-86.5",
        "display_name": "Quxford Valley, Nicaragua",
        "boundingbox": ["12.4", "12.6", "-86.6", "-86.4"],
    },
    {
        "lat": "12.5",
        "lon": "-86.5",
        "display_name": "Quxford Ocean, Nicaragua",
        "boundingbox": ["-12", "12.6", "-86.6", "86.4"],
    },
]
PHOTON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-179.97, -16.8]},
            "properties": {
                "name": "Quxford Beach",
                "country": "Fiji",
                "extent": [-179.98, -16.79, -179.96, -16.81],
            },
        }
    ],
}


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def answering(site: Site, reply: Reply) -> list[str]:
    """Answer whatever is asked; return the texts that were asked for."""
    asked: list[str] = []

    def noted(handler: Any) -> None:
        asked.append(parse_qs(urlsplit(handler.path).query)["q"][0])
        reply(handler)

    site.replies = defaultdict(lambda: noted)
    return asked


def geocoder(site: Site, kind: str = "nominatim", clock: Any = None) -> places.Geocoder:
    def get(url: str) -> bytes:
        try:
            return outgoing.get(url, mode="exercise", limits=places.LIMITS).body
        except outgoing.OutgoingError as error:
            raise OSError(str(error)) from None

    service = Service(kind=kind, domain=site.netloc, scheme="http")
    return places.Geocoder(service, 1, get, clock or Clock())


def test_nominatim_finds_a_house_and_a_valley_and_no_ocean(site):
    answering(site, says(json.dumps(NOMINATIM).encode()))
    house, valley = geocoder(site).search("Casa Quxford")
    assert house.label == "Casa Quxford, León, Nicaragua"
    assert (house.precision, house.radius_m, house.country) == ("exact", 0, "NI")
    assert valley.precision == "town"
    assert 14_000 < valley.radius_m < 17_000


def test_photon_finds_a_beach_beyond_the_antimeridian(site):
    answering(site, says(json.dumps(PHOTON).encode()))
    (beach,) = geocoder(site, "photon").search("Quxford Beach")
    assert (beach.lon, beach.lat, beach.country) == (-179.97, -16.8, "FJ")
    assert 1_000 < beach.radius_m < 2_000


def test_the_same_text_is_asked_once_a_day(site):
    asked = answering(site, says(json.dumps(NOMINATIM).encode()))
    clock = Clock()
    coder = geocoder(site, clock=clock)
    first = coder.search("Casa Quxford")
    clock.now += 23 * 3600
    assert coder.search("casa  quxford") == first
    clock.now += 3600
    assert coder.search("Casa Quxford") == first
    assert len(asked) == 2


def test_more_than_the_rate_is_not_asked(site):
    asked = answering(site, says(b"[]"))
    clock = Clock()
    coder = geocoder(site, clock=clock)
    assert [coder.search(f"Quxford {n}") for n in range(3)] == [[], [], []]
    clock.now += 1
    coder.search("Quxford 9")
    assert asked == ["Quxford 0", "Quxford 9"]


@pytest.mark.parametrize(
    "reply",
    [
        says(b"", 503),
        says(b"", 429),
        says(b"<html>"),
        says(b"\xff\xfe"),
        says(b"[" * 100_000),
        says(b"7"),
        says(b'[{"lat": "x"}]'),
        says(b'[{"lat": "1", "lon": "2", "boundingbox": 7}]'),
        says(b" " * 2_000_000),
    ],
)
def test_a_bad_answer_is_no_place_and_the_geocoder_rests(site, reply, caplog):
    asked = answering(site, reply)
    clock = Clock()
    coder = geocoder(site, clock=clock)
    with caplog.at_level(logging.WARNING):
        assert coder.search("Casa Quxford") == []
    assert "Quxford" not in caplog.text
    clock.now += 30
    coder.search("Casa Quxford")
    assert len(asked) == 1
    clock.now += 31
    coder.search("Casa Quxford")
    assert len(asked) == 2


def test_nobody_is_asked_unless_a_setting_says_so(site, settings):
    asked = answering(site, says(json.dumps(NOMINATIM).encode()))
    assert settings.GEOCODER == ""
    assert places.search("Casa Quxford") == []
    assert asked == []


def test_only_what_the_gazetteer_does_not_know_is_asked_for(site, settings):
    asked = answering(site, says(json.dumps(NOMINATIM).encode()))
    settings.GEOCODER, settings.GEOCODER_RATE = "nominatim", 1000
    settings.GEOCODER_HOST, settings.GEOCODER_SCHEME = site.netloc, "http"
    places._geocoder.cache_clear()
    try:
        assert places.search("san jo", "CR") == gazetteer.search("san jo", "CR")
        assert [each.precision for each in places.search("Casa Quxford")] == [
            "exact",
            "town",
        ]
    finally:
        places._geocoder.cache_clear()
    assert asked == ["Casa Quxford"]
