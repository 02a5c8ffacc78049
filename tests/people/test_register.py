"""The four pages: nothing typed is lost, and a repeat counts once."""

import pytest
from django.test import Client
from django.utils import timezone

from alerts.dispatch.models import Message
from consular.languages import LANGUAGES, direction
from consular.people.managing import errands
from consular.people.models import Registration
from tests.people import forms_of

pytestmark = pytest.mark.django_db


def test_a_registration_waits_for_its_confirmation(client: Client) -> None:
    assert forms_of.register(client).status_code == 200
    registration = Registration.objects.get()
    assert registration.confirmed_at is None
    assert registration.contacts.count() == 2
    errands.run(timezone.now())
    assert [m.purpose for m in Message.objects.all()] == ["confirmation"] * 2


def test_sending_the_last_page_twice_registers_and_writes_once(client: Client) -> None:
    last = forms_of.walk(client)
    first = forms_of.send(client, last, forms_of.CHECK)
    second = forms_of.send(client, last, forms_of.CHECK)
    reference = Registration.objects.get().reference
    assert reference in first.content.decode()
    assert reference in second.content.decode()
    errands.run(timezone.now())
    errands.run(timezone.now())
    assert Message.objects.count() == 2


def test_companions_and_several_stops_are_kept(client: Client) -> None:
    who = {"persons": "3", "person-1-given_name": "Second", "person-2-given_name": "T"}
    where = {
        "stays": "2",
        "stay-1-place": "Nicaragua",
        "stay-1-arrives_on": forms_of.day(12),
        "stay-1-departs_on": forms_of.day(23),
    }
    forms_of.register(client, who=who, where=where)
    registration = Registration.objects.get()
    assert registration.persons.count() == 3
    assert [s.precision for s in registration.stays.all()] == ["town", "country"]


def test_no_more_than_twelve_persons_are_offered(client: Client) -> None:
    page = client.get("/register/")
    for _ in range(14):
        page = forms_of.send(client, page, {}, do="add-person")
    body = page.content.decode()
    assert "person-11-given_name" in body
    assert "person-12-given_name" not in body
    assert "add-person" not in body


def test_a_removed_person_is_gone_and_those_behind_move_up(client: Client) -> None:
    who = {"persons": "2", "person-1-given_name": "Kept", "kind": "trip"}
    page = client.get("/register/")
    typed = {"person-0-given_name": "Gone"} | who
    body = forms_of.send(client, page, typed, do="remove-person-0").content.decode()
    assert "Kept" in body
    assert "Gone" not in body


def test_a_resident_needs_no_last_day(client: Client) -> None:
    forms_of.register(
        client, who={"kind": "residence"}, where={"stay-0-departs_on": ""}
    )
    assert Registration.objects.get().stays.get().departs_on is None


def test_a_trip_needs_one(client: Client) -> None:
    page = forms_of.send(client, client.get("/register/"), forms_of.WHO)
    page = forms_of.send(client, page, forms_of.WHERE | {"stay-0-departs_on": ""})
    assert page.status_code == 400
    assert "for a trip" in page.content.decode()


def test_a_page_that_was_only_opened_shows_no_errors(client: Client) -> None:
    body = client.get("/register/").content.decode()
    assert 'aria-invalid="true"' not in body
    assert 'id="errors"' not in body


def test_an_error_is_said_on_top_with_a_link_and_at_its_field(client: Client) -> None:
    page = client.get("/register/")
    typed = {"person-0-family_name": "Typed before"}
    answer = forms_of.send(
        client, page, forms_of.WHO | typed | {"person-0-given_name": ""}
    )
    body = answer.content.decode()
    assert answer.status_code == 400
    assert '<a href="#id_person-0-given_name">' in body
    assert 'aria-invalid="true"' in body
    assert 'id="id_person-0-given_name_error"' in body
    assert "Typed before" in body


def test_back_keeps_what_was_typed(client: Client) -> None:
    back = forms_of.send(client, forms_of.walk(client), {}, do="back")
    assert "+12025550101" in back.content.decode()
    back = forms_of.send(client, back, {"phone": "+12025550102"}, do="back")
    assert "Managua" in back.content.decode()
    forward = forms_of.send(client, back, forms_of.WHERE)
    assert "+12025550102" in forward.content.decode()


def test_another_language_keeps_what_was_typed(client: Client) -> None:
    page = client.get("/register/")
    post = {"state": forms_of.state_of(page), "do": "stay"}
    typed = {"person-0-given_name": "Typed before"}
    body = client.post("/register/?lang=ar", post | typed).content.decode()
    assert 'dir="rtl"' in body
    assert "Typed before" in body


def test_a_name_of_many_towns_asks_which_one(client: Client) -> None:
    page = forms_of.send(client, client.get("/register/"), forms_of.WHO)
    where = forms_of.WHERE | {"stay-0-place": "san jose"}
    page = forms_of.send(client, page, where)
    assert page.status_code == 400
    assert "San José, Costa Rica" in page.content.decode()
    chosen = {"stay-0-chosen": "-84.08490,9.93390,CR,town,5962"}
    assert forms_of.send(client, page, where | chosen).status_code == 200


def test_one_way_to_reach_them_is_enough_and_none_is_refused(client: Client) -> None:
    assert forms_of.walk(client, reach={"phone": ""}).status_code == 200
    answer = forms_of.walk(client, reach={"phone": "", "email": ""})
    assert answer.status_code == 400


@pytest.mark.parametrize("email", ["nope", "a@", "@example.org", "a b@example.org"])
def test_a_mistyped_email_is_refused_in_words(client: Client, email: str) -> None:
    answer = forms_of.walk(client, reach={"email": email})
    assert answer.status_code == 400
    assert "name@example.org" in answer.content.decode()


def test_without_consent_nothing_is_stored(client: Client) -> None:
    answer = forms_of.send(client, forms_of.walk(client), {})
    assert answer.status_code == 400
    assert ".: " not in answer.content.decode(), "a sentence is no label of its error"
    assert not Registration.objects.exists()


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_each_language_answers_in_its_direction(client: Client, code: str) -> None:
    for path in ("/", "/register/"):
        answer = client.get(path, {"lang": code})
        expected = f'<html lang="{code}" dir="{direction(code)}"'
        assert expected in answer.content.decode()
        assert answer.headers["Content-Language"] == code
        assert not answer.cookies


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_no_language_falls_back_to_english(client: Client, code: str) -> None:
    assert "Given name" not in client.get(f"/register/?lang={code}").content.decode()


def test_each_page_weighs_at_most_20_kb(client: Client) -> None:
    pages = [client.get("/"), client.get("/register/"), forms_of.walk(client)]
    assert max(len(page.content) for page in pages) <= 20_000


def test_a_public_page_makes_the_browser_ask_for_nothing_else(client: Client) -> None:
    page = client.get("/").content.decode()
    assert '<link rel="icon" href="data:,">' in page
    assert "src=" not in page


def test_public_pages_are_not_kept_and_send_no_referrer(client: Client) -> None:
    answer = forms_of.register(client)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


HOSTILE = [
    {"persons": "9" * 300, "do": "next"},
    {"persons": "²", "do": "add-person"},
    {"do": "remove-person-²"},
    {"do": "remove-person-" + "9" * 200},
    {"person-²-given_name": "x", "do": "remove-person-0"},
    {"person-0-given_name": "\x00", "do": "next"},
    {"person-0-birth_year": "9" * 200, "do": "next"},
    {"kind": "\ud83d", "do": "next"},
    {"state": "1.aa.bb", "do": "next"},
    {"state": "x", "do": "back"},
    {"do": "remove-planet-1"},
]


@pytest.mark.parametrize("values", HOSTILE)
def test_hostile_input_is_answered(client: Client, values: dict[str, str]) -> None:
    state = forms_of.state_of(client.get("/register/"))
    values = {k: v.encode("utf-8", "replace").decode() for k, v in values.items()}
    answer = client.post("/register/", {"state": state} | values)
    assert answer.status_code in (200, 400)
