"""The pages behind a link: opening one changes nothing, pressing a button does."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from consular.missions.models import AuditEntry
from consular.people.managing import linking
from consular.people.models import Contact, Link, Person, Registration, Stay
from tests import factories
from tests.people import forms_of

pytestmark = pytest.mark.django_db


def path_of(registration: Registration, purpose: str = Link.Purpose.MANAGE) -> str:
    return "/" + linking.link(registration, purpose).split("/", 3)[3]


def make(**changes: object) -> Registration:
    fields = {"phone": "+12025550101", "party": 2} | changes
    return factories.make_registration(**fields)


def test_opening_the_confirmation_link_changes_nothing(client: Client) -> None:
    registration = make(confirmed=False)
    path = path_of(registration, Link.Purpose.CONFIRM)
    answer = client.get(path)
    registration.refresh_from_db()
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert registration.confirmed_at is None
    assert registration.revision == 1


def test_pressing_its_button_confirms(client: Client) -> None:
    registration = make(confirmed=False)
    code = linking.code_of(registration.contacts.get())
    path = f"{path_of(registration, Link.Purpose.CONFIRM)}{code}/"
    assert client.get(path).status_code == 200
    assert not Registration.objects.exclude(confirmed_at=None)
    answer = client.post(path)
    registration.refresh_from_db()
    assert answer.headers["Location"].endswith(path_of(registration))
    assert registration.confirmed_at is not None


def test_who_has_confirmed_is_told_so_and_later_no_more(client: Client) -> None:
    registration = make(confirmed=False, language="en")
    code = linking.code_of(registration.contacts.get())
    path = f"{path_of(registration, Link.Purpose.CONFIRM)}{code}/"
    assert "You are registered" in client.post(path, follow=True).content.decode()
    registration.refresh_from_db()
    assert registration.confirmed_at is not None
    registration.confirmed_at -= timedelta(minutes=5)
    registration.save(update_fields=["confirmed_at"])
    answer = client.get(path_of(registration))
    assert "You are registered" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/r/wrong/", "/confirm/wrong/", "/r/%00/"])
def test_a_wrong_link_is_answered_with_a_phone_number(
    client: Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "tel:" in answer.content.decode()


def test_the_link_to_confirm_does_not_manage(client: Client) -> None:
    token = path_of(make(), Link.Purpose.CONFIRM).split("/")[2]
    assert client.get(f"/r/{token}/").status_code == 404


def test_a_page_behind_a_link_shows_initials_and_no_address(client: Client) -> None:
    body = client.get(path_of(make())).content.decode()
    assert "I. " in body or "I.</bdi>" in body
    assert "Invented" not in body
    assert "2025550101" not in body


def test_opening_a_link_with_a_wish_in_it_does_nothing(client: Client) -> None:
    registration = make()
    client.get(path_of(registration), {"do": "delete", "sure": "1"})
    assert Registration.objects.filter(pk=registration.pk).exists()


def change(client: Client, registration: Registration, **values: str) -> None:
    page = client.post(path_of(registration), {"do": "change"})
    for name in ("who", "where", "reach"):
        typed = values if name == "where" else {}
        page = forms_of.send(client, page, forms_of.filled(page) | typed)
        assert page.status_code == 200
    answer = forms_of.send(client, page, forms_of.CHECK)
    assert answer.status_code == 302


def test_a_change_without_changes_leaves_each_place_where_it_was(
    client: Client,
) -> None:
    registration = make(lon=-86.123456)
    change(client, registration)
    stay = registration.stays.current().get()
    assert stay.precision == "exact"
    assert stay.lon == pytest.approx(-86.123456, abs=1e-5)


def test_a_change_keeps_the_earlier_version_of_a_stay(client: Client) -> None:
    registration = make()
    other = {"stay-0-place": "Nicaragua", "stay-0-arrives_on": "2026-03-03"}
    change(client, registration, **other)
    assert registration.stays.count() == 2
    assert registration.stays.current().get().precision == "country"
    assert registration.persons.count() == 2


def test_erasing_leaves_nothing_but_a_line_of_the_audit_trail(client: Client) -> None:
    registration = make()
    answer = client.post(path_of(registration), {"do": "delete", "sure": "1"})
    assert registration.reference in answer.content.decode()
    for model in (Registration, Person, Contact, Stay, Link):
        assert not model.objects.exists()
    assert AuditEntry.objects.filter(action="erase").count() == 1
    assert client.get(path_of(registration)).status_code == 404


def test_erasing_asks_to_be_sure(client: Client) -> None:
    client.post(path_of(make()), {"do": "delete"})
    assert Registration.objects.exists()


def test_the_download_holds_all_that_was_given(client: Client) -> None:
    answer = client.post(path_of(make()), {"do": "download"})
    held = json.loads(answer.content)
    assert len(held["persons"]) == 2
    assert held["contacts"][0]["address"] == "+12025550101"


def test_staying_longer_moves_the_last_day_and_that_of_the_deletion(
    client: Client,
) -> None:
    registration = make()
    answer = client.post(path_of(registration), {"do": "extend", "until": "2026-04-01"})
    assert "Saved: you stay longer." in answer.content.decode()
    registration.refresh_from_db()
    assert registration.stays.current().get().departs_on.isoformat() == "2026-04-01"
    assert registration.expires_on.isoformat() == "2026-06-30"
    assert registration.stays.count() == 2


@pytest.mark.parametrize("until", ["", "nope", "2026-03-09", "9999-01-01", "²"])
def test_a_day_that_is_not_later_extends_nothing(client: Client, until: str) -> None:
    registration = make()
    answer = client.post(path_of(registration), {"do": "extend", "until": until})
    assert "Give a day after the last one." in answer.content.decode()
    assert registration.stays.count() == 1


def test_a_replaced_link_opens_nothing_and_the_new_one_does(client: Client) -> None:
    registration = make()
    old = path_of(registration)
    new = client.post(old, {"do": "replace"}).headers["Location"]
    assert client.get(old).status_code == 404
    assert client.get("/" + new.split("/", 3)[3]).status_code == 200


def test_a_receipt_says_how_much_was_deleted(client: Client) -> None:
    answer = client.post(path_of(make()), {"do": "delete", "sure": "1"})
    assert "people 2, addresses 1, places 1" in answer.content.decode()
