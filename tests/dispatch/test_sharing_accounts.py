"""What one account is told holds for that account, and for nothing else."""

from datetime import timedelta

import pytest
from django.db import transaction

from alerts.dispatch import outbox
from alerts.dispatch.models import Account, Attempt, Lane, Message, State
from alerts.dispatch.sending import health, rates, requesting, suspects
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
SMS = "simulated-sms"


def test_a_suspect_whose_account_rests_keeps_no_other_suspect_waiting(provider):
    Account.objects.create(name="simulated-whatsapp", waits_until=NOON + 60 * SECOND)
    outbox.write(make_cause(), letters(1, channel="whatsapp"), NOON)
    outbox.write(make_cause(), [*letters(2)][1:], NOON)
    Message.objects.update(is_suspect=True)
    assert suspects.send_one("w", lambda: NOON)
    rows = Message.objects.order_by("rank").values_list("state", flat=True)
    assert list(rows) == [State.QUEUED, State.ACCEPTED]


def attempts(count, outcome, detail=""):
    Attempt.objects.bulk_create(
        Attempt(
            number=1,
            account=SMS,
            began_at=NOON,
            ended_at=NOON,
            outcome=outcome,
            detail=detail,
        )
        for _ in range(count)
    )


def test_what_did_not_leave_in_time_does_not_speak_against_a_provider():
    Account.objects.create(name=SMS, trouble_at=NOON)
    attempts(30, "queued", requesting.NOT_SENT)
    attempts(10, "accepted")
    attempts(1, "queued", "Twilio answered 503")
    health.shift(NOON + SECOND)
    assert Account.objects.get(name=SMS).weight == 100
    attempts(20, "queued", "Twilio answered 503")
    health.shift(NOON + SECOND)
    assert Account.objects.get(name=SMS).weight == 90


def test_a_shorter_wait_that_comes_later_does_not_end_a_longer_one():
    Account.objects.create(name=SMS)
    for wait_s in (300.0, 2.0):
        busy = health.Heard(SMS, State.QUEUED, "Twilio answered 429", wait_s)
        health.heard([busy] * health.STORM, NOON)
    assert Account.objects.get(name=SMS).waits_until == NOON + 300 * SECOND


@pytest.mark.parametrize(("apart_s", "most"), [(0, 50), (1, 60), (4, 60)])
def test_machines_whose_clocks_differ_share_one_rate(settings, apart_s, most):
    settings.ACCOUNTS = {SMS: settings.ACCOUNTS[SMS] | {"rate": "10"}}
    rates.rows()
    taken = 0
    for tenth in range(40):  # four seconds, two machines in turn
        now = NOON + tenth * SECOND / 10 + (tenth % 2) * apart_s * SECOND
        with transaction.atomic():
            buckets = rates.Buckets([SMS], now)
            room = buckets.room(SMS, Lane.DANGER)
            buckets.take(SMS, room)
            buckets.keep()
        taken += room
    assert 38 <= taken <= most


def test_a_clock_that_was_far_ahead_and_was_put_right_holds_up_nothing(settings):
    settings.ACCOUNTS = {SMS: settings.ACCOUNTS[SMS] | {"rate": "10"}}
    hour = timedelta(hours=1)
    Account.objects.create(name=SMS, tokens=0, filled_at=NOON + hour)
    rooms = []
    for at in range(4):
        with transaction.atomic():
            buckets = rates.Buckets([SMS], NOON + at * SECOND)
            rooms.append(buckets.room(SMS, Lane.DANGER))
            buckets.take(SMS, 1)
            buckets.keep()
    assert rooms[-1] >= 1
