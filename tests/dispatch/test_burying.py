"""Claims of a worker that is dead, and of one that only seemed to be."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from alerts.dispatch import outbox
from alerts.dispatch.models import Cause, Message, State
from alerts.dispatch.sending import claims, delivery, recording, requesting, sweeping
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


def test_claims_of_a_silent_worker_are_released_after_three_seconds(provider):
    outbox.write(make_cause(), letters(6), NOON)
    sweeping.beat("dead", NOON)
    jobs = claims.claim("dead", NOON)
    claims.begin(jobs[:2], "dead", NOON)
    assert sweeping.bury(NOON + 2 * SECOND) == 0
    assert sweeping.bury(NOON + 4 * SECOND) == 6
    states = sorted(Message.objects.values_list("state", flat=True))
    assert states == [State.QUEUED] * 4 + [State.UNCLEAR] * 2


def test_a_worker_that_stood_still_sends_what_it_claims_again_only_once(provider):
    outbox.write(make_cause(), letters(6), NOON)
    sender = delivery.Sender("slow", 4, lambda: NOON)
    sweeping.beat("slow", NOON)
    sender.waiting = claims.claim("slow", NOON)
    sweeping.bury(NOON + 4 * SECOND)
    sweeping.beat("slow", NOON + 4 * SECOND)
    sender.clock = lambda: NOON + 4 * SECOND
    while sender.step():
        pass
    sender.close()
    assert provider.journal.duplicates() == 0
    assert set(Message.objects.values_list("state", flat=True)) == {State.ACCEPTED}


def test_what_a_worker_that_stood_still_did_not_send_is_not_unclear_for_long(provider):
    outbox.write(make_cause(on_unclear=Cause.OnUnclear.LEAVE), letters(1), NOON)
    sweeping.beat("slow", NOON)
    begun = claims.begin(claims.claim("slow", NOON), "slow", NOON)
    sweeping.bury(NOON + 4 * SECOND)
    assert Message.objects.get().state == State.UNCLEAR
    late = NOON + 5 * SECOND
    result = requesting.send(begun[0], lambda: late)
    recording.record([result], "slow", late)
    delivery.drain(late)
    message = Message.objects.get()
    assert (message.state, message.repeats) == (State.ACCEPTED, 0)
    assert len(provider.journal.accepted("sms")) == 1


def test_a_claim_that_was_lost_does_not_give_back_the_one_made_after_it(provider):
    outbox.write(make_cause(), letters(2), NOON)
    sweeping.beat("slow", NOON)
    lost = claims.claim("slow", NOON)
    sweeping.bury(NOON + 4 * SECOND)
    again = claims.claim("slow", NOON)
    assert len(claims.begin(again, "slow", NOON)) == 2
    assert claims.begin(lost, "slow", NOON) == []
    assert claims.release_claims(claims.of_owner("slow", lost), NOON) == 0
    assert set(Message.objects.values_list("state", flat=True)) == {State.CLAIMED}


def test_a_late_result_of_a_dead_claim_is_taken_but_moves_nothing_back(provider):
    outbox.write(make_cause(), letters(1), NOON)
    sweeping.beat("slow", NOON)
    jobs = claims.begin(claims.claim("slow", NOON), "slow", NOON)
    sweeping.bury(NOON + 4 * SECOND)
    result = requesting.send(jobs[0], lambda: NOON)
    assert recording.record([result], "slow", NOON + 5 * SECOND) == 0
    assert Message.objects.get().state == State.ACCEPTED


def test_a_request_that_begins_while_its_worker_is_buried_does_not_wait_again(
    provider,
):
    """The worker comes back to life in the very moment in which it is buried."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: there is no such race")
    outbox.write(make_cause(), letters(3), NOON)
    sweeping.beat("slow", NOON)
    jobs = claims.claim("slow", NOON)

    def bury() -> None:
        try:
            sweeping.bury(NOON + 4 * SECOND)
        finally:
            connection.close()

    burying = threading.Thread(target=bury)
    with transaction.atomic():
        assert len(claims.begin(jobs[:2], "slow", NOON)) == 2
        burying.start()
        burying.join(0.3)
    burying.join()
    assert Message.objects.filter(state=State.QUEUED).count() == 1
    sweeping.bury(NOON + 5 * SECOND)
    states = sorted(Message.objects.values_list("state", flat=True))
    assert states == [State.QUEUED] + [State.UNCLEAR] * 2
