"""Families as they are: children, split stays, papers, somebody at home."""

import json

import pytest
from django.test import Client

from consular.people.managing import recalling
from consular.people.models import Contact, Registration
from tests.people import forms_of
from tests.people.test_manage import path_of

pytestmark = pytest.mark.django_db
FAMILY = {
    "persons": "3",
    "person-0-given_name": "Invented",
    "person-1-given_name": "Second",
    "person-2-given_name": "Child",
    "person-2-birth_year": "2019",
    "person-2-guardian": "1",
}
HOME = {
    "emergency_name": "Somebody Home",
    "emergency_phone": "+12025550109",
    "emergency_told": "all",
}


def test_with_one_adult_nobody_asks_who_looks_after_a_child(client: Client) -> None:
    who = {
        "persons": "2",
        "person-1-given_name": "Child",
        "person-1-birth_year": "2019",
    }
    forms_of.register(client, who=who)
    adult, child = Registration.objects.get().persons.all()
    assert (child.is_minor, child.guardian) == (True, adult)


def test_with_two_adults_it_is_asked_and_kept(client: Client) -> None:
    page = client.get("/register/")
    unsaid = forms_of.WHO | FAMILY | {"person-2-guardian": ""}
    page = forms_of.send(client, page, unsaid)
    assert page.status_code == 400
    assert "Say who looks after this child." in page.content.decode()
    forms_of.register(client, who=FAMILY)
    _, second, child = Registration.objects.get().persons.all()
    assert child.guardian == second


def test_a_child_alone_needs_a_name(client: Client) -> None:
    alone = forms_of.WHO | {"person-0-birth_year": "2015"}
    page = forms_of.send(client, client.get("/register/"), alone)
    assert page.status_code == 400
    named = alone | {"person-0-guardian_name": "School, +12025550108"}
    assert forms_of.send(client, page, named).status_code == 200


def test_when_a_person_is_taken_out_guardians_and_absences_follow(
    client: Client,
) -> None:
    page = forms_of.walk(client, who=FAMILY, where={"stay-0-away-2": "on"})
    for _ in range(3):
        page = forms_of.send(client, page, {}, do="back")
    page = forms_of.send(client, page, forms_of.WHO | FAMILY, do="remove-person-0")
    typed = forms_of.filled(page)
    assert typed["person-1-given_name"] == "Child"
    page = forms_of.send(client, page, typed)
    body = page.content.decode()
    assert 'name="stay-0-away-1"' in body
    assert 'name="stay-0-away-2"' not in body


def test_a_split_family_is_counted_where_each_is(client: Client) -> None:
    where = {
        "stays": "2",
        "stay-0-away-2": "on",
        "stay-1-place": "Nicaragua",
        "stay-1-arrives_on": forms_of.day(4),
        "stay-1-departs_on": forms_of.day(23),
        "stay-1-away-0": "on",
        "stay-1-away-1": "on",
    }
    forms_of.register(client, who=FAMILY, where=where)
    first, second = Registration.objects.get().stays.order_by("pk")
    assert [person.position for person in first.persons.all()] == [0, 1]
    assert [person.position for person in second.persons.all()] == [2]
    assert (first.people, second.people) == (2, 1)


def test_somebody_has_to_be_at_a_place(client: Client) -> None:
    page = forms_of.send(client, client.get("/register/"), forms_of.WHO | FAMILY)
    nobody = {f"stay-0-away-{index}": "on" for index in range(3)}
    answer = forms_of.send(client, page, forms_of.WHERE | nobody)
    assert answer.status_code == 400
    assert "Somebody has to be there." in answer.content.decode()


def test_somebody_at_home_is_kept_with_what_they_may_be_told(client: Client) -> None:
    page = forms_of.walk(client, reach=HOME)
    forms_of.send(client, page, forms_of.CHECK | {"emergency": "on"})
    row = Registration.objects.get()
    home = row.contacts.get(role=Contact.Role.EMERGENCY)
    assert (home.name, home.may_tell) == ("Somebody Home", "all")
    assert set(row.consents) == {"warn", "emergency"}


def test_what_nobody_agreed_to_is_not_kept(client: Client) -> None:
    page = forms_of.walk(client, who={"person-0-needs": "insulin"}, reach=HOME)
    body = page.content.decode()
    assert 'name="needs"' in body
    assert 'name="emergency"' in body
    forms_of.send(client, page, forms_of.CHECK)
    row = Registration.objects.get()
    assert row.persons.get().needs == ""
    assert not row.contacts.filter(role=Contact.Role.EMERGENCY).exists()
    assert set(row.consents) == {"warn"}


def test_what_is_not_typed_is_not_asked_consent_for(client: Client) -> None:
    body = forms_of.walk(client).content.decode()
    assert 'name="needs"' not in body
    assert 'name="emergency"' not in body


def test_a_change_keeps_all_of_a_family(client: Client) -> None:
    where = {"stay-0-away-2": "on"}
    who = FAMILY | {"person-1-foreign": "on", "person-0-needs": "insulin"}
    page = forms_of.walk(client, who=who, where=where, reach=HOME)
    agreed = forms_of.CHECK | {"emergency": "on", "needs": "on"}
    forms_of.send(client, page, agreed)
    row = Registration.objects.get()
    before = recalling.entry_of(row)
    page = client.post(path_of(row), {"do": "change"})
    for _ in range(3):
        page = forms_of.send(client, page, forms_of.filled(page))
        assert page.status_code == 200
    assert forms_of.send(client, page, forms_of.filled(page)).status_code == 302
    row.refresh_from_db()
    after = recalling.entry_of(row)
    assert after.persons == before.persons
    assert [each.persons for each in after.stays] == [(0, 1)]
    assert {each.may_tell for each in after.contacts} == {"unreached", "all"}


def test_the_download_says_who_looks_after_whom(client: Client) -> None:
    forms_of.register(client, who=FAMILY)
    answer = client.post(path_of(Registration.objects.get()), {"do": "download"})
    assert json.loads(answer.content)["persons"][2]["guardian"] == 1


def test_twelve_of_a_family_stay_light(client: Client) -> None:
    who = {f"person-{n}-given_name": "Invented" for n in range(12)}
    page = forms_of.walk(client, who=who | {"persons": "12"})
    for _ in range(3):
        page = forms_of.send(client, page, {}, do="back")
        assert len(page.content) < 60_000  # under 20 KB as it travels, compressed
