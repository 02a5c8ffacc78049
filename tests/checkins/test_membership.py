"""Who is taken out of a party takes nobody else's answer along."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.checkins.models import Case, Standing
from alerts.incidents.models import Incident
from consular.people.managing import recalling
from consular.people.models import Registration
from consular.people.registering import enrolling
from consular.people.registering.entries import PersonEntry
from tests.checkins.conftest import Sent, say, send
from tests.factories import NOON
from tests.people import forms_of
from tests.people.test_manage import path_of

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=10)
NAMES = ["Anna", "Ben", "Cara"]
ANSWERS = {"Anna": "not_here", "Ben": "safe", "Cara": "needs_help"}


@pytest.fixture
def family(alert: Any, incident: Incident) -> Sent:
    """Three of whom each gave an answer of their own; Cara's case is open."""
    sent = send(alert, "+12025550101", party=3)
    for person, name in zip(sent.persons, NAMES, strict=True):
        person.given_name = name
        person.save()
        say(incident, [person], ANSWERS[name])
    return sent


def answers(party: Registration) -> dict[str, str]:
    rows = Standing.objects.filter(person__registration=party)
    return {row.person.given_name: row.status for row in rows.select_related("person")}


def changed(party: Registration, said: list[PersonEntry]) -> Registration:
    entry = replace(recalling.entry_of(party), persons=said)
    return enrolling.change(party, entry, LATER)


def close(incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(closed_at=NOON)
    Case.objects.update(closed_at=NOON)


def listed(party: Registration) -> list[str]:
    return [person.given_name for person in party.persons.all()]


def ids_of(party: Registration) -> list[int]:
    return [person.pk for person in party.persons.all()]


def places(party: Registration, before: list[int]) -> str:
    """Return which of those before stands where; `n` is somebody new."""
    rows = ids_of(party)
    return "".join(str(before.index(pk)) if pk in before else "n" for pk in rows)


@pytest.mark.parametrize("is_named_only", [True, False])
def test_a_call_for_help_outlives_the_removal_of_a_companion(
    family: Sent, incident: Incident, *, is_named_only: bool
) -> None:
    entry = recalling.entry_of(family.registration)
    left = [each for each in entry.persons if each.given_name != "Ben"]
    if is_named_only:
        left = [replace(each, row_id=None) for each in left]
    changed(family.registration, left)
    assert Case.objects.open().get().person.given_name == "Cara"
    assert answers(family.registration) == ANSWERS
    assert listed(family.registration) == ["Anna", "Cara", "Ben"]


def test_who_is_kept_is_in_none_of_the_new_stays(family: Sent) -> None:
    entry = recalling.entry_of(family.registration)
    party = changed(family.registration, entry.persons[:2])
    (stay,) = party.stays.current()
    assert (stay.people, len(stay.persons.all())) == (2, 2)
    again = recalling.entry_of(party)
    assert (len(again.persons), again.stays[0].persons) == (3, (0, 1))


def test_once_all_is_over_a_removal_removes(family: Sent, incident: Incident) -> None:
    close(incident)
    entry = recalling.entry_of(family.registration)
    changed(family.registration, entry.persons[1:])
    assert listed(family.registration) == ["Ben", "Cara"]
    assert answers(family.registration) == {"Ben": "safe", "Cara": "needs_help"}


def test_an_alert_that_nobody_has_yet_keeps_nobody(family: Sent) -> None:
    Case.objects.update(closed_at=NOON)
    alerts = type(family.audience.alert).objects
    alerts.update(opens_at=LATER + timedelta(seconds=1))
    entry = recalling.entry_of(family.registration)
    changed(family.registration, entry.persons[:2])
    assert listed(family.registration) == ["Anna", "Ben"]


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        (["Cara", "Anna", "Ben"], "201"),
        (["ANNA", "Benn", "cara"], "012"),  # as many as there are: a corrected name
        (["Anna", "Dora"], "0n"),
        (["Dora"], "n"),
    ],
)
def test_members_who_only_have_names_are_recognised(
    family: Sent, incident: Incident, said: list[str], rows: str
) -> None:
    close(incident)
    before = ids_of(family.registration)
    changed(family.registration, [PersonEntry(given_name=name) for name in said])
    assert places(family.registration, before) == rows


def test_where_the_form_says_who_is_who_a_newcomer_is_nobody_else(
    family: Sent, incident: Incident
) -> None:
    close(incident)
    said = recalling.entry_of(family.registration).persons[:2]
    said[0] = replace(said[0], given_name="Ann")
    before = ids_of(family.registration)
    changed(family.registration, [*said, PersonEntry(given_name="Dora")])
    assert places(family.registration, before) == "01n"


@given(data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whoever_is_taken_out_each_keeps_their_own_answer(
    family: Sent, data: st.DataObject
) -> None:
    party = family.registration
    entry = recalling.entry_of(party)
    said = data.draw(st.permutations(entry.persons))
    said = said[: data.draw(st.integers(1, len(said)))]
    for index, each in enumerate(said):
        word = data.draw(st.sampled_from(["", "{} Maria", "{}"]))
        if word:
            said[index] = replace(each, given_name=word.format(each.given_name[:4]))
    before = {row.person_id: row.status for row in Standing.objects.all()}
    names = {each.row_id: each.given_name for each in said}
    changed(party, said)
    assert {row.person_id: row.status for row in Standing.objects.all()} == before
    for person in party.persons.all():
        assert person.given_name == names.get(person.pk, person.given_name)
    assert [person.position for person in party.persons.all()] == [0, 1, 2]


def test_the_pages_say_who_stays_and_why(
    client: Client, family: Sent, incident: Incident
) -> None:
    path = path_of(family.registration)
    page: Any = client.post(path, {"do": "change"})
    page = forms_of.send(client, page, forms_of.filled(page), do="remove-person-1")
    for _ in range(3):
        page = forms_of.send(client, page, forms_of.filled(page))
    assert "<bdi>Ben</bdi> is part of an alert" in page.content.decode()
    assert forms_of.send(client, page, forms_of.CHECK).status_code == 302
    assert answers(family.registration) == ANSWERS
    assert Case.objects.open().get().person.given_name == "Cara"
    body = client.get(path).content.decode()
    assert "<bdi>B.</bdi> is part of an alert" in body
    assert "<bdi>C.</bdi> is part of an alert" not in body
    assert "Ben" not in body
    close(incident)
    assert "is part of an alert" not in client.get(path).content.decode()
