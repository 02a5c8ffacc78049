"""The ledger of messages: written once, moved by rules, stopped at once."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from alerts.dispatch import addresses, links, outbox, routing, ticking
from alerts.dispatch.hearing import receipts, unclear
from alerts.dispatch.models import (
    FINAL,
    Address,
    Attempt,
    Cause,
    Lane,
    Message,
    Receipt,
    State,
)
from alerts.dispatch.sending import (
    claims,
    delivery,
    posting,
    recording,
    requesting,
    suspects,
    sweeping,
)
from alerts.exercises.provider.faults import Faults
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


def make_cause(key="alert:1", **changes) -> Cause:
    fields = {
        "mode": "exercise",
        "lane": Lane.DANGER,
        "now": NOON,
        "not_after": NOON + timedelta(hours=12),
        "opens_at": NOON,
        "on_unclear": Cause.OnUnclear.RESEND,
    }
    return outbox.open_cause(key, **(fields | changes))


def letters(count: int, **changes):
    text = outbox.text("sms", "en", "Are you safe? {link} or text SAFE {code}")
    fields = {"channel": "sms", "text": text, "link_path": "c", "code": "7K2Q"}
    return [
        outbox.Letter(address=f"+1202555{n:04d}", rank=n, **(fields | changes))
        for n in range(count)
    ]


def test_writing_twice_writes_once():
    cause = make_cause()
    first = outbox.write(cause, letters(5), NOON)
    again = outbox.write(cause, letters(5), NOON + SECOND)
    assert [m.pk for m in first] == [m.pk for m in again]
    assert Message.objects.count() == 5


def test_a_shared_phone_gets_one_message():
    same = letters(1) * 3
    written = outbox.write(make_cause(), same, NOON)
    assert len({message.pk for message in written}) == 1


def test_every_message_arrives_once_with_its_own_link(provider):
    outbox.write(make_cause(), letters(20), NOON)
    assert delivery.drain(NOON) == 20
    assert provider.journal.duplicates() == 0
    bodies = [row["body"] for row in provider.journal.accepted("sms")]
    assert len(set(bodies)) == 20
    assert all("{" not in body and "7K2Q" in body for body in bodies)
    token = bodies[0].split("/c/")[1].split()[0]
    assert links.message_for(token) is not None
    assert links.message_for(token[:-1] + "x") is None


def test_a_cause_that_is_not_open_sends_nothing(provider):
    outbox.write(make_cause(opens_at=None), letters(3), NOON)
    assert delivery.drain(NOON) == 0
    assert provider.journal.accepted() == []
    outbox.release("alert:1", NOON + SECOND)
    assert delivery.drain(NOON) == 0
    assert delivery.drain(NOON + SECOND) == 3


def test_the_nearest_go_first_and_danger_before_advice(provider):
    outbox.write(make_cause("alert:2", lane=Lane.BULK), letters(3), NOON)
    far = [*letters(8)][::-1][:3]
    outbox.write(make_cause(), far, NOON)
    jobs = claims.claim("worker", NOON)
    numbers = [job.outgoing.to[-1] for job in jobs]
    assert numbers == ["5", "6", "7", "0", "1", "2"]


def test_a_stop_is_final_and_nothing_leaves_after_it(provider):
    outbox.write(make_cause(), letters(10), NOON)
    jobs = claims.claim("worker", NOON, most=4)
    assert outbox.stop("alert:1", NOON) == 6
    assert claims.begin(jobs, "worker", NOON) == []
    sweeping.end(NOON)
    assert delivery.drain(NOON) == 0
    assert provider.journal.accepted() == []
    assert set(Message.objects.values_list("state", flat=True)) == {State.STOPPED}


def test_a_stop_writes_few_rows_however_many_wait(monkeypatch):
    monkeypatch.setattr(sweeping, "AT_ONCE", 4)
    outbox.write(make_cause(), letters(10), NOON)
    assert outbox.stop("alert:1", NOON) == 10
    assert Message.objects.filter(state=State.QUEUED).count() == 6
    assert claims.claim("worker", NOON + SECOND) == []
    sweeping.end(NOON + SECOND)
    assert set(Message.objects.values_list("state", flat=True)) == {State.STOPPED}


@pytest.mark.parametrize("channel", ["sms", ""])
def test_a_pause_holds_a_channel_or_everything_and_loses_nothing(provider, channel):
    outbox.write(make_cause(), letters(4), NOON)
    outbox.pause(NOON, channel=channel)
    assert delivery.drain(NOON) == 0
    outbox.resume(channel=channel)
    assert delivery.drain(NOON) == 4


def test_nothing_is_sent_after_its_time(provider):
    outbox.write(make_cause(), letters(4), NOON)
    late = NOON + timedelta(hours=13)
    assert delivery.drain(late) == 0
    sweeping.end(late)
    assert set(Message.objects.values_list("state", flat=True)) == {State.EXPIRED}


@pytest.mark.parametrize("mode", ["message", "account"])
def test_modes_that_do_not_agree_are_refused_at_the_last_step(provider, settings, mode):
    outbox.write(make_cause(), letters(1), NOON)
    if mode == "message":
        Message.objects.update(mode="live")
    else:
        jobs = claims.claim("worker", NOON)
        changed = settings.ACCOUNTS["simulated-sms"] | {"mode": "live"}
        settings.ACCOUNTS = settings.ACCOUNTS | {"simulated-sms": changed}
        result = requesting.send(jobs[0], lambda: NOON)
        assert (result.state, result.code) == (State.REJECTED, "interlock")
        return
    delivery.drain(NOON)
    assert Message.objects.get().state == State.REJECTED
    assert provider.journal.accepted() == []


def test_a_stop_reply_at_the_provider_is_kept(provider):
    outbox.write(make_cause(), letters(1), NOON)
    key = addresses.key("sms", "+12025550000")
    assert addresses.opt_out(key, "sms", Address.OptOut.ALL, NOON)
    assert addresses.silenced([("sms", key)]) == {("sms", key)}


@pytest.mark.parametrize("faults", [Faults(accepted_reset=1)])
def test_what_is_unclear_is_asked_for_before_it_is_sent_again(provider):
    outbox.write(make_cause(), letters(5), NOON)
    delivery.drain(NOON)
    assert set(Message.objects.values_list("state", flat=True)) == {State.UNCLEAR}
    unclear.resolve(NOON + timedelta(minutes=1))
    assert set(Message.objects.values_list("state", flat=True)) == {State.ACCEPTED}
    assert provider.journal.duplicates() == 0


@pytest.mark.parametrize("faults", [Faults(reset=1)])
def test_the_policy_decides_on_what_the_provider_knows_nothing_of(provider):
    outbox.write(make_cause(), letters(2), NOON)
    leave = make_cause("alert:2", on_unclear=Cause.OnUnclear.LEAVE)
    outbox.write(leave, letters(2), NOON)
    delivery.drain(NOON)
    ask(NOON)
    again = Message.objects.filter(cause__key="alert:1")
    assert set(again.values_list("state", "repeats")) == {(State.QUEUED, 1)}
    left = Message.objects.filter(cause__key="alert:2")
    assert set(left.values_list("state", "repeats")) == {(State.UNCLEAR, 0)}


def crash(now):
    """Claim and begin all there is, then die."""
    sweeping.beat(f"dead {now}", now)
    claims.begin(claims.claim(f"dead {now}", now), f"dead {now}", now)
    sweeping.bury(now + 4 * SECOND)


def ask(now):
    """Let enough time pass that the provider is asked, twice."""
    for later in (60, 120):
        unclear.resolve(now + later * SECOND)
    return now + 121 * SECOND


def test_what_was_in_flight_at_a_crash_is_sent_alone_and_innocents_arrive(provider):
    outbox.write(make_cause(), letters(3), NOON)
    crash(NOON)
    now = ask(NOON)
    assert claims.claim("other", now) == []
    assert delivery.drain(now) == 3
    assert set(Message.objects.values_list("state", "tries")) == {(State.ACCEPTED, 0)}
    assert provider.journal.duplicates() == 0


@pytest.mark.parametrize("fault", ["exits", "raises", "segfaults"])
def test_a_message_that_breaks_its_child_three_times_is_set_aside(
    provider, settings, fault
):
    outbox.write(make_cause(), letters(1), NOON)
    crash(NOON)
    poison = {"transport": "tests.dispatch.poison.Poison", "poison": fault}
    changed = settings.ACCOUNTS["simulated-sms"] | poison
    settings.ACCOUNTS = settings.ACCOUNTS | {"simulated-sms": changed}
    routing.transport_for.cache_clear()
    now = NOON
    for tries in (1, 2, 3):
        now = ask(now)
        suspects.send_one("worker", lambda now=now: now)
        assert Message.objects.get().tries == tries
    assert Message.objects.get().state == State.SET_ASIDE
    assert Attempt.objects.count() == 4
    now = ask(now)
    assert not suspects.send_one("worker", lambda: now)


def test_a_transport_that_raises_what_it_should_not_is_sent_alone(provider, settings):
    outbox.write(make_cause(), letters(1), NOON)
    poison = {"transport": "tests.dispatch.poison.Poison", "poison": "raises"}
    changed = settings.ACCOUNTS["simulated-sms"] | poison
    settings.ACCOUNTS = settings.ACCOUNTS | {"simulated-sms": changed}
    routing.transport_for.cache_clear()
    delivery.drain(NOON)
    message = Message.objects.get()
    assert (message.state, message.is_suspect) == (State.UNCLEAR, True)


WORDS = ["queued", "sent", "delivered", "undelivered", "failed", "sending", "whatever"]


@profile(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), st.randoms())
def test_receipts_in_any_order_and_twice_end_in_the_same_state(words, random):
    ends = []
    said = list(dict.fromkeys(words))
    for order in (said, random.sample(said, len(said))):
        Receipt.objects.all().delete()
        Message.objects.all().delete()
        message = outbox.write(make_cause(), letters(1), NOON)[0]
        Message.objects.update(state=State.ACCEPTED, provider_id="SM1")
        final = [w for w in order if w in ("delivered", "undelivered", "failed")]
        for word in [*order, *order]:
            receipts.store("simulated-sms", message.uid, "SM1", word, "", NOON)
            receipts.apply_waiting(NOON)
        state = Message.objects.get().state
        # A provider says one final word; where it said two, the first one stands.
        assert state in (FINAL if final else {State.ACCEPTED})
        ends.append(state)
    finals = {w for w in said if w in ("delivered", "undelivered", "failed")}
    if len(finals) <= 1:
        assert ends[0] == ends[1]


def test_a_receipt_may_come_before_the_answer_to_the_request(provider):
    message = outbox.write(make_cause(), letters(1), NOON)[0]
    jobs = claims.begin(claims.claim("w", NOON), "w", NOON)
    receipts.store("simulated-sms", message.uid, "SM1", "delivered", "", NOON)
    receipts.apply_waiting(NOON)
    recording.record([requesting.send(jobs[0], lambda: NOON)], "w", NOON)
    assert Message.objects.get().state == State.DELIVERED


def test_notices_are_capped_for_an_address():
    for number in range(5):
        send_notice(number)
    with pytest.raises(outbox.CappedError):
        send_notice(6)
    assert send_notice(1).pk  # one that is there is there


def test_a_form_cannot_pump_messages_into_one_prefix_or_country(settings):
    for number in range(30):
        send_notice(number, f"+50525550{number:03d}")
    with pytest.raises(outbox.CappedError, match="one prefix"):
        send_notice(30, "+50525550999")
    settings.NOTICES_A_COUNTRY = 31
    send_notice(31, "+50585550000")
    with pytest.raises(outbox.CappedError, match="one country"):
        send_notice(32, "+50595550000")
    settings.MINISTRY_COUNTRY = "NI"
    assert send_notice(33, "+50595550000").pk


def send_notice(number, address="+12025550101"):
    return outbox.send_notice(
        f"confirm:{number}",
        purpose="confirmation",
        channel="sms",
        address=address,
        language="en",
        subject="",
        body="Please confirm",
        now=NOON,
    )


def test_a_public_post_is_published_once(provider):
    cause = make_cause()
    said = outbox.text("social", "en", "EXERCISE. Earthquake near Managua.")
    for _ in range(2):
        outbox.publish(cause, said, NOON)
        posting.post_due(NOON)
    networks = [row["to"] for row in provider.journal.accepted("social")]
    assert sorted(networks) == ["bluesky", "facebook", "mastodon", "telegram", "x"]


def test_ticking_twice_changes_nothing(provider):
    outbox.write(make_cause(), letters(3), NOON)
    delivery.drain(NOON)
    ticking.tick(NOON)
    before = list(Message.objects.order_by("pk").values())
    ticking.tick(NOON)
    assert list(Message.objects.order_by("pk").values()) == before
