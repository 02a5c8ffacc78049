"""What alarms and budgets count, whom they tell, and what they leave alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from alerts.dispatch import outbox, ticking
from alerts.dispatch.models import Account, Alarm, Lane, Message, State, Worker
from alerts.dispatch.sending import budgets, delivery
from alerts.dispatch.watching import alarms
from consular.missions.models import Duty
from tests import factories
from tests.dispatch.test_ledger import letters, make_cause, send_notice
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)
LATER = NOON + 2 * MINUTE


def raised(now=LATER):
    alarms.look(now)
    return set(Alarm.objects.filter(over_at=None).values_list("key", flat=True))


def on_duty(*numbers):
    officer = factories.make_officer()
    for number in numbers:
        Duty.objects.create(
            officer=officer,
            starts_at=NOON - MINUTE,
            ends_at=NOON + 60 * MINUTE,
            channel="sms",
            address=f"+1202555{number:04d}",
        )


@pytest.mark.parametrize(("mode", "cost"), [("exercise", 0.15), ("live", 0.0)])
def test_an_exercise_costs_nothing_of_a_live_budget(provider, settings, mode, cost):
    settings.MODE, settings.PRICES, settings.BUDGET_DAY = mode, {"sms": 75_000}, 0.1
    outbox.write(make_cause(), letters(2), NOON)
    assert delivery.drain(NOON) == 2
    assert budgets.spent(NOON) == cost
    assert budgets.exhausted(NOON) == bool(cost)


def test_who_was_told_enough_keeps_nobody_else_from_being_told():
    on_duty(1, 2)
    for number in range(30):
        outbox.send_notice(
            f"before:{number}",
            purpose="officer on duty",
            channel="sms",
            address="+12025550001",
            language="en",
            subject="",
            body="EXERCISE. Before.",
            now=NOON,
        )
    alarms.tell_duty("alarm:1", "No worker is alive", NOON)
    assert Message.objects.filter(cause__key__startswith="notice:alarm:1").count() == 1


def test_an_alarm_that_could_not_be_told_is_raised_again(monkeypatch):
    on_duty(1)
    outbox.write(make_cause(), letters(1), NOON)
    real = outbox.send_notice

    def breaks(*args, **kwargs):
        raise RuntimeError("the database went away")

    monkeypatch.setattr(outbox, "send_notice", breaks)
    with pytest.raises(RuntimeError):
        alarms.look(LATER)
    monkeypatch.setattr(outbox, "send_notice", real)
    raised()
    told = Message.objects.filter(purpose="officer on duty")
    assert told.count() == Alarm.objects.count() > 0


@pytest.mark.parametrize("channel", ["", "sms"])
def test_what_an_officer_has_paused_is_not_said_to_be_stuck(channel):
    Worker.objects.create(name="one", started_at=LATER, beat_at=LATER)
    outbox.write(make_cause(), letters(1), NOON)
    assert raised() == {"still:" + str(make_cause().pk)}
    outbox.pause(NOON, channel=channel)
    assert raised() == set()


def test_notices_that_do_not_leave_raise_an_alarm_until_they_do():
    Worker.objects.create(name="one", started_at=LATER, beat_at=LATER)
    message = send_notice(1)
    assert raised(NOON + MINUTE / 2) == set()
    assert raised() == {"notices"}
    words = Alarm.objects.get().words
    assert words == "1 notices wait and none leaves"
    Message.objects.filter(pk=message.pk).update(
        state=State.ACCEPTED, accepted_at=LATER
    )
    assert raised() == set()


def test_an_account_that_nobody_stands_in_for_is_said_to_be_alone(settings):
    settings.ACCOUNTS = {
        name: settings.ACCOUNTS[name] for name in ("simulated-sms", "simulated-voice")
    }
    Account.objects.create(name="simulated-voice", weight=40)
    alarms.look(NOON)
    assert Alarm.objects.get().words == (
        "The account simulated-voice fails, and no other has its channel"
    )


def test_an_alarm_of_a_drill_says_that_it_is_one():
    on_duty(1)
    alarms.tell_duty("alarm:1", "No worker is alive", NOON)
    message = Message.objects.get(lane=Lane.NOTICE)
    assert message.text.body.startswith("EXERCISE. ")
    assert message.text.subject.startswith("EXERCISE. ")


def test_only_what_can_still_be_decided_waits_for_a_person(desk):
    for number, changes in enumerate(({}, {"not_after": datetime.now(UTC)}, {})):
        cause = make_cause(
            f"alert:{number}",
            **{"not_after": datetime.now(UTC) + 60 * MINUTE} | changes,
        )
        outbox.write(cause, letters(1), NOON)
    outbox.stop("alert:2", NOON)
    Message.objects.update(state=State.SET_ASIDE)
    page = desk.get(reverse("dispatch:status"))
    assert [each.cause.key for each in page.context["stuck"]] == ["alert:0"]


def test_posts_wait_for_no_provider_that_is_asked(provider, settings):
    settings.ACCOUNTS = settings.ACCOUNTS | {"simulated-sms": {"channel": "sms"}}
    (message,) = outbox.write(make_cause(), letters(1), NOON)
    Message.objects.filter(pk=message.pk).update(state=State.UNCLEAR)
    outbox.publish(make_cause(), outbox.text("social", "en", "EXERCISE. Quake."), NOON)
    assert ticking.post(lambda: LATER) == 5
    assert ticking.ask("one", lambda: LATER) == 0


@pytest.mark.parametrize(
    ("code", "refused", "is_said"),
    [("21408", 3, True), ("no_account", 30, True), ("21408", 2, False)]
    + [(code, 30, False) for code in ("opted_out", "gone", "21211", "21610")],
)
def test_an_alert_of_which_much_is_refused_pages_an_officer(code, refused, is_said):
    Worker.objects.create(name="one", started_at=LATER, beat_at=LATER)
    written = outbox.write(make_cause(), letters(30), NOON)
    Message.objects.update(state=State.ACCEPTED, accepted_at=LATER)
    lost = Message.objects.filter(pk__in=[each.pk for each in written[:refused]])
    lost.update(state=State.REJECTED, provider_code=code, accepted_at=None)
    alarms.look(LATER)
    words = list(Alarm.objects.values_list("words", flat=True))
    said = f"{refused} of the 30 messages of alert:1 were refused"
    assert words == ([said] if is_said else [])
