"""A crisis form takes anybody in, counts each once, and changes nobody's record."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from consular.people.models import CrisisForm, Registration
from consular.people.registering import crisis
from tests import factories

pytestmark = pytest.mark.django_db
TYPED = {
    "given_name": "Invented",
    "family_name": "Person",
    "place": "Managua, Nicaragua",
    "phone": "+1 202 555 0101",
    "warn": "on",
}


@pytest.fixture
def form() -> CrisisForm:
    officer = factories.make_officer()
    return crisis.open_form("Storm in Nicaragua", ["NI"], officer, timezone.now())


def send(client: Client, form: CrisisForm, key: str = "", **changes: str):
    path = f"/now/{form.code}/"
    page = client.get(path).content.decode()
    found = re.search(r'name="key" value="(\w+)"', page)
    return client.post(path, TYPED | {"key": key or found[1]} | changes)


def plain(answer: HttpResponse) -> str:
    """Return a page without what differs at each request."""
    return re.sub(r'nonce="[^"]*"', "", answer.content.decode())


def test_the_page_is_small_and_asks_seven_things(client, form):
    body = client.get(f"/now/{form.code}/").content.decode()
    fields = re.findall(r"<(?:input|select|textarea)[^>]*>", body)
    asked = [each for each in fields if 'type="hidden"' not in each]
    assert len(asked) == 7
    assert len(body.encode()) < 20_000
    assert "<script" not in body


def test_who_registers_counts_at_once(client, form):
    assert send(client, form).status_code == 200
    row = Registration.objects.get()
    assert row.kind == "crisis"
    assert row.confirmed_at is not None
    assert row.contacts.get().verified_at is None
    assert row.stays.get().country == "NI"


def test_the_same_form_twice_counts_once(client, form):
    for _ in range(3):
        assert send(client, form, key="a" * 32).status_code == 200
    assert Registration.objects.count() == 1
    form.refresh_from_db()
    assert form.entries == 1


def test_a_second_form_of_the_same_person_counts_once(client, form):
    first = send(client, form)
    second = send(client, form, given_name="PERSON", family_name="invented")
    assert Registration.objects.count() == 1
    assert plain(first) == plain(second)


def test_a_traveller_who_registered_before_gets_one_more_stay(client, form):
    known = factories.make_registration(phone="+12025550101", stays=[])
    known.persons.update(given_name="Invented", family_name="Person")
    send(client, form, needs="insulin")
    person = known.persons.get()
    assert Registration.objects.get() == known
    assert person.needs == "insulin"
    assert known.stays.current().get().place.startswith("Managua")


def test_a_stranger_with_the_number_alone_touches_nothing(client, form):
    known = factories.make_registration(phone="+12025550101")
    send(client, form, given_name="Somebody", family_name="Else")
    known.refresh_from_db()
    assert known.revision == 1
    assert Registration.objects.count() == 2


def test_what_was_typed_stays_when_something_is_wrong(client, form):
    answer = send(client, form, phone="12")
    assert answer.status_code == 400
    assert 'value="Invented"' in answer.content.decode()
    assert not Registration.objects.exists()


def test_a_place_is_looked_for_in_the_countries_of_the_form_first(client, form):
    body = send(client, form, place="León").content.decode()
    assert Registration.objects.exists() or "Nicaragua" in body
    assert "Mexico" not in body


def test_a_closed_form_takes_nobody_in(client, form):
    crisis.close_form(form, form.opened_by, timezone.now())
    assert client.get(f"/now/{form.code}/").status_code == 404
    assert client.post(f"/now/{form.code}/", TYPED).status_code == 404


def test_an_officer_opens_a_form_and_gets_its_poster(client):
    factories.sign_in(client, factories.make_officer())
    page = client.get("/desk/crisis-forms/")
    assert page.status_code == 200
    asked = {"title": "Storm", "countries": ["NI", "HN"]}
    answer = client.post("/desk/crisis-forms/", asked, follow=True)
    form = CrisisForm.objects.get()
    body = answer.content.decode()
    assert f"/now/{form.code}" in body
    assert "<svg viewBox" in body
