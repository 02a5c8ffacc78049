"""Several stops in one go: which of two towns is meant, and what has to be mended."""

import re

import pytest
from django.test import Client

from consular.people.models import Registration
from tests.people import forms_of
from tests.people.test_manage import path_of
from tests.people.test_party import FAMILY

pytestmark = pytest.mark.django_db
STOPS = {
    "stays": "2",
    "stay-1-place": "Granada",
    "stay-1-arrives_on": forms_of.day(12),
    "stay-1-departs_on": forms_of.day(23),
}


def where(client: Client, lang: str = "en", **changes: str) -> str:
    """Send the second page, and return what comes back."""
    page = forms_of.send(client, client.get("/register/"), forms_of.WHO)
    values = forms_of.WHERE | STOPS | changes | {"lang": lang}
    return str(forms_of.send(client, page, values).content.decode())


def offered(body: str) -> list[str]:
    return re.findall(r'type="radio"[^>]*><bdi>([^<]*)</bdi>', body)


def test_of_towns_alike_those_in_the_other_stops_countries_come_first(
    client: Client,
) -> None:
    here = offered(where(client))
    there = offered(where(client, **{"stay-0-place": "Madrid, Spain"}))
    assert here[0] == "Granada, Nicaragua"
    assert there[0] == "Granada, Andalusia, Spain"
    assert set(here) == set(there)


def test_a_later_stop_tells_which_town_an_earlier_one_is(client: Client) -> None:
    typed = {"stay-0-place": "Granada", "stay-1-place": "Managua, Nicaragua"}
    assert offered(where(client, **typed))[0] == "Granada, Nicaragua"


def test_a_choice_says_its_country_in_the_readers_language(client: Client) -> None:
    assert offered(where(client, "ar"))[0] == "Granada, Nicaragua – نيكاراغوا"


def test_a_place_is_kept_for_officers_and_read_in_the_owners_language(
    client: Client,
) -> None:
    stops = STOPS | {"stay-1-place": "Granada, Nicaragua"}
    last = forms_of.walk(client, where=stops)
    arabic = forms_of.send(client, last, {"lang": "ar"}, do="stay").content.decode()
    assert arabic.count("نيكاراغوا") == 2
    assert ">Granada, Nicaragua – نيكاراغوا<" in arabic
    forms_of.send(client, last, forms_of.CHECK)
    row = Registration.objects.get()
    assert {stay.place for stay in row.stays.all()} == {
        "Managua, Nicaragua",
        "Granada, Nicaragua",
    }
    own = client.get(path_of(row) + "?lang=ar").content.decode()
    assert "Granada, Nicaragua – نيكاراغوا" in own


def test_what_is_wrong_names_the_place_and_the_person(client: Client) -> None:
    assert "Place 2, Town, address or country: Choose one" in where(client)
    who = forms_of.WHO | FAMILY | {"person-2-guardian": ""}
    page = forms_of.send(client, client.get("/register/"), who).content.decode()
    assert "Person 3, Who looks after this child?: Say who" in page


def test_with_one_place_nothing_is_numbered(client: Client) -> None:
    alone = where(client, **{"stays": "1", "stay-0-place": "Granada"})
    assert ">Town, address or country: Choose one" in alone


def test_before_it_is_sent_it_is_said_who_looks_after_whom(client: Client) -> None:
    page = forms_of.walk(client, who=FAMILY).content.decode()
    assert "looked after by <bdi>Second</bdi>" in page
