"""What the ledger makes of answers that no server should give."""

import json
from datetime import timedelta

import pytest

from alerts.dispatch import outbox, routing
from alerts.dispatch.models import Account, Address, Alarm, Message, State
from alerts.dispatch.sending import delivery
from alerts.dispatch.watching import alarms
from tests.dispatch.conftest import point_at
from tests.dispatch.hostile import TAKEN, http, reply, says, serving
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)
ACCEPTED = json.dumps(TAKEN)


@pytest.fixture
def answering(settings):
    """Send messages to a server that answers so; return its requests."""

    def run(talk, count=1, channel="sms"):
        with serving(http(talk)) as server:
            point_at(settings, server.as_provider)
            outbox.write(make_cause(), letters(count, channel=channel), NOON)
            delivery.drain(NOON)
        routing.transport_for.cache_clear()
        return server.asked

    return run


def states():
    return sorted(Message.objects.values_list("state", flat=True))


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (says(429, "<html>", "Retry-After: Mon, 02 Mar 2026 12:00:09 GMT"), "queued"),
        (says(429, "", "Retry-After: 0"), "queued"),
        (says(503), "queued"),
        (says(201, ""), "unclear"),
        (says(201, '{"sid": null}'), "unclear"),
        (says(201, '{"sid": "a\\u0000b"}'), "unclear"),
        (says(201, "[1, 2]"), "unclear"),
        (says(502, '{"code": 21211}'), "unclear"),
        (says(400, '{"code": 21211}'), "rejected"),
        (says(400, '{"code": "a\\u0000b"}'), "rejected"),
        (says(400, '{"code": "\\ud800"}'), "rejected"),
    ],
)
def test_each_answer_ends_in_its_state(answering, answer, state):
    answering(answer, count=3)
    assert states() == [state] * 3


def test_a_wait_as_a_date_holds_the_message_back(answering):
    answering(says(429, "", "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT"))
    assert Message.objects.get().not_before == NOON + timedelta(hours=1)


def test_one_odd_answer_does_not_keep_the_others_from_being_written(answering):
    bodies = [ACCEPTED, '{"code": "a\\u0000b"}', ACCEPTED]
    statuses = [201, 400, 201]

    def talk(line):
        line.say(reply(statuses.pop(0), bodies.pop(0)))

    answering(talk, count=3)
    assert states() == ["accepted", "accepted", "rejected"]


@pytest.mark.parametrize("body", ["", '{"code": 20003}', '{"code": 21610}'])
def test_a_wrong_key_takes_another_account_and_marks_nobody(answering, body):
    """The first provider refuses us, and says odd things; the second one sends."""

    def talk(line):
        line.say(reply(401, body))

    asked = answering(talk, count=2)
    assert {request.split(b" ")[1][:6] for request in asked} == {b"/2010-", b"/v2/me"}
    assert set(Address.objects.values_list("condition", flat=True)) == {"good"}


def test_what_one_account_cannot_send_as_it_is_set_up_another_sends(answering):
    def talk(line):
        line.say(answers.pop(0))

    answers = [reply(401, '{"code": 20003}'), reply(200, ACCEPTED)]
    answering(talk)
    assert list(Message.objects.values_list("state", "account", "repeats")) == [
        ("accepted", "simulated-telnyx", 0)
    ]


def test_where_both_accounts_are_refused_it_is_said_and_ends(answering):
    asked = answering(says(401), count=3)
    assert len(asked) == 6
    assert states() == ["rejected"] * 3
    assert set(Message.objects.values_list("provider_code", flat=True)) == {"401"}


def test_a_wrong_key_pages_the_officers_until_the_account_takes_something(answering):
    answering(says(401, '{"code": 20003}'), channel="voice")
    assert states() == ["rejected"]
    alarms.look(NOON + MINUTE)
    (alarm,) = Alarm.objects.filter(key="set-up:simulated-voice")
    assert alarm.words.endswith("Twilio answered 401 20003")
    later = NOON + 60 * MINUTE
    alarms.look(later)
    assert Alarm.objects.filter(pk=alarm.pk, over_at=None).exists()
    Account.objects.filter(name="simulated-voice").update(accepted_at=later)
    alarms.look(later)
    assert not Alarm.objects.filter(pk=alarm.pk, over_at=None).exists()


def test_a_refusal_now_and_then_raises_one_alarm_and_not_many(answering):
    answering(says(400, '{"code": 21656}'), channel="whatsapp")
    Account.objects.filter(name="simulated-whatsapp").update(accepted_at=NOON + MINUTE)
    for minute in range(1, 14):
        alarms.look(NOON + minute * MINUTE)
    assert Alarm.objects.filter(key="set-up:simulated-whatsapp").count() == 1
    alarms.look(NOON + 16 * MINUTE)
    assert not Alarm.objects.filter(over_at=None).exists()


def test_what_was_refused_for_a_wrong_key_can_be_sent_again(answering):
    answering(says(401), channel="voice")
    assert outbox.retry(Message.objects.all(), NOON) == 1
    assert Message.objects.get().state == State.QUEUED
