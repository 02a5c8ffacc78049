"""A number that we do not know gets one polite answer, and no second one."""

from datetime import timedelta

import pytest

from alerts.checkins.models import Inbound, Standing
from alerts.dispatch import addresses
from alerts.dispatch.models import Message
from tests.checkins.test_answers import LATER, reply

pytestmark = pytest.mark.django_db
STRANGER = "+12025550199"


def answers():
    return Message.objects.filter(purpose="unknown sender")


def test_a_stranger_is_told_once_whom_to_call_and_where_to_register(sent, settings):
    inbound = reply("SAFE", sender=STRANGER)
    assert inbound.state == Inbound.State.INBOX
    body = answers().get().text.body
    assert settings.EMERGENCY_PHONE in body
    assert "/register/" in body
    assert Standing.objects.count() == 0


def test_two_machines_do_not_write_to_each_other_for_ever(sent):
    for number in range(9):
        later = LATER + timedelta(hours=2 * number)
        reply("we got your message", sender=STRANGER, sid=f"SM{number}", at=later)
    assert answers().count() == 1


@pytest.mark.parametrize(
    ("body", "sender"),
    [("STOP", STRANGER), ("Your code is 7", "12345"), ("Win now", "SHOP")],
)
def test_no_answer_after_stop_nor_to_short_codes_and_names(sent, body, sender):
    reply(body, sender=sender)
    assert answers().count() == 0


def test_whom_we_wrote_to_gets_no_such_answer(sent):
    reply("what is this")
    assert answers().count() == 0


def test_the_answer_is_written_in_the_script_of_the_question(sent):
    reply("مرحبا", sender=STRANGER)
    text = answers().get().text
    assert text.language == "ar"
    assert text.body.startswith("تمرين / EXERCISE. من ")


def test_start_takes_a_stop_back(sent):
    key = addresses.key("sms", "+12025550101")
    reply("STOP")
    assert addresses.silenced([("sms", key)])
    reply("Start", sid="SM2")
    assert not addresses.silenced([("sms", key)])
