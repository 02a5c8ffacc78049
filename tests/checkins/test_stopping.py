"""STOP and START: of every channel of their owner, and of who was never written to."""

from datetime import timedelta

import pytest

from alerts.checkins.answers import inbox
from alerts.dispatch import addresses, forgetting, outbox
from alerts.dispatch.models import Address, Message, State
from alerts.dispatch.sending import claims, jobs
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db
NUMBER = "+12025550000"
LATER = NOON + timedelta(minutes=1)


def text(body, channel="sms", at=NOON):
    form = {"MessageSid": f"{body}{channel}{at}", "From": NUMBER, "To": "+1"}
    inbox.store("simulated-sms", form | {"Body": body}, channel, at)
    inbox.read_new(at)


def leaves(channel):
    """Tell whether what is written to the number now would leave."""
    number = Message.objects.count()
    cause = make_cause(f"alert:{number}")
    (message,) = outbox.write(cause, letters(1, channel=channel), LATER)
    claimed = claims.claim("worker", LATER)
    begun = claims.begin(claimed, "worker", LATER)
    return message.pk in [job.message_id for job in begun]


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_a_stop_by_a_way_we_never_wrote_by_is_kept(channel):
    text("STOP", channel)
    assert not leaves("sms")
    assert not leaves("whatsapp")


@pytest.mark.parametrize("by", ["sms", "whatsapp"])
def test_a_start_opens_every_channel_whichever_it_comes_by(by):
    text("STOP")
    text("START", by, LATER)
    assert leaves("sms")
    assert leaves("whatsapp")


def refuse_at_the_carrier():
    """Note what `recording` does when a provider says that its owner sent STOP."""
    rows = Address.objects.filter(channel="sms")
    rows.update(opt_out=Address.OptOut.ALL)


def test_a_carrier_that_refuses_does_not_close_the_channel_a_start_came_by():
    text("STOP")
    text("START", "whatsapp", LATER)
    refuse_at_the_carrier()
    assert not leaves("sms")
    assert leaves("whatsapp")
    key = addresses.key("sms", NUMBER)
    places = {(channel, key) for channel in ("sms", "whatsapp", "voice")}
    assert addresses.opted_out(places) == {("sms", key), ("voice", key)}


def test_a_stop_after_a_start_holds_everywhere():
    text("START", "whatsapp")
    text("STOP", "sms", LATER)
    assert not leaves("sms")
    assert not leaves("whatsapp")


def test_who_was_forgotten_and_is_back_can_be_written_to():
    text("STOP")
    forgetting.forget("notice:", [addresses.key("sms", NUMBER)], NOON)
    assert not leaves("sms")
    text("START", "sms", LATER)
    assert leaves("sms")
    message = Message.objects.order_by("-pk").first()
    (row,) = jobs.rows([message.pk])
    assert (row.address, message.state) == (NUMBER, State.CLAIMED)
