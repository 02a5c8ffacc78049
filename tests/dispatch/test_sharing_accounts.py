"""What one account is told holds for that account, and for nothing else."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.dispatch import outbox
from alerts.dispatch.models import Account, Attempt, Lane, Message, State
from alerts.dispatch.sending import (
    claims,
    health,
    picking,
    rates,
    requesting,
    suspects,
)
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


def limited(settings, sms, telnyx):
    accounts = {
        SMS: {"rate": sms},
        "simulated-telnyx": {"rate": telnyx, "weight": "100"},
    }
    settings.ACCOUNTS = {
        name: settings.ACCOUNTS[name] | changes for name, changes in accounts.items()
    }


def test_a_slow_account_holds_up_nothing_that_a_quick_one_can_take(settings):
    limited(settings, "20", "2")
    outbox.write(make_cause(), letters(200), NOON)
    taken = [len(claims.claim("w", NOON + n * SECOND)) for n in range(5)]
    assert taken == [22] * 5


def test_a_country_that_an_account_is_not_for_waits_for_the_other(settings):
    limited(settings, "2", "20")
    settings.ACCOUNTS["simulated-telnyx"]["weight"] = "100,US=0"
    outbox.write(make_cause(), letters(20), NOON)
    jobs = claims.claim("w", NOON)
    assert [job.account for job in jobs] == [SMS] * 2


def test_two_incidents_take_turns_at_a_sender_of_one_part_a_second(settings):
    settings.ACCOUNTS = {SMS: settings.ACCOUNTS[SMS] | {"rate": "1"}}
    for number in (1, 2):
        outbox.write(make_cause(f"alert:{number}"), letters(20), NOON)
    memory, shares = picking.Memory(), Counter()
    for second in range(8):
        jobs = claims.claim("w", NOON + second * SECOND, memory=memory)
        shares.update(job.cause_id for job in jobs)
    assert sorted(shares.values()) == [4, 4]


def test_a_sender_s_little_room_is_shared_by_incidents(settings):
    settings.ACCOUNTS = {SMS: settings.ACCOUNTS[SMS] | {"rate": "10"}}
    for number in (1, 2):
        outbox.write(make_cause(f"alert:{number}"), letters(20), NOON)
    shares = Counter(job.cause_id for job in claims.claim("w", NOON))
    assert sorted(shares.values()) == [5, 5]


def test_a_mail_to_an_officer_waits_for_no_codes_at_a_slow_sender(settings):
    settings.ACCOUNTS = {
        SMS: settings.ACCOUNTS[SMS] | {"rate": "1"},
        "simulated-email": settings.ACCOUNTS["simulated-email"],
    }
    cause = make_cause("notice:1", lane=Lane.NOTICE)
    outbox.write(cause, letters(60), NOON)
    text = outbox.text("email", "en", "No worker is alive.", "Muster")
    mail = outbox.Letter(channel="email", address="duty@example.org", text=text)
    outbox.write(cause, [mail], NOON)
    jobs = claims.claim("w", NOON)
    assert sorted(job.channel for job in jobs) == ["email", "sms"]


def test_alerts_whose_messages_have_left_cost_a_claim_no_questions():
    def asked():
        outbox.write(make_cause(f"alert:{Message.objects.count()}"), letters(40), NOON)
        with CaptureQueriesContext(connection) as queries:
            assert len(claims.claim("w", NOON)) == 40
        return len(queries)

    once = asked()
    for number in range(20):
        outbox.write(make_cause(f"alert:done-{number}"), letters(1), NOON)
    Message.objects.update(state=State.ACCEPTED)
    assert asked() <= once
