"""What comes between two steps: an opt-out, a receipt, a stop, a wish to wait."""

import itertools
import smtplib
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command

from alerts.dispatch import addresses, outbox, reached
from alerts.dispatch.channels import email, twilio_codes
from alerts.dispatch.channels.base import GoneError, PermanentError, TemporaryError
from alerts.dispatch.hearing import receipts
from alerts.dispatch.management.commands import dispatch
from alerts.dispatch.models import (
    Account,
    Address,
    Attempt,
    Message,
    Publication,
    State,
    Worker,
)
from alerts.dispatch.sending import claims, delivery, picking, posting, rates, sweeping
from alerts.dispatch.watching import progress
from alerts.exercises.provider.faults import Faults
from tests.dispatch.test_ledger import letters, make_cause
from tests.dispatch.test_transports import outgoing
from tests.factories import NOON
from tests.meanwhile import only_reads

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


def written(count=1):
    return outbox.write(make_cause(), letters(count), NOON)


def attempted(message, outcome, state):
    Attempt.objects.create(
        message=message, number=1, account="a", began_at=NOON, outcome=outcome
    )
    Message.objects.filter(pk=message.pk).update(state=state, attempt=1)


def test_who_opts_out_between_claim_and_request_gets_nothing():
    written(2)
    jobs = claims.claim("worker", NOON)
    key = addresses.key("sms", "+12025550000")
    addresses.opt_out(key, "sms", Address.OptOut.ALL, NOON)
    assert len(claims.begin(jobs, "worker", NOON)) == 1
    assert claims.claim("worker", NOON) == []
    assert Message.objects.get(state=State.REJECTED).provider_code == "opted_out"


def test_an_account_that_was_told_to_wait_begins_nothing_that_it_had_claimed():
    written(3)
    rates.rows()
    jobs = claims.claim("worker", NOON)
    until = NOON + 9 * SECOND
    names = {job.account for job in jobs}
    Account.objects.filter(name__in=names).update(waits_until=until)
    assert claims.begin(jobs, "worker", NOON) == []
    assert Message.objects.filter(state=State.QUEUED).count() == 3


@pytest.mark.parametrize("state", [State.QUEUED, State.STOPPED, State.SET_ASIDE])
def test_a_receipt_says_that_a_first_copy_arrived_before_a_second_leaves(state):
    (message,) = written()
    attempted(message, "unclear", state)
    receipts.store("simulated-sms", message.uid, "SM1", "delivered", "", NOON)
    receipts.apply_waiting(NOON)
    assert Message.objects.get().state == State.DELIVERED


@pytest.mark.parametrize(
    ("outcome", "state", "is_reached"),
    [
        ("unclear", State.STOPPED, True),
        ("unclear", State.QUEUED, True),
        ("", State.CLAIMED, True),
        ("queued", State.STOPPED, False),
        ("rejected", State.REJECTED, False),
    ],
)
def test_whoever_may_have_a_copy_counts_as_reached(outcome, state, is_reached):
    (message,) = written()
    attempted(message, outcome, state)
    assert reached.messages("alert:1").exists() is is_reached


@pytest.mark.parametrize(
    ("first", "is_reached"), [("unclear", True), ("queued", False)]
)
def test_who_may_have_a_first_copy_is_reached_though_the_second_did_not_arrive(
    first, is_reached
):
    (message,) = written()
    attempted(message, first, State.UNDELIVERED)
    Attempt.objects.create(
        message=message, number=2, account="a", began_at=NOON, outcome="accepted"
    )
    Message.objects.update(attempt=2)
    assert reached.messages("alert:1").exists() is is_reached


def test_a_claim_that_has_not_begun_is_in_hand_and_nobody_is_reached_yet():
    written()
    jobs = claims.claim("worker", NOON)
    assert reached.is_in_hand("alert:1")
    assert not reached.messages("alert:1").exists()
    outbox.stop("alert:1", NOON)
    assert claims.begin(jobs, "worker", NOON) == []
    assert not reached.is_in_hand("alert:1")


def test_what_was_refused_is_sent_again_once_its_account_is_mended():
    written()
    Message.objects.update(state=State.REJECTED, ended_at=NOON, provider_code="20003")
    assert outbox.retry(Message.objects.all(), NOON) == 1
    message = Message.objects.get()
    assert (message.state, message.repeats, message.ended_at) == (
        State.QUEUED,
        0,
        None,
    )


def test_what_has_arrived_is_never_sent_again_by_hand():
    written()
    Message.objects.update(state=State.DELIVERED)
    assert outbox.retry(Message.objects.all(), NOON) == 0


def test_an_address_that_writes_to_us_is_not_gone():
    written()
    addresses.gone(Address.objects.get().pk, "21614", NOON)
    addresses.heard("+12025550000", "sms", NOON)
    assert Address.objects.get().condition == Address.Condition.GOOD


@pytest.mark.parametrize("faults", [Faults(busy=1, retry_after_s=900)])
def test_a_post_waits_as_long_as_its_network_asks_for(provider):
    text = outbox.text("social", "en", "Stay away from the coast.")
    outbox.publish(make_cause(), text, NOON)
    assert posting.post_due(NOON) > 0
    waits = Publication.objects.filter(state=State.QUEUED).values_list("not_before")
    assert {at for (at,) in waits} == {NOON + timedelta(seconds=900)}
    assert posting.post_due(NOON + 60 * SECOND) == 0


def test_a_mail_that_is_sent_once_more_has_the_id_of_its_first_copy():
    first = outgoing("simulated-email", attempt=1)
    again = outgoing("simulated-email", attempt=2, uid=first.uid, key=first.key)
    later = outgoing("simulated-email", attempt=2, uid=first.uid, key=f"{first.uid}-2")
    ids = [
        email.build(each, "alerts@example.org").extra_headers["Message-ID"]
        for each in (first, again, later)
    ]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (550, b"5.1.1 No such mailbox", GoneError),
        (550, b"5.7.1 Blocked, see our rules", PermanentError),
        (550, b"No", PermanentError),
        (451, b"4.3.2 Try again later", TemporaryError),
    ],
)
def test_only_a_mailbox_that_is_not_there_is_gone(code, words, kind):
    error = smtplib.SMTPRecipientsRefused({"a@example.org": (code, words)})
    assert type(email._ours(error)) is kind


def test_a_number_is_not_gone_because_its_network_is_down():
    assert not {"30003", "30005", "30006", "30008"} & twilio_codes.GONE


def shown():
    (channel,) = progress.of(NOON, cause_keys=["alert:1"]).channels
    return channel.words


def test_a_send_that_has_just_begun_is_not_taken_for_a_slow_one():
    written(30)
    for number in Message.objects.order_by("pk").values_list("pk", flat=True)[:20]:
        Message.objects.filter(pk=number).update(
            state=State.ACCEPTED, accepted_at=NOON - 4 * SECOND
        )
    assert shown() == "20 of 30 have left · 5/s · 2 s to go"


def test_what_a_pause_holds_has_no_time_left():
    written(5)
    first = Message.objects.order_by("pk")[0]
    Message.objects.filter(pk=first.pk).update(
        state=State.ACCEPTED, accepted_at=NOON - SECOND
    )
    outbox.pause(NOON, channel="sms")
    assert shown() == "1 of 5 have left · 4 held by the pause"
    outbox.resume(channel="sms")
    outbox.pause(NOON, key="alert:1")
    assert shown() == "1 of 5 have left · 4 held by the pause"


def test_what_was_refused_or_is_unclear_is_not_said_to_have_left():
    states = [State.DELIVERED, State.REJECTED, State.UNCLEAR, State.STOPPED]
    for message, state in zip(written(4), states, strict=True):
        Message.objects.filter(pk=message.pk).update(state=state)
    assert shown() == (
        "1 of 4 have left · 1 may have left · 1 refused · 1 stopped or too late"
    )


def stop_by_sms():
    key = addresses.key("sms", "+12025550000")
    addresses.opt_out(key, "sms", Address.OptOut.ALL, NOON)


def on_every_channel():
    """Write to one person by SMS, WhatsApp, a call and a mail."""
    outbox.write(make_cause(), letters(1), NOON)
    for channel in ("whatsapp", "voice"):
        outbox.write(make_cause(), letters(1, channel=channel), NOON)
    mail = outbox.text("email", "en", "Are you safe?", "Earthquake")
    letter = outbox.Letter(channel="email", address="ada@example.org", text=mail)
    outbox.write(make_cause(), [letter], NOON)


def test_a_stop_by_text_silences_calls_and_whatsapp_that_wait_and_no_mail():
    on_every_channel()
    stop_by_sms()
    jobs = claims.claim("worker", NOON)
    assert [job.channel for job in jobs] == ["email"]
    assert Message.objects.filter(provider_code="opted_out").count() == 3


def test_a_stop_by_text_between_claim_and_request_holds_for_every_channel():
    on_every_channel()
    jobs = claims.claim("worker", NOON)
    assert len(jobs) == 4
    stop_by_sms()
    assert [j.channel for j in claims.begin(jobs, "worker", NOON)] == ["email"]


def test_what_is_about_to_leave_is_looked_at_and_written_by_one_statement(
    django_assert_num_queries,
):
    written(20)
    jobs = claims.claim("worker", NOON)
    with django_assert_num_queries(1):
        assert len(claims.begin(jobs, "worker", NOON)) == 20


def test_no_two_senders_have_one_name_even_with_the_same_host_and_number(monkeypatch):
    names = []
    monkeypatch.setattr(dispatch.Command, "_run", lambda _, owner: names.append(owner))
    call_command("dispatch")
    call_command("dispatch")
    assert len(set(names)) == 2
    assert max(map(len, names)) + len("-e") <= Worker._meta.get_field("name").max_length


@pytest.mark.django_db(transaction=True)
def test_a_sender_outlives_a_database_that_only_reads_for_a_while():
    stopping, looks = threading.Event(), itertools.count()

    def beat(now):
        if next(looks) < 2:
            with only_reads():
                sweeping.beat("worker", now)
        stopping.set()

    assert delivery.run("worker", stopping, beat) == 0
    assert next(looks) > 2


def test_a_clock_that_is_put_back_hides_no_queue():
    (message,) = written()
    hour = timedelta(hours=1)
    memory = picking.Memory({(message.cause_id, "sms"): NOON + hour})
    assert len(claims.claim("worker", NOON, memory=memory)) == 1
