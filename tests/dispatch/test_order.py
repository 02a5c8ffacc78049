"""Who goes first, how fast, through which account, and when it is too dear."""

from collections import Counter
from datetime import timedelta

import pytest

from alerts.dispatch import addresses, outbox, routing, ticking
from alerts.dispatch.models import (
    Account,
    Address,
    Alarm,
    Lane,
    Message,
    Spend,
    State,
)
from alerts.dispatch.sending import (
    budgets,
    claims,
    delivery,
    health,
    picking,
    rates,
    sweeping,
)
from alerts.dispatch.watching import alarms, progress
from alerts.exercises.provider.faults import Faults
from consular.missions.models import Duty
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON, make_officer

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def change_account(settings, name="simulated-sms", **changes):
    conf = settings.ACCOUNTS[name] | changes
    settings.ACCOUNTS = settings.ACCOUNTS | {name: conf}


def test_two_incidents_of_one_lane_take_turns():
    outbox.write(make_cause("alert:1"), letters(60), NOON)
    other = letters(60)
    outbox.write(make_cause("alert:2"), other, NOON)
    jobs = claims.claim("worker", NOON, most=40)
    shares = Counter(job.cause_id for job in jobs)
    assert sorted(shares.values()) == [20, 20]


def test_a_small_incident_leaves_its_share_to_the_large_one():
    outbox.write(make_cause("alert:1"), letters(60), NOON)
    outbox.write(make_cause("alert:2"), letters(4), NOON)
    shares = Counter(job.cause_id for job in claims.claim("w", NOON, most=40))
    assert sorted(shares.values()) == [4, 36]


def test_a_sender_s_rate_is_shared_by_all_workers(settings):
    change_account(settings, rate="10")
    outbox.write(make_cause(lane=Lane.DANGER), letters(60), NOON)
    taken = [len(claims.claim(name, NOON)) for name in ("one", "two", "three")]
    assert sum(taken) == 10
    later = NOON + SECOND / 2
    assert sum(len(claims.claim(name, later)) for name in ("one", "two")) == 5


def test_a_backlog_leaves_part_of_the_rate_to_danger(settings):
    change_account(settings, rate="20")
    outbox.write(make_cause("alert:1", lane=Lane.BULK), letters(60), NOON)
    assert len(claims.claim("worker", NOON)) == 17
    outbox.write(make_cause("alert:2"), letters(60), NOON)
    jobs = claims.claim("worker", NOON)
    assert len(jobs) == 3
    assert {job.lane for job in jobs} == {Lane.DANGER}


def test_a_notice_leaves_within_a_second_of_a_large_alert(settings):
    change_account(settings, rate="10")
    outbox.write(make_cause("alert:1", lane=Lane.DANGER), letters(60), NOON)
    outbox.write(make_cause("notice:1", lane=Lane.NOTICE), letters(1), NOON)
    moments = [NOON + n * SECOND / 10 for n in range(10)]
    lanes = [[job.lane for job in claims.claim("worker", at)] for at in moments]
    assert all(lane == Lane.DANGER for each in lanes[:9] for lane in each)
    assert lanes[9][0] == Lane.NOTICE
    left = Counter(lane for each in lanes for lane in each)
    assert left == {Lane.DANGER: 18, Lane.NOTICE: 1}


def test_a_worker_that_slept_through_its_tenth_asks_for_notices_all_the_same(settings):
    change_account(settings, rate="10")
    outbox.write(make_cause("alert:1", lane=Lane.DANGER), letters(60), NOON)
    outbox.write(make_cause("notice:1", lane=Lane.NOTICE), letters(1), NOON)
    memory = picking.Memory()
    moments = [NOON + n * SECOND * 0.6 for n in range(3)]
    found = [claims.claim("worker", at, memory=memory)[0].lane for at in moments]
    assert found == [Lane.DANGER, Lane.DANGER, Lane.NOTICE]


def test_many_notices_leave_most_of_each_claim_to_danger():
    outbox.write(make_cause("alert:1", lane=Lane.DANGER), letters(90), NOON)
    outbox.write(make_cause("notice:1", lane=Lane.NOTICE), letters(90), NOON)
    memory = picking.Memory()
    for n in range(2):
        jobs = claims.claim("w", NOON + n * 1.3 * SECOND, memory=memory)
        lanes = Counter(job.lane for job in jobs)
        assert lanes[Lane.DANGER] >= 35
        assert len(jobs) == 50
    assert lanes[Lane.NOTICE] == 12


def test_a_notice_that_was_claimed_is_not_overtaken_by_all_that_is_claimed_after_it(
    provider,
):
    outbox.write(make_cause("alert:1", lane=Lane.DANGER), letters(600), NOON)
    outbox.write(make_cause("notice:1", lane=Lane.NOTICE), letters(1), NOON)
    sender = delivery.Sender("w", 8, lambda: NOON + 0.95 * SECOND)
    sweeping.beat("w", NOON)
    told = Message.objects.filter(lane=Lane.NOTICE, state=State.ACCEPTED)
    while not told.exists():
        sender.step()
    assert Message.objects.filter(state=State.QUEUED).exists()
    sender.close()


def test_a_long_text_costs_as_many_parts_as_the_network_counts(settings):
    change_account(settings, rate="10")
    text = outbox.text("sms", "ru", "Вы в безопасности? " * 5 + "{link}")
    outbox.write(make_cause(), letters(1, text=text), NOON)
    job = claims.claim("worker", NOON)[0]
    assert job.parts == 3
    assert Account.objects.get(name="simulated-sms").tokens == 7


def test_the_channels_of_one_alert_take_turns():
    cause = make_cause()
    mail = outbox.text("email", "en", "Are you safe? {link}", "Are you safe?")
    outbox.write(cause, letters(60), NOON)
    mails = [
        outbox.Letter(channel="email", address=f"a{n}@example.org", text=mail)
        for n in range(60)
    ]
    outbox.write(cause, mails, NOON)
    channels = Counter(job.channel for job in claims.claim("w", NOON, most=40))
    assert channels["email"] >= 10


def test_a_slow_channel_does_not_hold_up_another(settings, provider):
    change_account(settings, rate="2")
    cause = make_cause()
    mail = outbox.text("email", "en", "Are you safe? {link}", "Are you safe?")
    outbox.write(cause, letters(20), NOON)
    outbox.write(
        cause,
        [
            outbox.Letter(channel="email", address=f"a{n}@example.org", text=mail)
            for n in range(5)
        ],
        NOON,
    )
    delivery.drain(NOON)
    assert Message.objects.filter(channel="email", state=State.ACCEPTED).count() == 5
    assert Message.objects.filter(channel="sms", state=State.ACCEPTED).count() == 2


def test_who_has_opted_out_meanwhile_gets_nothing(provider):
    outbox.write(make_cause(), letters(2), NOON)
    key = addresses.key("sms", "+12025550000")
    addresses.opt_out(key, "sms", Address.OptOut.ALL, NOON)
    assert delivery.drain(NOON) == 1
    refused = Message.objects.get(state=State.REJECTED)
    assert refused.provider_code == "opted_out"


def test_accounts_share_a_channel_by_their_weights(settings):
    change_account(settings, weight="75")
    twin = settings.ACCOUNTS["simulated-sms"] | {"weight": "25,FR=75"}
    settings.ACCOUNTS = settings.ACCOUNTS | {"twin": twin}

    def share(country):
        names = Counter(
            routing.account_for("sms", "exercise", country, key=str(n))
            for n in range(400)
        )
        return names["twin"] / 400

    assert 0.2 < share("DE") < 0.3
    assert 0.45 < share("FR") < 0.55


@pytest.mark.parametrize("faults", [Faults(down=True)])
def test_a_dead_account_sinks_step_by_step_and_comes_back(provider):
    outbox.write(make_cause(), letters(20), NOON)
    delivery.drain(NOON)
    row = Account.objects.filter(name="simulated-sms")
    for second in range(1, 4):
        health.shift(NOON + second * SECOND)
    assert row.get().weight == 70
    assert "503" in row.get().trouble
    health.shift(NOON + 20 * MINUTE)
    assert row.get().weight == 80


@pytest.mark.parametrize("faults", [Faults(down=True, only_twilio=True)])
def test_a_second_provider_takes_over_from_a_dead_one_within_half_a_minute(provider):
    outbox.write(make_cause(), letters(40), NOON)
    now, waiting = NOON, Message.objects.exclude(state=State.ACCEPTED)
    while waiting.exists() and now < NOON + MINUTE / 2:
        delivery.drain(now)
        now += SECOND
        health.shift(now)
    assert not waiting.exists()
    assert set(Message.objects.values_list("account", flat=True)) == {
        "simulated-telnyx"
    }
    assert provider.journal.duplicates() == 0


def test_a_finish_is_predicted_from_the_rate_before_anything_has_left(settings):
    change_account(settings, rate="2")
    change_account(settings, name="simulated-telnyx", rate="2")
    cause = make_cause(opens_at=None)
    outbox.write(cause, letters(40), NOON)
    (channel,) = progress.of(NOON, cause_keys=[cause.key]).channels
    assert channel.words == "0 of 40 have left · about 10 s once it starts"


def test_one_error_moves_no_weight(provider, settings):
    rates.rows()
    said = health.Heard("simulated-sms", "unclear", "Twilio answered 500", None)
    health.heard([said], NOON)
    assert health.shift(NOON + SECOND) == 0


def test_only_who_tells_of_deliveries_is_taken_for_slow_without_them():
    rates.rows()
    outbox.write(make_cause(), letters(20), NOON)
    name = "simulated-sms"
    sent = Message.objects.all()
    sent.update(account=name, state=State.ACCEPTED, accepted_at=NOON - 7 * MINUTE)
    assert health.shift(NOON) == 0, "a mail server never tells"
    first = sent.filter(pk=sent.order_by("pk").values("pk")[:1])
    first.update(state=State.DELIVERED, ended_at=NOON - 7 * MINUTE)
    assert health.shift(NOON) == 1
    assert Account.objects.get(name=name).weight == routing.RESTING - health.STEP


@pytest.mark.parametrize("faults", [Faults(busy=1, retry_after_s=9)])
def test_a_provider_that_says_wait_is_left_alone_for_so_long(provider):
    outbox.write(make_cause(), letters(20), NOON)
    delivery.drain(NOON)
    asked = len(provider.journal.of("refused"))
    delivery.drain(NOON + 8 * SECOND)
    assert len(provider.journal.of("refused")) == asked
    delivery.drain(NOON + 10 * SECOND)
    assert len(provider.journal.of("refused")) > asked


def test_a_spent_budget_holds_advice_but_never_danger(provider, settings):
    settings.PRICES = {"sms": 100_000}
    settings.BUDGET_DAY = 1
    outbox.write(make_cause("alert:1", lane=Lane.BULK), letters(10), NOON)
    delivery.drain(NOON)
    assert budgets.spent(NOON) == pytest.approx(1.0)
    assert Spend.objects.get().messages == 10
    outbox.write(make_cause("alert:2", lane=Lane.BULK), letters(12), NOON)
    outbox.write(make_cause("alert:3"), letters(3), NOON)
    assert delivery.drain(NOON) == 3
    assert set(budgets.over(NOON)) == {"day"}


def test_an_alert_that_does_not_move_pages_the_officer_on_duty_once():
    officer = make_officer()
    Duty.objects.create(
        officer=officer,
        starts_at=NOON,
        ends_at=NOON + timedelta(days=1),
        channel="email",
        address="duty@example.org",
    )
    outbox.write(make_cause(), letters(3), NOON)
    for minutes in (2, 3, 4):
        alarms.look(NOON + minutes * MINUTE)
    keys = {alarm.key.split(":")[0] for alarm in Alarm.objects.filter(over_at=None)}
    assert keys == {"workers", "still"}
    notices = Message.objects.filter(purpose="officer on duty")
    assert notices.filter(address__channel="email").count() == 2
    outbox.stop("alert:1", NOON + 5 * MINUTE)
    alarms.look(NOON + 5 * MINUTE)
    assert not Alarm.objects.filter(key__startswith="still", over_at=None).exists()


def test_what_was_accepted_and_never_heard_of_again_is_closed_as_unknown(provider):
    outbox.write(make_cause(), letters(1), NOON)
    delivery.drain(NOON)
    ticking.tick(NOON + timedelta(hours=90))
    message = Message.objects.get()
    assert (message.state, message.ended_at) == (
        State.ACCEPTED,
        NOON + timedelta(hours=72),
    )
