"""Two entries that are one person hide no call, and are counted once."""

from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.checkins import duplicates
from alerts.checkins.board import boards, counting
from alerts.checkins.casework import cases, escalating, merging, opening
from alerts.checkins.models import (
    Case,
    CaseEvent,
    CheckIn,
    SamePerson,
    Standing,
)
from alerts.checkins.reports import reporting
from alerts.dispatch.models import Message
from consular.people.managing import erasing
from consular.people.models import Resemblance
from tests import factories
from tests.checkins.conftest import LATE, SOON, make_alert, make_incident, say, send
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


def rows(incident):
    """All that is stored of persons: what a merge and its undoing must leave alone."""
    return (
        sorted(Standing.objects.values_list("person", "status", "since")),
        sorted(Case.objects.values_list("pk", "person", "owner", "closed_at")),
        boards.of(incident, NOON).totals,
    )


def test_two_entries_are_merged_and_unmerged_without_loss(
    case, incident, alert, officer
):
    other = send(alert, "+12025550155", party=1)
    say(incident, other.persons, "safe", now=SOON)
    before = rows(incident)
    cases.merge(case, other.persons[0], officer, SOON)
    merged = boards.of(incident, SOON).totals
    assert merged["inside"] == before[2]["inside"] - 1
    assert (merged["needs_help"], merged["safe"]) == (1, 0)
    with pytest.raises(cases.CaseError):
        cases.merge(case, other.persons[0], officer, SOON)
    cases.unmerge(case, SamePerson.objects.get(), officer, SOON)
    assert rows(incident) == before


def test_a_chain_of_entries_is_one_person(alert, officer):
    one, two, three = (
        send(alert, f"+1202555016{n}", party=1).persons[0] for n in range(3)
    )
    duplicates.merge(two, three, officer, NOON)
    duplicates.merge(one, two, officer, NOON)
    everyone = frozenset({one.pk, two.pk, three.pk})
    assert duplicates.groups([three.pk])[three.pk] == everyone
    assert duplicates.merge(three, one, officer, NOON) is None
    row = duplicates.parting((two.pk, one.pk))
    assert duplicates.unmerge(row, officer, SOON)  # three was two's, and is again
    assert duplicates.pairs() == [(two.pk, three.pk)]
    duplicates.merge(one, two, officer, LATE)
    assert duplicates.parting((two.pk, three.pk)).kept_id == one.pk


def test_closing_closes_the_cases_of_every_entry(case, incident, alert, officer):
    other = send(alert, "+12025550155", party=1)
    say(incident, other.persons, now=SOON)
    cases.merge(case, other.persons[0], officer, SOON)
    assert opening.listed(incident).count() == 1
    assert cases.close(case, officer, "safe", "Spoke to her", LATE)
    assert not Case.objects.open().exists()
    assert boards.of(incident, LATE).totals["needs_help"] == 0


def erase(person):
    erasing.erase(person.registration, LATE)


@pytest.mark.parametrize("gone", [0, 1])
def test_a_call_of_who_is_erased_under_one_entry_goes_on_under_the_other(
    entries, incident, officer, gone
):
    merging.merge(*entries, officer, NOON)
    say(incident, [entries[gone]], needs=("trapped",), note="behind the house")
    case = Case.objects.get()
    assert cases.take(case, officer, SOON)
    erase(entries[gone])
    remaining = entries[1 - gone]
    (shown,) = opening.listed(incident)
    assert (shown.pk, shown.person, shown.owner) == (case.pk, remaining, officer)
    (call,) = CheckIn.objects.all()
    assert (call.person, call.needs, call.note) == (remaining, ["trapped"], "")
    assert Standing.objects.get().status == "needs_help"
    assert boards.of(incident, LATE).totals["needs_help"] == 1
    soon = LATE + timedelta(minutes=1)
    assert cases.close(shown, officer, "safe", "Spoke", soon)
    assert Standing.objects.get().status == "safe"


def test_the_case_of_a_companion_who_is_erased_too_is_opened_anew(
    alert, incident, officer
):
    kept = send(alert, "+12025550141", party=1).persons[0]
    first, second = send(alert, "+12025550142", party=2).persons
    merging.merge(kept, second, officer, NOON)
    say(incident, [first, second], needs=("medical",))
    erase(second)
    (shown,) = opening.listed(incident)
    assert (shown.person, shown.is_urgent) == (kept, True)


def test_what_else_was_said_under_an_erased_entry_goes_with_it(
    entries, incident, officer
):
    kept, other = entries
    say(incident, [other], "safe")
    merging.merge(kept, other, officer, NOON)
    assert Standing.objects.get(person=kept).status == "safe"
    erase(other)
    assert not Standing.objects.exists()
    assert boards.of(incident, LATE).totals["inside"] == 1


def test_two_entries_stay_one_person_when_the_third_is_erased(alert, officer):
    one, two, three = (
        send(alert, f"+1202555014{n}", party=1).persons[0] for n in range(3)
    )
    merging.merge(one, two, officer, NOON)
    merging.merge(one, three, officer, NOON)
    erase(one)
    assert duplicates.groups([two.pk])[two.pk] == {two.pk, three.pk}
