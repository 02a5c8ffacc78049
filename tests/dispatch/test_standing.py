"""The status that a person or a monitor reads says what waits, and for how long."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from alerts.dispatch import outbox
from alerts.dispatch.models import Alarm, Attempt, Lane, Message, State
from alerts.dispatch.sending import sweeping
from alerts.dispatch.watching import standing
from tests.dispatch.test_ledger import letters, make_cause

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
AGO = NOW - timedelta(minutes=5)
LATER = NOW + timedelta(hours=12)


@pytest.fixture
def room():
    """Three in danger that wait, two of an advisory that is paused, one set aside."""
    danger = make_cause(now=AGO, opens_at=NOW - timedelta(seconds=90), not_after=LATER)
    rows = outbox.write(danger, letters(4), AGO)
    bulk = make_cause("alert:2", lane=Lane.BULK, now=AGO, opens_at=AGO, not_after=LATER)
    outbox.write(bulk, letters(2), AGO)
    outbox.pause(NOW, key="alert:2")
    Message.objects.filter(pk=rows[0].pk).update(state=State.SET_ASIDE, attempt=3)
    Attempt.objects.create(message=rows[0], number=3, account="a", began_at=AGO)
    return danger


def test_messages_are_counted_by_lane_channel_and_state(room):
    said = standing.report(NOW)
    assert said["lanes"] == {
        "Danger": {"queued": 3, "set_aside": 1},
        "Advisory": {"queued": 2},
    }
    assert said["channels"] == {"sms": {"queued": 5, "set_aside": 1}}
    assert said["messages"] == {"queued": 5, "set_aside": 1}


def test_the_oldest_is_counted_from_when_it_might_have_left(room):
    assert standing.report(NOW)["oldest_s"] == {"Danger": 90.0}


def test_dead_letters_say_since_when_they_are_there(room):
    assert standing.report(NOW)["dead_letters"] == {"count": 1, "oldest_s": 300.0}


def test_the_rate_is_of_what_was_accepted_in_the_last_20_seconds(room):
    rows = Message.objects.filter(state=State.QUEUED)
    rows.update(state=State.ACCEPTED, accepted_at=NOW - timedelta(seconds=5))
    assert standing.report(NOW)["rate"] == {"sms": 5 / 20}


def test_workers_pauses_and_alarms_are_said(room):
    sweeping.beat("one", NOW - timedelta(seconds=1))
    sweeping.beat("silent", NOW - timedelta(minutes=1))
    outbox.pause(NOW, channel="sms")
    Alarm.objects.create(key="k", words="Nothing moves", raised_at=NOW)
    said = standing.report(NOW)
    assert said["workers"] == {"one": 1.0}
    assert (said["paused"], said["alarms"]) == (["sms"], ["Nothing moves"])


@pytest.mark.parametrize(("channel", "said"), [("sms", "sms"), ("", "everything")])
def test_what_a_pause_holds_is_not_late_and_the_pause_is_named(
    room, channel, said, capsys
):
    outbox.pause(NOW, channel=channel)
    assert standing.report(NOW)["oldest_s"] == {}
    call_command("dispatch_status")
    assert f"paused: {said}\n" in capsys.readouterr().out


def test_the_command_prints_it_and_fails_where_nobody_works(room, capsys):
    call_command("dispatch_status", "--json")
    assert json.loads(capsys.readouterr().out)["lanes"]["Danger"]["queued"] == 3
    with pytest.raises(SystemExit):
        call_command("dispatch_status", "--check")
    assert "Danger: 3 queued, 1 set_aside" in capsys.readouterr().out
