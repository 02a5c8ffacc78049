import time

import pytest

from geo import circles, gazetteer, shapes, towns
from geo.cells import contains

# Where places are that maps get wrong: islands over ±180°, enclaves, the ends of Earth.
GOLD = {
    "Suva": (178.44, -18.14, "FJ"),
    "Taveuni": (-179.97, -16.8, "FJ"),
    "Malawi": (34.0, -13.5, "MW"),
    "Attu": (173.18, 52.9, "US"),
    "Tromsø": (18.96, 69.65, "NO"),
    "McMurdo": (166.67, -77.85, "AQ"),
    "the South Pole": (0.0, -89.99, "AQ"),
    "the Vatican": (12.4534, 41.9033, "VA"),
    "Lesotho": (28.5, -29.5, "LS"),
    "Longyearbyen": (15.6, 78.22, "SJ"),
    "Saint-Denis": (55.45, -20.88, "RE"),
    "Cayenne": (-52.33, 4.93, "GF"),
    "Anadyr": (177.5, 64.73, "RU"),
    "Uelen": (-169.81, 66.16, "RU"),
}


def labels(text: str, country: str = "") -> list[str]:
    return [place.label for place in gazetteer.search(text, country)]


@pytest.mark.parametrize("name", GOLD)
def test_a_place_is_in_its_country(name: str) -> None:
    lon, lat, code = GOLD[name]
    assert gazetteer.country_at(lon, lat) == code
    assert contains(gazetteer.country_zone(code), [lon], [lat]).all()


def test_fiji_holds_suva_and_taveuni_and_not_malawi() -> None:
    lons, lats = [178.44, -179.97, 34.0], [-18.14, -16.8, -15.0]
    inside = contains(gazetteer.country_shape("FJ"), lons, lats)
    assert inside.tolist() == [True, True, False]


def test_every_outline_is_valid_and_named() -> None:
    for code, name in gazetteer.countries().items():
        shape = gazetteer.country_shape(code)
        assert shape.is_valid
        assert name != code
        assert shapes.area_km2(shape) > 0.1


def test_a_town_is_in_the_zone_of_its_country_but_for_disputed_and_border_towns() -> (
    None
):
    outside = [
        town
        for town in gazetteer.towns()[:5000]
        if not contains(
            gazetteer.country_shape(town.country), [town.lon], [town.lat]
        ).all()
    ]
    assert len(outside) < 40


def test_a_beach_that_the_outline_leaves_at_sea_is_in_the_zone() -> None:
    # Two kilometres off the drawn Pacific coast of Nicaragua.
    lon, lat = -85.8900, 11.2400
    while contains(gazetteer.country_shape("NI"), [lon], [lat]).all():
        lon -= 0.005
    assert contains(gazetteer.country_zone("NI"), [lon - 0.02], [lat]).all()


def test_a_neighbour_that_shares_a_border_shares_no_area() -> None:
    assert gazetteer.countries_in(gazetteer.country_shape("NI")) == ["NI"]
    assert set(gazetteer.countries_in(gazetteer.country_zone("DE"))) == {"DE"}


def test_a_shape_at_sea_is_of_the_country_that_it_lies_off() -> None:
    off_masachapa = circles.circle(-86.7, 11.6, 3_000)
    assert gazetteer.countries_in(off_masachapa) == ["NI"]
    assert gazetteer.countries_in(circles.circle(-140, 0, 3_000)) == []


def test_names_are_found_without_accents_the_largest_first() -> None:
    found = gazetteer.search("san jo")
    exact = [place.population for place in found]
    assert exact == sorted(exact, reverse=True)
    assert "San José, Costa Rica" in labels("san jo")


def test_places_of_the_chosen_country_come_first() -> None:
    assert labels("san jo", "CR")[0] == "San José, Costa Rica"
    assert labels("leon", "NI")[0] == "León, Nicaragua"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("San José, Costa Rica", "San José, Costa Rica"),
        ("san jose costa rica", "San José, Costa Rica"),
        ("Paris, Texas", "Paris, Texas, United States"),
        ("león, ni", "León, Nicaragua"),
        ("Lodz", "Łódź, Lodz Voivodeship, Poland"),
        ("München", "Munich, Bavaria, Germany"),
        ("Мюнхен", "Munich, Bavaria, Germany"),
        ("القاهرة", "Cairo, Muhafazat al Qahirah, Egypt"),
        ("北京", "Beijing, China"),
        ("Nicaragua", "Nicaragua"),
        ("Allemagne", "Germany"),
        ("Никарагуа", "Nicaragua"),
        ("Vatican", "Vatican City"),
    ],
)
def test_a_place_is_found_as_people_write_it(text: str, first: str) -> None:
    assert labels(text)[0] == first


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Chicago, USA", "US"),
        ("Chicago, U.S.A.", "US"),
        ("London, UK", "GB"),
        ("Edinburgh, Scotland", "GB"),
        ("Dubai, UAE", "AE"),
        ("Prague, Czech Republic", "CZ"),
        ("Istanbul, Turkey", "TR"),
        ("Abidjan, Ivory Coast", "CI"),
        ("Kinshasa, DRC", "CD"),
        ("Rotterdam Holland", "NL"),
        ("USA", "US"),
    ],
)
def test_a_country_is_understood_by_what_people_call_it(
    text: str, country: str
) -> None:
    assert gazetteer.search(text)[0].country == country


def test_a_country_is_a_place_with_its_centre_and_time_zone() -> None:
    place = gazetteer.search("nicaragua")[0]
    assert (place.precision, place.country) == ("country", "NI")
    assert place.time_zone == "America/Managua"
    assert gazetteer.country_at(place.lon, place.lat) == "NI"
    assert place == gazetteer.country("NI")


@pytest.mark.parametrize(
    "text", ["12.51, -86.38", "12.51 -86.38", "12.51N, 86.38W", "12.51° N 86.38° W"]
)
def test_typed_coordinates_are_an_exact_place(text: str) -> None:
    (place,) = gazetteer.search(text)
    assert (place.lon, place.lat, place.country) == (-86.38, 12.51, "NI")
    assert (place.precision, place.radius_m) == ("exact", 0)


def test_an_o_beside_a_number_is_west_or_east_and_land_goes_first() -> None:
    found = [(place.lon, place.country) for place in gazetteer.search("48,1 N 11,5 O")]
    assert found == [(11.5, "DE"), (-11.5, "")]
    assert gazetteer.search("12.51 N 86.38 O")[0].country == "NI"


@pytest.mark.parametrize("text", ["", "  ", ",", "95, 14", "qqqqqq", "!" * 10_000])
def test_what_is_no_place_finds_nothing(text: str) -> None:
    assert gazetteer.search(text) == []


def test_a_search_takes_less_than_20_ms_once_it_is_warm() -> None:
    texts = ["s", "san", "san jo", "x", "new york", "nica", "12.5, -86", "qq qq qq"]
    for text in texts:
        gazetteer.search(text)
    began = time.process_time()
    for text in texts:
        gazetteer.search(text)
    assert (time.process_time() - began) / len(texts) < 0.02


def test_the_nearest_town_is_found_over_the_antimeridian() -> None:
    assert gazetteer.nearest(-86.3, 12.1).name == "Managua"
    assert gazetteer.nearest(-179.999, -16.4).country == "FJ"


def test_an_unknown_country_is_said_to_be_unknown() -> None:
    with pytest.raises(shapes.ShapeError, match="no outline"):
        gazetteer.country_shape("ZZ")


def test_what_is_loaded_beforehand_is_all_that_searches_read():
    gazetteer.load()
    kept = (towns._rows, towns.spellings, towns._vectors)
    read = [each.cache_info().misses for each in kept]
    for text in ("Managua", "Paris France", "Nicaragua", "Guanacaste", "12.5, -86.4"):
        gazetteer.search(text)
    assert [each.cache_info().misses for each in kept] == read
