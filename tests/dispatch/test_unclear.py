"""What may have arrived: asked for in numbers, and never sent by somebody else."""

from datetime import timedelta

import pytest

from alerts.dispatch import outbox, routing
from alerts.dispatch.hearing import unclear
from alerts.dispatch.models import Account, Attempt, Message, State
from alerts.dispatch.sending import delivery, health, jobs, suspects, sweeping
from alerts.dispatch.watching import progress
from alerts.exercises.provider.faults import Faults
from tests.dispatch.conftest import point_at
from tests.dispatch.hostile import http, says, serving
from tests.dispatch.test_ledger import ask, crash, letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


@pytest.fixture
def only_telnyx(provider):
    """The first provider has asked to be left alone, so the second one is used."""
    Account.objects.update_or_create(
        name="simulated-sms", defaults={"waits_until": NOON + 30 * SECOND}
    )
    return provider


def accounts():
    return set(Message.objects.values_list("state", "account"))


@pytest.mark.parametrize("faults", [Faults(reset=1)])
def test_more_than_one_round_is_asked_for_at_once(provider, monkeypatch):
    outbox.write(make_cause(), letters(7), NOON)
    delivery.drain(NOON)
    monkeypatch.setattr(unclear, "AT_ONCE", 3)
    ask(NOON)
    assert Message.objects.filter(state=State.QUEUED, repeats=1).count() == 7


@pytest.mark.parametrize("faults", [Faults(accepted_500=1)])
def test_what_a_provider_may_have_goes_to_it_again_with_its_key(only_telnyx):
    outbox.write(make_cause(), letters(3), NOON)
    delivery.drain(NOON)
    assert accounts() == {(State.UNCLEAR, "simulated-telnyx")}
    delivery.drain(ask(NOON))
    assert accounts() == {(State.ACCEPTED, "simulated-telnyx")}
    assert only_telnyx.journal.duplicates() == 0


@pytest.mark.parametrize("faults", [Faults(accepted_500=1)])
def test_it_waits_where_that_provider_asks_to_be_left_alone(only_telnyx):
    outbox.write(make_cause(), letters(3), NOON)
    delivery.drain(NOON)
    now = ask(NOON)
    until = now + 20 * SECOND
    Account.objects.filter(name="simulated-telnyx").update(waits_until=until)
    assert delivery.drain(now) == 0
    assert set(Message.objects.values_list("not_before", flat=True)) == {until}
    delivery.drain(until)
    assert accounts() == {(State.ACCEPTED, "simulated-telnyx")}
    assert only_telnyx.journal.duplicates() == 0


@pytest.mark.parametrize("faults", [Faults(busy=1, retry_after_s=1)])
def test_a_refusal_for_now_does_not_send_it_to_somebody_else(only_telnyx):
    outbox.write(make_cause(), letters(1), NOON)
    Message.objects.update(account="simulated-telnyx", attempt=1, repeats=1)
    delivery.drain(NOON)
    assert accounts() == {(State.QUEUED, "simulated-telnyx")}
    Message.objects.update(attempt=9)
    delivery.drain(NOON + 10 * SECOND)
    assert accounts() == {(State.QUEUED, "")}


@pytest.mark.parametrize("faults", [Faults(reset=1)])
def test_what_is_left_to_an_officer_is_asked_for_ever_more_rarely(provider):
    outbox.write(make_cause(on_unclear="leave"), letters(1), NOON)
    delivery.drain(NOON)
    asked = 0
    for second in range(0, 3600, 30):
        before = Message.objects.get().not_before
        unclear.resolve(NOON + second * SECOND)
        asked += Message.objects.get().not_before != before
    assert asked < 15


@pytest.mark.parametrize(("refused", "rests"), [(4, False), (6, True)])
def test_an_account_rests_after_many_refusals_and_not_after_a_few(refused, rests):
    Account.objects.create(name="simulated-sms")
    said = [health.Heard("simulated-sms", State.QUEUED, "429", 3.0)] * refused
    taken = health.Heard("simulated-sms", State.ACCEPTED, "", None)
    health.heard([*said, taken], NOON)
    assert (Account.objects.get().waits_until is not None) == rests


def test_a_call_that_never_left_is_not_taken_for_an_earlier_one(provider):
    """What was spoken cannot be asked for: only what is known of others tells."""
    outbox.write(make_cause(), letters(1, channel="voice"), NOON)
    delivery.drain(NOON)
    assert accounts() == {(State.ACCEPTED, "simulated-voice")}
    outbox.write(make_cause("alert:2"), letters(1, channel="voice"), NOON)
    crash(NOON)
    delivery.drain(ask(NOON))
    assert accounts() == {(State.ACCEPTED, "simulated-voice")}
    assert len(provider.journal.accepted("voice")) == 2


def test_one_no_is_not_enough_however_late_it_comes(provider):
    """A provider that stood still answers the question before what was sent earlier."""
    outbox.write(make_cause(), letters(1), NOON)
    crash(NOON)
    unclear.resolve(NOON + 60 * SECOND)
    message = Message.objects.get()
    assert (message.state, message.absent_at is not None) == (State.UNCLEAR, True)
    assert message.provider_code == ""
    assert progress.why(message) == "the provider was asked and does not know of it"
    unclear.resolve(NOON + 61 * SECOND)
    assert Message.objects.get().state == State.UNCLEAR
    unclear.resolve(NOON + 62 * SECOND)
    message = Message.objects.get()
    assert (message.state, message.provider_code) == (State.QUEUED, "")


def arrive(message):
    """Let the provider take a message after all, long after it was sent."""
    (row,) = jobs.rows([message.pk])
    job = jobs.job_of(row, "simulated-sms", 1, NOON)
    return routing.transport_for("simulated-sms").send(job.outgoing)


def test_what_arrives_late_is_found_before_it_is_sent_alone(provider):
    outbox.write(make_cause(), letters(1), NOON)
    crash(NOON)
    now = ask(NOON)
    message = Message.objects.get()
    assert (message.state, message.is_suspect) == (State.QUEUED, True)
    found = arrive(message)
    assert suspects.send_one("worker", lambda: now)
    message.refresh_from_db()
    assert (message.state, message.provider_id) == (State.ACCEPTED, found)
    assert provider.journal.duplicates() == 0


def test_what_nobody_can_be_asked_about_just_now_waits(provider, settings):
    outbox.write(make_cause(), letters(1), NOON)
    crash(NOON)
    now = ask(NOON)
    with serving(http(says(503))) as away:
        point_at(settings, away.as_provider)
        assert suspects.send_one("worker", lambda: now)
    message = Message.objects.get()
    assert (message.state, message.is_suspect) == (State.QUEUED, True)
    assert message.not_before > now
    assert all(request.startswith(b"GET") for request in away.asked)
    point_at(settings, provider.running)
    assert suspects.send_one("worker", lambda: now + 60 * SECOND)
    assert Message.objects.get().state == State.ACCEPTED


def test_what_may_have_arrived_keeps_its_key_through_a_refusal_for_now(only_telnyx):
    """A second copy under another key is a second text on somebody's phone."""
    outbox.write(make_cause(), letters(1), NOON)
    message = Message.objects.get()
    keys = []
    for number, (state, repeats) in enumerate(
        [(State.UNCLEAR, 0), (State.QUEUED, 1), (State.QUEUED, 1)], start=1
    ):
        Message.objects.update(attempt=number - 1, repeats=repeats)
        (row,) = jobs.rows([message.pk])
        keys.append(jobs.job_of(row, "simulated-telnyx", number, NOON).outgoing.key)
        Attempt.objects.create(
            message=message, number=number, account="a", began_at=NOON, outcome=state
        )
    assert keys == [f"{message.uid}-1"] * 3


def test_a_key_is_new_after_what_was_surely_refused(provider):
    outbox.write(make_cause(), letters(1), NOON)
    message = Message.objects.get()
    Attempt.objects.create(
        message=message, number=1, account="a", began_at=NOON, outcome=State.QUEUED
    )
    (row,) = jobs.rows([message.pk])
    key = jobs.job_of(row, "simulated-telnyx", 2, NOON).outgoing.key
    assert key == f"{message.uid}-2"


def test_what_an_account_may_have_that_is_set_up_no_more_goes_another_way(
    provider, settings
):
    outbox.write(make_cause(), letters(1), NOON)
    crash(NOON)
    Attempt.objects.update(account="closed")
    Message.objects.update(account="closed")
    delivery.drain(ask(NOON))
    message = Message.objects.get()
    assert (message.state, message.repeats) == (State.ACCEPTED, 1)


def test_what_is_unclear_when_its_alert_is_stopped_stays_so(provider):
    outbox.write(make_cause(), letters(1), NOON)
    crash(NOON)
    outbox.stop("alert:1", NOON)
    sweeping.end(ask(NOON))
    message = Message.objects.get()
    assert (message.state, message.repeats) == (State.UNCLEAR, 0)
