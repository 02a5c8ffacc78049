"""What closing a case answers: what the officer has read, and nothing else."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from alerts.checkins.casework import cases
from alerts.checkins.models import Case, LadderStep, Standing
from tests import factories
from tests.checkins.conftest import LATE, SOON, say, send
from tests.factories import NOON
from tests.meanwhile import Before, Uncommitted

CLOSE = {"do": "close", "outcome": "safe", "note": "Spoke to her"}


@pytest.fixture
def case(sent, incident):
    say(incident, sent.persons[:1])
    return Case.objects.get()


def status(person):
    return Standing.objects.get(person=person).status


def seen_on(page):
    return re.search(r'name="seen" value="(\d+)"', page.content.decode())[1]


@pytest.mark.django_db
def test_a_call_that_came_after_the_page_was_opened_is_not_closed_unread(
    desk, case, incident, sent
):
    page = desk.get(reverse("checkins:case", args=[case.pk]))
    say(incident, sent.persons[:1], needs=("trapped",), now=SOON)
    act = reverse("checkins:act", args=[case.pk])
    done = desk.post(act, CLOSE | {"seen": seen_on(page)}, follow=True)
    assert "called for help again" in done.content.decode()
    assert Case.objects.get().closed_at is None
    assert status(sent.persons[0]) == "needs_help"
    desk.post(act, CLOSE | {"seen": seen_on(done)})
    assert status(sent.persons[0]) == "safe"


@pytest.mark.django_db
def test_closing_answers_no_call_of_a_companion_who_has_a_case(incident, sent, officer):
    first, second = sent.persons
    say(incident, [first])
    case = Case.objects.get()
    say(incident, [second], needs=("medical",), now=SOON)
    assert cases.close(case, officer, "safe", "Spoke to her", LATE)
    assert (status(first), status(second)) == ("safe", "needs_help")
    assert Case.objects.open().get().person == second


@pytest.mark.django_db
def test_closing_the_case_of_somebody_silent_says_how_they_are(
    alert, incident, officer
):
    silent = send(alert, "+12025550142", party=1)
    silent.registration.persons.update(needs="kidney patient")
    LadderStep.objects.create(audience=silent.audience, step="officer", taken_at=NOON)
    case = Case.objects.create(
        incident=incident,
        person=silent.persons[0],
        origin="silence",
        opened_at=NOON,
        changed_at=NOON,
    )
    assert cases.close(case, officer, "safe", "Rang the hotel", LATE)
    assert status(silent.persons[0]) == "safe"
    later = LATE + timedelta(minutes=1)
    say(incident, silent.persons, "needs_help", basis="self-SMS", now=later)
    assert status(silent.persons[0]) == "needs_help"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer at a time")
def test_who_calls_in_the_moment_of_closing_has_an_open_case(case, incident, sent):
    officer = factories.make_officer()
    other = Uncommitted(
        lambda: cases.close(case, officer, "safe", "Spoke to her", LATE)
    )
    assert other.result
    now = LATE + timedelta(seconds=1)
    with connection.execute_wrapper(Before("FOR NO KEY UPDATE", other.commit)):
        say(incident, sent.persons[:1], needs=("trapped",), now=now)
    assert status(sent.persons[0]) == "needs_help"
    assert Case.objects.open().get().person == sent.persons[0]
