"""What providers say later: of each copy by itself, and of who wants no more."""

from datetime import timedelta

import pytest

from alerts.dispatch import addresses, outbox
from alerts.dispatch.hearing import receipts
from alerts.dispatch.models import Address, Message, State
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


def sent(**changes):
    """Write a message whose second copy was accepted as SM2."""
    (message,) = outbox.write(make_cause(), letters(1, **changes), NOON)
    rows = Message.objects.filter(pk=message.pk)
    rows.update(
        state=State.ACCEPTED, provider_id="SM2", repeats=1, attempt=2, accepted_at=NOON
    )
    return message


def say(message, *words, at_once=True, code="", account="simulated-sms"):
    """Let a provider say words of copies (`SM1 undelivered`), and apply them."""
    for each in words:
        provider_id, _, word = each.partition(" ")
        receipts.store(account, message.uid, provider_id, word, code, LATER)
        if not at_once:
            receipts.apply_waiting(LATER)
    receipts.apply_waiting(LATER)
    return Message.objects.get(pk=message.pk).state


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("words", "state"),
    [
        (["SM1 undelivered", "SM2 delivered"], State.DELIVERED),
        (["SM2 delivered", "SM1 undelivered"], State.DELIVERED),
        (["SM2 undelivered", "SM1 failed", "SM1 sent"], State.UNDELIVERED),
        (["SM2 undelivered", "SM2 delivered"], State.UNDELIVERED),
    ],
)
def test_a_copy_that_did_not_arrive_does_not_hide_the_one_that_did(
    words, state, at_once
):
    assert say(sent(), *words, at_once=at_once) == state


@pytest.mark.parametrize(
    ("channel", "account", "word", "code"),
    [
        ("sms", "simulated-sms", "failed", "21610"),
        ("sms", "simulated-telnyx", "delivery_failed", "40300"),
    ],
)
def test_who_is_said_later_to_have_opted_out_is_written_to_no_more(
    channel, account, word, code
):
    message = sent(channel=channel)
    say(message, f"SM2 {word}", code=code, account=account)
    address = Address.objects.get()
    assert (address.opt_out, address.provider_code) == (Address.OptOut.ALL, code)


def test_a_start_that_came_after_what_was_refused_stands():
    message = sent()
    addresses.start("+12025550000", "sms", NOON + timedelta(minutes=1))
    say(message, "SM2 failed", code="21610")
    assert Address.objects.get().opt_out == Address.OptOut.AGAIN


@pytest.mark.parametrize("code", ["63032", "63049", "63014"])
def test_what_whatsapp_does_not_deliver_silences_nobody(code):
    message = sent(channel="whatsapp")
    say(message, "SM2 failed", code=code, account="simulated-whatsapp")
    address = Address.objects.get()
    assert address.opt_out == Address.OptOut.NONE
    assert address.condition == Address.Condition.GOOD
