"""What a provider took and gave back unsent goes again, and nothing else does."""

from datetime import timedelta

import pytest

from alerts.dispatch import outbox
from alerts.dispatch.channels import twilio_codes
from alerts.dispatch.hearing import receipts, returned, unclear
from alerts.dispatch.models import Attempt, Cause, Message, State
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)
FULL = "30001"  # Twilio: the queue overflowed


def accepted(**changes):
    """Write a message that its provider accepted as SM1."""
    (message,) = outbox.write(make_cause(), letters(1), NOON)
    fields = {"state": State.ACCEPTED, "provider_id": "SM1", "attempt": 1}
    fields |= {"accepted_at": NOON, "account": "simulated-sms"}
    Message.objects.filter(pk=message.pk).update(**(fields | changes))
    return message


def hear(message, said, code="", now=LATER):
    provider_id, _, word = said.partition(" ")
    receipts.store("simulated-sms", message.uid, provider_id, word, code, now)


def after(message, now=LATER):
    receipts.apply_waiting(now)
    return Message.objects.get(pk=message.pk)


def test_what_the_providers_queue_had_no_room_for_waits_and_goes_again():
    message = accepted()
    hear(message, "SM1 failed", FULL)
    found = after(message)
    assert found.state == State.QUEUED
    assert found.not_before == LATER + timedelta(seconds=60)
    assert (found.ended_at, found.accepted_at, found.repeats) == (None, None, 0)


def test_it_is_sent_under_its_old_number_and_may_arrive_by_a_new_one():
    message = accepted()
    hear(message, "SM1 failed", FULL)
    after(message)
    Message.objects.filter(pk=message.pk).update(
        state=State.ACCEPTED, provider_id="SM2", provider_code="", attempt=2
    )
    hear(message, "SM2 delivered")
    assert after(message).state == State.DELIVERED


@pytest.mark.parametrize("at_once", [True, False])
def test_a_late_word_of_what_was_given_back_does_not_hold_it(at_once):
    message = accepted()
    hear(message, "SM1 failed", FULL)
    if not at_once:
        after(message)
    hear(message, "SM1 queued")
    hear(message, "SM1 sent")
    assert after(message).state == State.QUEUED


def test_a_text_that_the_network_did_not_deliver_is_not_sent_again():
    message = accepted()
    hear(message, "SM1 undelivered", "30003")
    assert after(message).state == State.UNDELIVERED


def test_what_another_copy_of_may_have_arrived_is_not_sent_again():
    message = accepted(repeats=1)
    hear(message, "SM1 failed", FULL)
    assert after(message).state == State.UNDELIVERED


@pytest.mark.parametrize(
    "over", [{"stopped_at": NOON}, {"not_after": LATER - timedelta(seconds=1)}]
)
def test_what_is_stopped_or_over_ends(over):
    message = accepted()
    Cause.objects.update(**over)
    hear(message, "SM1 failed", FULL)
    assert after(message).state == State.UNDELIVERED


def test_it_waits_longer_each_time_and_ends_after_some_tries():
    message, waits = accepted(), []
    for attempt in range(1, returned.MOST_ATTEMPTS + 1):
        Message.objects.filter(pk=message.pk).update(
            state=State.ACCEPTED, provider_id=f"SM{attempt}", attempt=attempt
        )
        hear(message, f"SM{attempt} failed", FULL)
        found = after(message)
        waits.append((found.not_before - LATER).total_seconds())
    assert waits[:-1] == [60, 120, 240, 480]
    assert found.state == State.UNDELIVERED


def test_a_swept_alert_is_looked_at_again():
    message = accepted()
    Cause.objects.update(swept_at=NOON)
    hear(message, "SM1 failed", FULL)
    after(message)
    assert Cause.objects.get().swept_at is None


def test_the_provider_is_not_asked_for_what_it_gave_back():
    message = accepted()
    hear(message, "SM1 failed", FULL)
    after(message)
    Message.objects.filter(pk=message.pk).update(
        state=State.UNCLEAR, provider_id="", attempt=2
    )
    Attempt.objects.create(
        message=message, number=2, account="simulated-sms", began_at=LATER
    )
    (question,) = unclear._asked_of([message.pk], LATER)
    assert question.outgoing.others == {"SM1"}


def test_only_what_never_left_the_provider_is_sent_again():
    assert FULL in twilio_codes.RETURNED
    assert not twilio_codes.RETURNED & {"30003", "30005", "30007", "30008", "21610"}
