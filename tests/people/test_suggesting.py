"""Places are offered while somebody types, from the machine's own gazetteer alone."""

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from consular.people.registering import suggesting
from consular.people.registering.forms import reference_of
from consular.people.registering.suggesting import Pace
from geo import gazetteer, misspelt
from tests.people import forms_of

EVERYONE = gazetteer.towns()


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test the counts of a process that has just begun."""
    for name, most in (("_networks", suggesting.A_NETWORK), ("_all", suggesting.ALL)):
        monkeypatch.setattr(suggesting, name, Pace(most, suggesting.MOST_NETWORKS))


def offered(client: Client, typed: str, **more: str) -> list[dict[str, str]]:
    answer = client.post("/places/", {"q": typed} | more)
    assert answer.status_code == 200
    places: list[dict[str, str]] = answer.json()["places"]
    return places


def test_a_name_begun_is_answered_with_places(client: Client) -> None:
    labels = [each["label"] for each in offered(client, "manag")]
    assert labels[0] == "Managua, Nicaragua"
    assert len(labels) <= 6


def test_a_region_says_that_it_is_one(client: Client) -> None:
    said = [each["said"] for each in offered(client, "Quebec", lang="de")]
    assert said[:2] == ["Québec, Canada – Kanada", "Quebec, Canada – Kanada (Region)"]


def test_a_country_is_said_in_the_readers_language(client: Client) -> None:
    first = offered(client, "granada", lang="ru", beside="NI")[0]
    assert first["said"] == "Granada, Nicaragua – Никарагуа"


def test_namesakes_near_the_other_stops_go_first(client: Client) -> None:
    assert offered(client, "granad")[0]["label"] != "Granada, Nicaragua"
    near = offered(client, "granad", beside="HN,NI")[0]
    assert near["label"] == "Granada, Nicaragua"


@pytest.mark.parametrize("typed", ["", " ", "m", "!", "qqqqqq", "95, 14", "\x00"])
def test_what_says_too_little_is_answered_with_nothing(
    client: Client, typed: str
) -> None:
    assert offered(client, typed) == []


def test_one_letter_is_enough_where_it_is_a_word(client: Client) -> None:
    assert offered(client, "北")


@pytest.mark.django_db
def test_what_was_chosen_from_the_list_is_taken_by_the_form(client: Client) -> None:
    place = offered(client, "san jos", beside="CR")[0]
    chosen = {"stay-0-place": place["label"], "stay-0-chosen": place["value"]}
    page = forms_of.send(client, client.get("/register/"), forms_of.WHO)
    page = forms_of.send(client, page, forms_of.WHERE | chosen)
    assert page.status_code == 200
    assert forms_of.opened(forms_of.state_of(page)).page == "reach"


def test_a_mistyped_name_is_answered_with_what_it_may_mean(client: Client) -> None:
    assert offered(client, "Managau")[0]["label"] == "Managua, Nicaragua"


@pytest.mark.django_db
def test_what_a_mistyped_name_may_mean_is_offered_and_never_taken(
    client: Client,
) -> None:
    mistyped = forms_of.WHERE | {"stay-0-place": "Managau", "stay-0-chosen": ""}
    page = forms_of.send(client, client.get("/register/"), forms_of.WHO)
    page = forms_of.send(client, page, mistyped)
    said = page.content.decode()
    assert "Did you mean one of these?" in said
    assert "Managua, Nicaragua" in said
    assert forms_of.opened(forms_of.state_of(page)).page == "where"
    (place,) = (p for p in misspelt.places("Managau") if p.country == "NI")
    page = forms_of.send(
        client, page, mistyped | {"stay-0-chosen": reference_of(place)}
    )
    assert forms_of.opened(forms_of.state_of(page)).page == "reach"


@given(place=st.sampled_from(EVERYONE))
def test_the_name_that_is_put_into_the_field_finds_its_place_again(
    place: gazetteer.Place,
) -> None:
    found = gazetteer.search(place.label, limit=6)
    assert reference_of(place) in [reference_of(each) for each in found]


def test_nobody_is_asked_for_half_a_name(
    client: Client, settings: LazySettings
) -> None:
    settings.GEOCODER = "nominatim"  # a request would leave the machine, and fail
    assert offered(client, "qqqqqq") == []


def test_it_is_asked_by_post_and_kept_by_no_cache(client: Client) -> None:
    assert client.get("/places/?q=manag").status_code == 405
    answer = client.post("/places/", {"q": "manag"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_who_asks_too_fast_is_not_answered_and_others_are(client: Client) -> None:
    suggesting._networks.rate = 0.5  # a slow machine does not outwait this
    answers = [client.post("/places/", {"q": "manag"}) for _ in range(9)]
    assert answers[0].status_code == 200
    assert answers[1].status_code == 429
    other = client.post("/places/", {"q": "manag"}, REMOTE_ADDR="198.51.100.7")
    assert other.status_code == 200


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 9), st.integers(1, 9))
def test_no_more_are_answered_than_the_pace_allows(
    pauses: list[float], rate: int, names: int
) -> None:
    pace, now = Pace(rate, 100), 0.0
    taken = [0] * names
    for index, pause in enumerate(pauses):
        now += pause
        taken[index % names] += pace.take(str(index % names), now)
    assert max(taken) <= 2 * rate + rate * now + 1e-6


def test_networks_that_ask_no_more_are_forgotten() -> None:
    pace = Pace(1, 3)
    for number in range(9):
        pace.take(str(number), number)
    assert len(pace._left) == 3
