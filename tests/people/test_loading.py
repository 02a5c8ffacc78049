"""Many at once: the same rows as one at a time."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from alerts.exercises.population import Population
from consular import copying, modes
from consular.people import whereabouts
from consular.people.managing import linking
from consular.people.models import Contact, Link, Person, Registration, Stay, Town
from consular.people.registering import enrolling
from consular.people.registering.entries import ContactEntry, Entry, PersonEntry
from consular.people.stays import loading
from consular.people.stays.loading import StayColumns
from geo import circles
from tests.factories import NOON, TODAY, make_registration, make_stay_entry

pytestmark = pytest.mark.django_db
OWN: dict[Any, str] = {
    Registration: "kind mode language consents confirmed_at expires_on revision"
    " form_key created_at changed_at",
    Person: "position given_name family_name birth_year is_minor needs",
    Contact: "kind role address address_key verified_at person__position",
    Stay: "mode place country lon lat precision radius_m people cell arrives_on"
    " departs_on starts_on ends_on created_at replaced_at persons__position",
    Link: "purpose created_at revoked_at",
    Town: "cell lon lat radius_m",
}


def rows() -> dict[str, list[Any]]:
    """Return all that is written, but for numbers and what is made up."""
    found = {}
    for model, names in OWN.items():
        listed = model.objects.order_by("pk").values_list(*names.split())
        found[model.__name__] = list(listed)
    found["Town"].sort()
    found["Stay"].sort(key=str)
    return found


def entries() -> list[Entry]:
    listed = [party.entry for party in Population(60, TODAY, 3).parties()]
    named = make_stay_entry(persons=(1,), departs_on=None, place='12 "Rue", \\N\n')
    family = [PersonEntry(given_name="Ada"), PersonEntry(given_name="Bo", needs="ü")]
    phone = ContactEntry(kind="phone", address="+12025550101", person=1)
    return [
        *listed,
        Entry(mode="exercise", persons=family, contacts=[phone, phone], stays=[named]),
    ]


@pytest.mark.parametrize("confirmed", [True, False])
def test_loading_writes_the_rows_that_enrolling_writes(confirmed: bool) -> None:
    enrolling.enrol(entries(), NOON, confirmed=confirmed)
    expected = rows()
    Registration.objects.all().delete()
    Town.objects.all().delete()
    assert loading.load(entries(), NOON, confirmed=confirmed) == 61
    assert rows() == expected


def test_what_was_loaded_is_found_and_its_links_open() -> None:
    loading.load(entries()[-1:], NOON, confirmed=True)
    registration = Registration.objects.get()
    shape = circles.circle(-86.25, 12.13, 5_000)
    asked = {"starts_on": TODAY, "ends_on": TODAY, "mode": "exercise"}
    people = whereabouts.people_in(whereabouts.Question(shape=shape, **asked))
    assert people.registration_ids.tolist() == [registration.pk]
    address = linking.link(registration, "manage").rstrip("/")
    assert linking.opened(address.rpartition("/")[2], "manage") == registration


def columns(number: int, count: int) -> StayColumns:
    return StayColumns(
        mode="exercise",
        registration_ids=[number] * count,
        places=["Somewhere"] * count,
        countries=["NI"] * count,
        lons=[n / 1000 for n in range(count)],
        lats=[0.0] * count,
        precisions=["exact", "town"] * (count // 2),
        radii_m=[1_000.0] * count,
        people=[1] * count,
        arrives_on=[TODAY] * count,
        departs_on=[TODAY + timedelta(days=1), None] * (count // 2),
    )


def test_stays_in_several_transactions_are_all_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registration = make_registration(stays=[])
    monkeypatch.setattr(loading, "STAYS_AT_ONCE", 3)
    ids = loading.stays(columns(registration.pk, 10), NOON)
    assert ids == list(registration.stays.order_by("id").values_list("id", flat=True))
    assert Town.objects.count() == 5
    assert registration.stays.filter(precision="exact", radius_m=0).count() == 5


def test_loading_the_same_towns_again_writes_none() -> None:
    registration = make_registration(stays=[])
    for _ in range(2):
        loading.stays(columns(registration.pk, 4), NOON)
    assert Town.objects.count() == 2


def test_an_exercise_loads_nothing_live() -> None:
    live = Entry(mode="live", persons=[], contacts=[], stays=[])
    with pytest.raises(modes.ModeError):
        loading.load([live], NOON, confirmed=True)


def test_numbers_are_nobody_elses() -> None:
    with transaction.atomic():
        taken = copying.numbers(Registration, 3)
        copying_columns = {"reference": ["A", "B", "C"], "mode": "exercise"}
        days = {"expires_on": TODAY, "created_at": NOON, "changed_at": NOON}
        copying.write(Registration, 3, {"id": taken, **copying_columns, **days})
    assert make_registration().pk > max(taken)


def test_a_row_that_is_there_is_refused_or_left_out() -> None:
    spot = {"cell": [1, 2], "lon": 0.0, "lat": 0.0, "radius_m": 5.0}
    copying.write(Town, 2, spot)
    more = spot | {"cell": [2, 3]}
    with pytest.raises(IntegrityError), transaction.atomic():
        copying.write(Town, 2, more)
    copying.write(Town, 2, more, ignore_conflicts=True)
    assert sorted(Town.objects.values_list("cell", flat=True)) == [1, 2, 3]


def test_columns_of_another_length_are_refused() -> None:
    spot = {"cell": [1, 2, 3], "lon": 0.0, "lat": 0.0, "radius_m": 5.0}
    with pytest.raises(ValueError, match="argument"):
        copying.write(Town, 2, spot)


def test_a_reference_that_somebody_has_already_is_given_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = make_registration().reference
    drawn = iter([taken, "2222-AAAA", "2222-AAAA", taken, "3333-BBBB"])
    monkeypatch.setattr(enrolling, "new_reference", lambda: next(drawn))
    ada = [PersonEntry(given_name="Ada")]
    entry = Entry(mode="exercise", persons=ada, contacts=[], stays=[make_stay_entry()])
    loading.load([entry, entry], NOON, confirmed=True)
    found = set(Registration.objects.values_list("reference", flat=True))
    assert found == {taken, "2222-AAAA", "3333-BBBB"}
