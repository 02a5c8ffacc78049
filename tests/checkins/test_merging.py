"""Two entries that are one person hide no call, and are counted once."""

from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.checkins.board import boards, counting
from alerts.checkins.casework import cases, escalating, merging, opening
from alerts.checkins.models import Case, CaseEvent, Standing
from alerts.checkins.reports import reporting
from alerts.dispatch.models import Message
from consular.people.models import Resemblance
from tests import factories
from tests.checkins.conftest import make_alert, make_incident, send
from tests.checkins.test_cases import LATE, SOON, say
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(alert):
    """Two entries of somebody, the newer one last."""
    return [send(alert, f"+1202555014{n}", party=1).persons[0] for n in (1, 2)]


def pair(entries):
    one, two = sorted(entries, key=lambda person: person.pk)
    return Resemblance.objects.create(
        one=one, two=two, reasons=["name"], score=1, found_at=NOON
    )


def test_who_is_found_twice_in_the_registrations_still_needs_help(
    desk, entries, incident
):
    older, newer = entries
    say(incident, [older], needs=("medical",))
    decide = reverse("checkins:decide_same", args=[pair(entries).pk])
    desk.post(decide, {"state": "same"})
    assert Standing.objects.get(person=newer).status == "needs_help"
    totals = boards.of(incident, SOON).totals
    assert (totals["inside"], totals["needs_help"]) == (1, 1)
    desk.post(decide, {"state": "open"})
    assert not Standing.objects.filter(person=newer).exists()
    assert boards.of(incident, SOON).totals["needs_help"] == 1


def test_a_case_that_stands_behind_another_makes_that_one_as_urgent(
    entries, incident, officer
):
    kept, other = entries
    say(incident, [kept], needs=("documents",))
    say(incident, [other], needs=("documents",), now=SOON)
    merging.merge(kept, other, officer, SOON)
    say(incident, [other], needs=("trapped",), now=LATE)
    (shown,) = opening.listed(incident)
    assert (shown.person, shown.is_urgent) == (kept, True)
    assert "Trapped or in danger" in shown.reasons


def test_an_urgent_case_is_as_urgent_once_it_is_merged_into_another(
    entries, incident, officer
):
    kept, other = entries
    say(incident, [kept], needs=("documents",))
    say(incident, [other], needs=("trapped",), now=SOON)
    merging.merge(kept, other, officer, SOON)
    (shown,) = opening.listed(incident)
    assert (shown.person, shown.is_urgent) == (kept, True)


def test_the_board_the_list_and_the_report_count_a_merged_person_once(
    desk, entries, incident, officer
):
    say(incident, entries, needs=("trapped",))
    merging.merge(*entries, officer, SOON)
    told = counting.current(incident, SOON)
    assert told.totals["needs_help"] == 1
    page = desk.get(reverse("checkins:board", args=[incident.reference]))
    assert "1 case not taken" in page.content.decode()
    figures = reporting.make(incident, officer, SOON).figures["cases"]
    named = ("open", "urgent", "not_taken")
    assert [figures[name] for name in named] == [1, 1, 1]


def test_a_taken_case_is_not_told_to_the_duty_for_the_entry_behind_it(
    entries, incident, officer
):
    say(incident, entries, needs=("trapped",))
    merging.merge(*entries, officer, SOON)
    (shown,) = opening.listed(incident)
    cases.take(shown, officer, SOON)
    assert escalating.escalate(LATE) == 0
    assert not CaseEvent.objects.filter(kind="escalated").exists()


def test_two_entries_of_somebody_whose_third_is_elsewhere_are_one(
    entries, incident, officer
):
    elsewhere = factories.make_registration(phone="+12025550149").persons.get()
    for entry in entries:
        merging.merge(elsewhere, entry, officer, NOON)
    say(incident, entries[:1])
    board = boards.of(incident, SOON)
    assert (board.totals["inside"], board.totals["needs_help"]) == (1, 1)
    row = counting.fold(incident, SOON)
    assert boards.totals_of(row) == board.totals


def test_who_was_reached_under_one_entry_is_not_unreachable(entries, incident, officer):
    unreached = entries[0].registration
    found = Message.objects.filter(audiences__audience__registration=unreached)
    Message.objects.filter(pk__in=found.values("pk")).update(state="undelivered")
    merging.merge(*entries, officer, NOON)
    totals = boards.of(incident, SOON).totals
    assert (totals["silent"], totals["unreachable"]) == (1, 0)


def test_a_merge_counts_in_every_incident_of_all_entries(entries, incident, officer):
    kept, other = entries
    flood = make_incident(reference="FL-2", title="Flood", kind="flood")
    third = send(make_alert(flood), "+12025550143", party=1).persons[0]
    merging.merge(other, third, officer, NOON)
    say(flood, [third], needs=("medical",))
    merging.merge(kept, other, officer, NOON + timedelta(minutes=1))
    standing = Standing.objects.get(incident=flood, person=kept)
    assert standing.status == "needs_help"
    assert Case.objects.open().filter(incident=flood).count() == 1
