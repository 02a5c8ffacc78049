"""An urgent case that nobody has taken is told to whoever is on duty."""

from datetime import timedelta

import pytest

from alerts.checkins.casework import cases, escalating
from alerts.checkins.models import Case
from alerts.dispatch.models import Message
from consular.missions.models import Duty, Officer
from tests import factories
from tests.checkins.conftest import LATE, SOON, kinds, say
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def test_an_urgent_case_with_nobody_is_told_to_the_duty_once(case):
    duty = factories.make_officer()
    hour = timedelta(hours=1)
    Duty.objects.create(
        officer=duty, starts_at=NOON - hour, ends_at=NOON + hour, address=duty.email
    )
    assert escalating.escalate(SOON) == 0
    assert escalating.escalate(LATE) == 1
    assert escalating.escalate(LATE) == 0
    assert Message.objects.filter(purpose="officer on duty").count() == 1


def test_a_case_of_which_nobody_could_be_told_is_told_as_soon_as_somebody_can(case):
    Officer.objects.update(email="")
    assert escalating.escalate(LATE) == 0
    assert "escalated" not in kinds(case)
    hour = timedelta(hours=1)
    duty = factories.make_officer()
    Duty.objects.create(
        officer=duty, starts_at=NOON - hour, ends_at=NOON + hour, address=duty.email
    )
    assert escalating.escalate(LATE) == 1
    assert kinds(case).count("escalated") == 1


def test_a_case_of_an_officer_who_is_gone_is_free_and_told_to_the_duty(case, officer):
    cases.take(case, officer, NOON)
    Officer.objects.filter(pk=officer.pk).update(is_active=False)
    assert escalating.escalate(LATE) == 1
    case.refresh_from_db()
    assert case.owner is None
    assert cases.take(case, factories.make_officer(), LATE)


def test_a_case_that_is_free_once_more_is_told_anew_to_the_same_officer(case, officer):
    hour = timedelta(hours=1)
    duty = factories.make_officer()
    Duty.objects.create(
        officer=duty, starts_at=NOON - hour, ends_at=NOON + hour, address=duty.email
    )
    assert escalating.escalate(LATE) == 1
    cases.take(case, officer, LATE)
    Officer.objects.filter(pk=officer.pk).update(is_active=False)
    assert escalating.escalate(LATE + timedelta(minutes=1)) == 1
    assert Message.objects.filter(purpose="officer on duty").count() == 2


def test_a_taken_or_minor_case_is_not_escalated(case, officer):
    cases.take(case, officer, NOON)
    assert escalating.escalate(LATE) == 0
    Case.objects.update(owner=None, priority=10)
    assert escalating.escalate(LATE) == 0


def test_an_urgent_call_after_the_end_of_the_incident_is_told_to_the_duty(
    incident, sent
):
    incident.closed_at = NOON
    incident.save()
    say(incident, sent.persons[:1], needs=("medical",))
    assert escalating.escalate(LATE) == 1
