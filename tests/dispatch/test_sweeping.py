"""What is over ends, once and for all, and nobody waits for what an officer settles."""

from datetime import timedelta

import pytest

from alerts.dispatch import outbox
from alerts.dispatch.models import Cause, Message, Publication, State
from alerts.dispatch.sending import posting, sweeping
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db
OVER = NOON + timedelta(hours=12)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("state", outbox.RETRIABLE)
def test_nothing_is_sent_again_of_what_is_past_its_time(state):
    outbox.write(make_cause(), letters(1), NOON)
    Message.objects.update(state=state)
    sweeping.end(OVER)
    assert outbox.retry(Message.objects.all(), OVER + SECOND) == 0
    assert Message.objects.get().state == state


def test_no_post_is_put_out_again_that_is_past_its_time():
    cause = make_cause()
    text = outbox.text("social", "en", "Earthquake")
    post = Publication.objects.create(
        cause=cause,
        text=text,
        channel="social",
        mode="exercise",
        account="a",
        state=State.SET_ASIDE,
        not_before=NOON,
        created_at=NOON,
    )
    assert not posting.again(post, OVER)


@pytest.mark.parametrize("state", [State.UNCLEAR, State.SET_ASIDE])
def test_what_waits_for_an_officer_holds_up_no_other_cause(
    state, django_assert_max_num_queries
):
    for number in range(3):
        cause = make_cause(f"notice:{number}")
        outbox.write(cause, letters(1), NOON)
    Message.objects.update(state=state)
    sweeping.end(OVER)
    assert not Cause.objects.filter(swept_at=None).exists()
    with django_assert_max_num_queries(2):
        sweeping.end(OVER + SECOND)


def test_what_waits_again_of_a_swept_cause_ends_as_well():
    cause = make_cause()
    outbox.write(cause, letters(1), NOON)
    Message.objects.update(state=State.UNCLEAR)
    sweeping.end(OVER)
    Message.objects.update(state=State.QUEUED)
    sweeping.look_again(cause.pk)
    sweeping.end(OVER + SECOND)
    assert Message.objects.get().state == State.EXPIRED


def test_three_days_later_no_receipt_is_waited_for():
    first, _ = outbox.write(make_cause(), letters(2), NOON)
    Message.objects.update(state=State.ACCEPTED, accepted_at=NOON)
    Message.objects.filter(pk=first.pk).update(state=State.DELIVERED, ended_at=NOON)
    sweeping.end(OVER)
    sweeping.end(OVER + sweeping.RECEIPT_WINDOW - SECOND)
    assert Message.objects.filter(ended_at=None).count() == 1
    sweeping.end(OVER + sweeping.RECEIPT_WINDOW)
    late = Message.objects.get(state=State.ACCEPTED)
    assert late.ended_at == NOON + sweeping.RECEIPT_WINDOW
    assert not Cause.objects.exclude(receipts_until=None).exists()
