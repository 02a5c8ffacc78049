import numpy as np
import pytest

from geo import circles, gazetteer, regions, shapes
from geo.cells import contains
from tests.geo.test_gazetteer import labels

# Where maps get regions wrong: over ±180°, in enclaves, far from their country.
GOLD = {
    "Suva": (178.44, -18.14, "Central"),
    "Attu": (173.18, 52.9, "Alaska"),
    "Honolulu": (-157.86, 21.31, "Hawaii"),
    "Washington": (-77.02, 38.9, "Washington, D.C."),
    "Anadyr": (177.5, 64.73, "Chukotskiy Avtonomnyy Okrug"),
    "Uelen": (-170.4, 66.1, "Chukotskiy Avtonomnyy Okrug"),
    "Tromsø": (18.96, 69.65, "Troms"),
    "Liberia": (-85.44, 10.63, "Guanacaste"),
    "Munich": (11.58, 48.14, "Bavaria"),
}


@pytest.mark.parametrize("name", GOLD)
def test_a_place_is_in_its_region(name: str) -> None:
    lon, lat, region = GOLD[name]
    code = regions.region_at(lon, lat)
    assert regions.region_name(code) == region
    assert contains(regions.region_shape(code), [lon], [lat]).all()


def test_where_there_is_no_region_the_answer_is_empty() -> None:
    places = {"at sea": (-140, 0), "McMurdo": (166.67, -77.85), "the Pole": (0, -90)}
    for lon, lat in (*places.values(), (0, 90), (180, 0), (-180, 0)):
        assert regions.region_at(lon, lat) == ""


def test_an_enclave_is_in_no_region_of_the_country_around_it() -> None:
    assert regions.region_at(12.4534, 41.9033)[:2] in ("", "VA")
    assert regions.region_at(27.48, -29.31)[:2] == "LS"


def test_towns_are_in_the_region_that_they_are_listed_in() -> None:
    towns = [town for town in gazetteer.towns()[:8000] if town.region]
    at = regions.regions_at([each.lon for each in towns], [each.lat for each in towns])
    right = [
        regions.region_name(str(code)) == town.region
        for code, town in zip(at, towns, strict=True)
    ]
    assert np.mean(right) > 0.98


def test_every_region_is_a_valid_shape_in_its_country() -> None:
    for country in ("CR", "DE", "FJ", "RU", "US", "NZ", "IT"):
        outline = gazetteer.country_shape(country).buffer(0.002)
        for code in regions.regions(country):
            shape = regions.region_shape(code)
            assert shape.is_valid
            assert shapes.area_km2(shape) > 0
            assert outline.contains(shape)


@pytest.mark.parametrize("country", ["CR", "DE", "US"])
def test_the_regions_of_a_country_make_the_country_and_share_nothing(
    country: str,
) -> None:
    parts = [regions.region_shape(code) for code in regions.regions(country)]
    whole = shapes.area_km2(gazetteer.country_shape(country))
    assert sum(map(shapes.area_km2, parts)) == pytest.approx(whole, rel=0.01)
    assert shapes.area_km2(shapes.union(parts)) == pytest.approx(whole, rel=0.01)


def test_the_regions_that_a_shape_touches_are_found() -> None:
    around = circles.circle(-85.44, 10.63, 5_000)
    assert regions.regions_in(around) == ["CR-G"]
    seam = circles.circle(180, 68.0, 30_000)
    assert regions.regions_in(seam) == ["RU-CHU"]
    assert regions.regions_in(circles.circle(0, 90, 100_000)) == []


def test_an_unknown_region_is_said_to_be_unknown() -> None:
    assert regions.region_name("ZZ.01") == "ZZ.01"
    with pytest.raises(shapes.ShapeError, match="no outline"):
        regions.region_shape("ZZ.01")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Guanacaste", "Guanacaste, Costa Rica"),
        ("guanac", "Guanacaste, Costa Rica"),
        ("bavaria", "Bavaria, Germany"),
        ("Bavaria, Germany", "Bavaria, Germany"),
        ("bavaria germany", "Bavaria, Germany"),
    ],
)
def test_a_region_can_be_chosen_by_its_name(text: str, first: str) -> None:
    assert first in labels(text)[:3]
    found = [place for place in gazetteer.search(text) if place.label == first]
    assert "region" in {place.precision for place in found}


def test_a_region_is_a_place_inside_itself() -> None:
    for code in regions.regions("US"):
        place = gazetteer.region(code)
        assert regions.region_at(place.lon, place.lat) == code
        assert (place.precision, place.country) == ("region", "US")


def test_a_town_goes_before_the_region_of_its_name() -> None:
    found = gazetteer.search("San José", "CR")
    assert [place.precision for place in found[:1]] == ["town"]


def test_no_two_answers_read_the_same_when_one_is_a_region() -> None:
    for text in ("León, Nicaragua", "leon nicaragua", "leon", "san jose", "managua"):
        found = gazetteer.search(text)
        areas = [place.label for place in found if place.precision == "region"]
        everything = [place.label for place in found]
        assert all(everything.count(label) == 1 for label in areas)
