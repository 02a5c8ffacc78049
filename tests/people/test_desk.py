"""Officers find registrations exactly, and each look is logged."""

import pytest
from django.test import Client

from consular.missions.models import AuditEntry
from tests import factories

LIST = "/desk/registrations/"


@pytest.mark.parametrize("words", ["+1 202 555 0101", "Invented@example.org", None])
def test_a_registration_is_found_by_its_exact_words(desk: Client, words: str) -> None:
    wanted = factories.make_registration(
        phone="+12025550101", email="Invented@example.org"
    )
    other = factories.make_registration(phone="+12025550102")
    answer = desk.post(LIST, {"q": words or wanted.reference.lower()})
    assert wanted.reference in answer.content.decode()
    assert other.reference not in answer.content.decode()


@pytest.mark.parametrize("words", ["\x00", "nope@", "9" * 400, "%", "Nobody"])
def test_what_finds_nobody_says_so(desk: Client, words: str) -> None:
    assert desk.post(LIST, {"q": words}).status_code == 200


def test_a_search_and_a_look_are_logged_without_the_words(desk: Client) -> None:
    row = factories.make_registration(phone="+12025550101")
    desk.post(LIST, {"q": "+12025550101"})
    desk.get(f"{LIST}{row.reference}/")
    entries = AuditEntry.objects.filter(action__in=["search", "view_registration"])
    assert entries.count() == 2
    assert not any("2025550101" in str(vars(entry)) for entry in entries)


def test_an_empty_list_says_how_it_fills(desk: Client) -> None:
    assert "No registrations yet" in desk.get(LIST).content.decode()


@pytest.mark.parametrize("path", ["NONE-NONE/", "%00/", "x/y/"])
def test_an_unknown_reference_is_not_found(desk: Client, path: str) -> None:
    assert desk.get(LIST + path).status_code == 404


def test_only_who_may_register_opens_the_list(client: Client, approver: object) -> None:
    assert client.get(LIST).status_code == 302
    factories.sign_in(client, approver)  # type: ignore[arg-type]
    assert client.get(LIST).status_code == 403


def test_a_stay_known_by_its_region_is_marked_approximate(desk: Client) -> None:
    row = factories.make_registration(phone="+12025550101")
    assert "approximate" not in desk.get(f"{LIST}{row.reference}/").content.decode()
    row.stays.update(precision="region")
    assert "Region, approximate" in desk.get(f"{LIST}{row.reference}/").content.decode()
