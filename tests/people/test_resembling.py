"""Names that are found without being read, and persons who may be one."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from alerts.checkins.duplicates import kept_of
from consular.modes import Mode
from consular.people import keying, resembling
from consular.people.models import NameKey, Person, Registration, Resemblance
from consular.people.registering.enrolling import change, enrol
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)
from consular.people.resembling import Known, compare

DAYS = (("NI", date(2026, 11, 1), date(2026, 11, 20)),)
ADA: dict[str, Any] = {
    "given": "Ada",
    "family": "Example",
    "birth_year": 1985,
    "contacts": frozenset({"k"}),
    "stays": DAYS,
}


def known(number: int, **changes: Any) -> Known:
    return Known(person=number, registration=number, **(ADA | changes))


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ("contact", "name", "year", "place")),
        (
            {"given": "Example", "family": "Ada"},
            ("contact", "swapped", "year", "place"),
        ),
        ({"family": "Exampel"}, ("contact", "spelling", "year", "place")),
        ({"family": "Newname"}, ("contact", "married", "year", "place")),
        ({"birth_year": 1958}, ("contact", "name", "near_year", "place")),
        ({"birth_year": None, "stays": ()}, ("contact", "name")),
        ({"contacts": frozenset()}, ("name", "year", "place")),
    ],
)
def test_two_entries_of_one_person_are_suggested_with_reasons(
    changes: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    found = compare(known(1), known(2, **changes))
    assert found is not None
    assert found.reasons == reasons
    assert found == compare(known(2, **changes), known(1))


@pytest.mark.parametrize(
    "changes",
    [
        {"given": "Ben"},  # a family with one phone
        {"birth_year": 2012},  # mother and daughter of one name
        {"contacts": frozenset(), "stays": ()},  # a name that many have
        {"contacts": frozenset(), "birth_year": None},
        {"contacts": frozenset(), "family": "Newname"},
    ],
)
def test_others_are_not(changes: dict[str, Any]) -> None:
    assert compare(known(1), known(2, **changes)) is None


def test_members_of_one_party_are_never_suggested() -> None:
    one = Known(person=1, registration=7, **ADA)
    assert compare(one, Known(person=2, registration=7, **ADA)) is None


def test_of_two_with_one_name_the_likeliest_is_taken() -> None:
    father, son = known(1), known(2, birth_year=None)
    again = known(3)
    found = [
        (one, again, likeness)
        for one in (son, father)
        if (likeness := compare(one, again))
    ]
    by_registration = [
        (Known(person=o.person, registration=9, **_rest(o)), a, f) for o, a, f in found
    ]
    assert [one.person for one, _, _ in resembling.best(by_registration)] == [1]


def _rest(one: Known) -> dict[str, Any]:
    return {
        name: getattr(one, name)
        for name in ("given", "family", "birth_year", "contacts", "stays")
    }


def entered(
    now: datetime, given: str, family: str, phone: str, year: int | None = 1985
) -> Registration:
    """Enrol one person who is in Managua now."""
    stay = StayEntry(
        place="Managua",
        country="NI",
        lon=-86.25,
        lat=12.14,
        precision="town",
        arrives_on=now.date() - timedelta(days=3),
        departs_on=now.date() + timedelta(days=3),
    )
    person = PersonEntry(given_name=given, family_name=family, birth_year=year)
    contacts = [ContactEntry(kind="phone", address=phone)] if phone else []
    entry = Entry(mode="exercise", persons=[person], contacts=contacts, stays=[stay])
    return enrol([entry], now, confirmed=True)[0]


def names(words: str) -> list[str]:
    everyone = Registration.objects.all()
    found = keying.found(words, Mode.EXERCISE, everyone)
    return [person.full_name for person in found]


@pytest.mark.django_db
def test_a_name_is_found_in_another_script_and_none_stands_in_the_table(
    now: datetime,
) -> None:
    entered(now, "محمد", "الأحمد", "+12025550101")
    entered(now, "Maria", "Example", "+12025550102")
    keying.run(now)
    assert names("Mohamed Al Ahmad") == ["محمد الأحمد"]
    assert names("example mariya") == ["Maria Example"]
    assert names("Nobody Else") == []
    stored = " ".join(NameKey.objects.values_list("key", flat=True))
    assert "mhmd" not in stored


@pytest.mark.django_db
def test_a_changed_name_is_found_and_the_old_one_is_not(now: datetime) -> None:
    row = entered(now, "Ada", "Example", "+12025550101")
    keying.run(now)
    entry = Entry(
        mode="exercise",
        persons=[PersonEntry(given_name="Ada", family_name="Newname")],
        contacts=[],
        stays=[],
    )
    change(row, entry, now)
    assert keying.run(now) == 1
    assert keying.run(now) == 0
    assert names("Newname") == ["Ada Newname"]
    assert names("Example") == []


@pytest.mark.django_db
def test_who_registers_twice_is_suggested_once_whoever_comes_first(
    now: datetime,
) -> None:
    entered(now, "Ada", "Example", "+12025550101")
    keying.run(now)
    entered(now, "Ada", "Exampel", "+12025550101")
    entered(now, "Ben", "Example", "+12025550101", 1984)
    keying.run(now)
    keying.run(now)
    row = Resemblance.objects.get()
    assert row.reasons == ["contact", "spelling", "year", "place"]
    Registration.objects.update(revision=5)
    keying.run(now)
    assert Resemblance.objects.count() == 1


@pytest.mark.django_db
def test_what_an_officer_decided_is_not_asked_again(now: datetime) -> None:
    entered(now, "Ada", "Example", "+12025550101")
    entered(now, "Ada", "Example", "+12025550101")
    keying.run(now)
    Resemblance.objects.update(state="different")
    Registration.objects.update(revision=5)
    keying.run(now)
    assert Resemblance.objects.get().state == "different"


@pytest.mark.django_db
def test_an_officer_merges_a_pair_and_takes_it_back(desk: Any, now: datetime) -> None:
    entered(now, "Ada", "Example", "+12025550101")
    entered(now, "Ada", "Exampel", "+12025550101")
    keying.run(now)
    row = Resemblance.objects.get()
    page = desk.get(reverse("checkins:same")).content.decode()
    assert "The same phone or e-mail · a name that is spelled differently" in page
    url = reverse("checkins:decide_same", args=[row.pk])
    desk.post(url, {"state": "same"})
    assert kept_of(row.one_id) == row.two_id
    assert Person.objects.count() == 2
    desk.post(url, {"state": "open"})
    assert kept_of(row.one_id) == row.one_id
    desk.post(url, {"state": "different"})
    assert "Nobody seems" in desk.get(reverse("checkins:same")).content.decode()


@pytest.mark.django_db
def test_the_registrations_page_finds_a_name(desk: Any, now: datetime) -> None:
    row = entered(now, "Юлия", "Жукова", "+12025550101")
    keying.run(now)
    page = desk.post(reverse("people:list"), {"q": "Yuliya Zhukova"}).content.decode()
    assert row.reference in page
    assert "Юлия Жукова" in page


@pytest.mark.django_db
def test_an_address_of_a_crowd_says_nothing_about_its_people(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resembling, "_TOO_SHARED", 3)
    for _ in range(5):
        newest = entered(now, "Ada", "Example", "+12025550101", None)
        keying.run(now)
    person = newest.persons.get()
    assert Resemblance.objects.exists()
    assert not Resemblance.objects.filter(two=person).exists()
