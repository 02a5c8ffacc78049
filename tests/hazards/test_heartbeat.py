"""The daily word to the officer on duty: once, also when nothing happened."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.dispatch.models import Message
from alerts.hazards.listening import heartbeat
from consular.missions.models import Duty
from tests.factories import make_officer
from tests.hazards.test_proposing import make_hazard, make_source

pytestmark = pytest.mark.django_db
EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def duty(settings):
    settings.MINISTRY_TIME_ZONE = "UTC"
    return Duty.objects.create(
        officer=make_officer(),
        channel="email",
        address="duty@example.org",
        starts_at=EIGHT - timedelta(hours=1),
        ends_at=EIGHT + timedelta(days=2),
    )


def test_a_quiet_day_is_said_once(settings):
    make_source(last_ok_at=EIGHT)
    assert heartbeat.beat(EIGHT - MINUTE) == 0
    assert heartbeat.beat(EIGHT) == 1
    assert heartbeat.beat(EIGHT + MINUTE) == 0
    assert Message.objects.count() == 1
    text = Message.objects.get().text
    assert "Nothing happened" in text.subject
    assert "Sources heard: 1 of 1" in text.body
    assert heartbeat.beat(EIGHT + timedelta(days=1)) == 1


def test_a_day_with_a_proposal_and_a_silent_source_says_so():
    source = make_source()
    hazard = make_hazard("flood", 4, source)
    hazard.proposals.create(
        level=4, reason="Made", geometry={}, registrations=1, people=2, counted_at=EIGHT
    )
    heartbeat.beat(EIGHT + MINUTE)
    text = Message.objects.get().text
    assert "1 proposal since yesterday" in text.subject
    assert "Sources heard: 0 of 1" in text.body


def test_without_anybody_on_duty_nothing_is_written():
    Duty.objects.all().delete()
    assert heartbeat.beat(EIGHT) == 0
