"""Ask until answered: each step once, none after an answer, a stop, or an opt-out."""

from datetime import timedelta

import pytest
from django.db import connection

from alerts.checkins import ladders
from alerts.checkins.answers import checking
from alerts.checkins.answers.checking import Said
from alerts.checkins.models import LadderStep
from alerts.dispatch import addresses, outbox
from alerts.dispatch.models import Address, Lane, Message, State
from alerts.incidents.approving import release
from alerts.incidents.audiences import joining
from alerts.incidents.models import Alert, Audience, AudienceMessage, Draft, LogEntry
from alerts.incidents.zones import outlining
from consular.people.managing import locating
from geo import shapes
from tests.checkins.conftest import make_alert, send
from tests.factories import NOON
from tests.incidents import path

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
TEXTS = [
    {
        "channel": "sms",
        "language": "en",
        "subject": "",
        "body": "EXERCISE. Are you safe? {link} {code}",
    }
]


@pytest.fixture
def asked(alert, sent):
    Alert.objects.update(texts=TEXTS)
    return sent


def purposes():
    found = Message.objects.exclude(purpose="alert").order_by("id")
    return list(found.values_list("purpose", "channel"))


def answer(sent, status="safe", persons=None):
    checking.state(
        Said(
            incident=sent.audience.alert.incident,
            persons=persons or sent.persons,
            status=status,
            basis="self-link",
            stated_at=NOON,
            request_key="one",
        ),
        NOON,
    )


def climb_to(minutes):
    """Climb as the ticker does, at the minutes at which something may be due."""
    for minute in (0, 2, 3, 14, 15, 20, 30, 45, 60, 75, 80, 90):
        if minute <= minutes:
            ladders.climb(NOON + minute * MINUTE)


def test_a_silent_party_is_asked_again_by_other_ways_each_once(asked):
    climb_to(45)
    climb_to(45)
    assert purposes() == [("reminder", "sms"), ("voice", "voice")]
    texts = {m.text.body for m in Message.objects.select_related("text")}
    assert texts == {TEXTS[0]["body"]}


def test_who_gave_an_address_only_after_the_alert_is_asked_again_too(asked):
    Audience.objects.update(reason=Audience.Reason.NO_CONTACT)
    climb_to(15)
    assert purposes() == [("reminder", "sms")]


def test_no_receipt_in_three_minutes_leads_to_whatsapp(asked):
    Message.objects.update(state=State.ACCEPTED)
    climb_to(2)
    assert purposes() == []
    climb_to(3)
    assert purposes() == [("whatsapp", "whatsapp")]


def test_a_way_that_has_failed_for_good_is_not_waited_for(asked):
    Message.objects.update(state=State.UNDELIVERED)
    ladders.climb(NOON + SECOND)
    assert purposes() == [("whatsapp", "whatsapp")]


def test_nothing_follows_an_answer(asked):
    answer(asked)
    climb_to(90)
    assert purposes() == []


def test_one_answer_of_a_party_is_enough(asked):
    answer(asked, persons=asked.persons[:1])
    climb_to(20)
    assert purposes() == []


def test_a_step_that_waits_is_taken_back_by_an_answer(asked):
    climb_to(15)
    answer(asked)
    ladders.climb(NOON + 15 * MINUTE + 3 * SECOND)
    reminder = Message.objects.get(purpose="reminder")
    assert (reminder.state, reminder.provider_code) == (State.STOPPED, "not needed")


def test_a_shared_phone_is_asked_while_one_party_is_silent(alert, asked):
    other = send(alert, "+12025550101", code="8K2Q")
    answer(asked)
    climb_to(15)
    reminder = Message.objects.get(purpose="reminder")
    assert reminder.state == State.QUEUED
    assert [row.audience_id for row in reminder.audiences.all()] == [other.audience.pk]


def joined(alert, phone, minutes, **more):
    """A party that the alert is for since so many minutes after it."""
    late = send(alert, phone, **more)
    at = NOON + minutes * MINUTE
    Audience.objects.filter(pk=late.audience.pk).update(joined_at=at)
    return late


def reached_again(sent):
    """By which further messages a party was asked."""
    rows = sent.audience.messages.exclude(message__purpose="alert").order_by("pk")
    return [(row.message.channel, row.message.state) for row in rows]


def test_a_party_that_joins_on_a_phone_that_was_reminded_is_asked_by_its_own(
    alert, asked
):
    climb_to(45)
    Message.objects.update(state=State.DELIVERED)
    late = joined(alert, "+12025550101", 50, code="8K2Q")
    for minute in range(50, 120, 5):
        ladders.climb(NOON + minute * MINUTE)
    assert reached_again(late) == [("sms", "queued"), ("voice", "queued")]
    codes = Message.objects.filter(purpose__startswith="reminder").order_by("pk")
    assert list(codes.values_list("code", flat=True)) == ["7K2Q", "8K2Q"]
    answer(late)
    ladders.climb(NOON + 120 * MINUTE)
    assert {state for _, state in reached_again(late)} == {"stopped"}


def test_two_parties_that_join_a_phone_together_are_asked_by_one_message(alert, asked):
    climb_to(20)
    Message.objects.update(state=State.DELIVERED)
    late = [joined(alert, "+12025550101", 25, code=code) for code in ("8K2Q", "9K2Q")]
    ladders.climb(NOON + 40 * MINUTE)
    assert [reached_again(each) for each in late] == [[("sms", "queued")]] * 2
    assert Message.objects.filter(channel="sms").count() == 3


def test_a_reminder_that_was_taken_back_does_not_ask_the_next_party(alert, asked):
    late = joined(alert, "+12025550101", 5, code="8K2Q")
    climb_to(15)
    answer(asked)
    ladders.climb(NOON + 16 * MINUTE)
    ladders.climb(NOON + 20 * MINUTE)
    assert reached_again(late) == [("sms", "queued")]


def test_a_reminder_that_still_waits_asks_the_next_party_too(alert, asked):
    climb_to(15)
    late = joined(alert, "+12025550101", 20, code="8K2Q")
    ladders.climb(NOON + 36 * MINUTE)
    answer(asked)
    ladders.climb(NOON + 37 * MINUTE)
    assert reached_again(late) == [("sms", "queued")]


@pytest.mark.parametrize("how", ["stop", "pause", "over", "closed"])
def test_nothing_follows_the_end_of_an_alert(asked, alert, how):
    if how == "stop":
        outbox.stop(alert.cause_key, NOON)
    elif how == "pause":
        outbox.pause(NOON, key=alert.cause_key)
    elif how == "over":
        Alert.objects.update(not_after=NOON + MINUTE)
    else:
        alert.incident.closed_at = NOON
        alert.incident.save()
    climb_to(90)
    assert purposes() == []


def told(sent, kind, at, **changes):
    """Write a party into the audience of a later alert that has left."""
    incident = sent.audience.alert.incident
    Draft.objects.update(state=Draft.State.APPROVED)
    later = make_alert(incident)
    fields = {"kind": kind, "opens_at": at, "settled_at": at} | changes
    Alert.objects.filter(pk=later.pk).update(**fields)
    Audience.objects.create(
        alert=later,
        registration=sent.registration,
        is_included=True,
        reason=Audience.Reason.WARNED,
    )


@pytest.mark.parametrize("kind", ["all_clear", "outside", "correction"])
def test_who_is_told_that_it_is_over_is_not_asked_again(alert, asked, kind):
    other = send(alert, "+12025550102", code="8K2Q")
    told(asked, kind, NOON + 10 * MINUTE)
    climb_to(80)
    written = Message.objects.exclude(purpose="alert")
    assert {row.audience_id for m in written for row in m.audiences.all()} == {
        other.audience.pk
    }
    assert not LadderStep.objects.filter(audience=asked.audience).exists()


def test_what_waits_is_taken_back_when_it_is_over(asked):
    climb_to(15)
    told(asked, "all_clear", NOON + 16 * MINUTE)
    ladders.climb(NOON + 16 * MINUTE - SECOND)
    assert Message.objects.get(purpose="reminder").state == State.QUEUED
    ladders.climb(NOON + 16 * MINUTE)
    assert Message.objects.get(purpose="reminder").state == State.STOPPED


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("update", {}),
        ("all_clear", {"opens_at": None}),  # being settled
        ("all_clear", {"stopped_at": NOON + 9 * MINUTE}),  # stopped in its hold
        ("all_clear", {"opens_at": NOON - MINUTE}),  # of a danger before this one
    ],
)
def test_what_does_not_say_that_it_is_over_ends_no_asking(asked, kind, changes):
    told(asked, kind, NOON + 10 * MINUTE, **changes)
    climb_to(30)
    assert purposes() == [("reminder", "sms"), ("voice", "voice")]


def test_who_hears_first_by_an_update_is_asked_again_and_nobody_twice(asked, incident):
    """The zone has grown, or somebody has registered since the alert."""
    told(asked, "update", NOON + 10 * MINUTE)
    update = Alert.objects.get(kind="update")
    Alert.objects.update(texts=TEXTS)
    newcomer = send(update, "+12025550133", party=1)
    climb_to(60)
    found = Message.objects.filter(purpose="reminder")
    theirs = found.filter(audiences__audience__registration=newcomer.registration)
    assert (found.count(), theirs.count()) == (2, 1)
    assert theirs.get().cause.key == update.cause_key
    climb_to(90)
    steps = LadderStep.objects.filter(audience__alert=update, step="officer")
    assert steps.get().audience.registration == newcomer.registration


@pytest.mark.parametrize(
    ("over_at", "asks"),
    [(5, "update"), (12, "nobody"), (None, "alert")],
)
def test_who_is_warned_anew_after_it_was_over_is_asked_by_the_update(
    alert, asked, over_at, asks
):
    if over_at is not None:
        told(asked, "outside", NOON + over_at * MINUTE)
    told(asked, "update", NOON + 10 * MINUTE)
    Alert.objects.update(texts=TEXTS)
    again = Audience.objects.get(alert__kind="update")
    outbox.open_cause(
        again.alert.cause_key,
        mode="exercise",
        lane=Lane.DANGER,
        now=NOON,
        not_after=alert.not_after,
        opens_at=NOON,
    )
    climb_to(30)
    found = LadderStep.objects.filter(step="reminder")
    kinds = list(found.values_list("audience__alert__kind", flat=True))
    assert kinds == ([asks] if asks != "nobody" else [])


def test_a_second_update_asks_nobody_anew(alert, asked):
    told(asked, "outside", NOON + 5 * MINUTE)
    for at in (6, 10):
        told(asked, "update", NOON + at * MINUTE)
    first, second = Audience.objects.filter(alert__kind="update").order_by("pk")
    AudienceMessage.objects.create(audience=first, message=asked.message)
    assert not ladders.due(second.alert, ladders.STEPS[1], NOON + 60 * MINUTE).exists()
    assert ladders.due(first.alert, ladders.STEPS[1], NOON + 60 * MINUTE).exists()


def test_whom_an_alert_could_not_reach_is_asked_by_the_update_that_did(asked):
    told(asked, "update", NOON + 10 * MINUTE)
    Alert.objects.update(texts=TEXTS)
    Audience.objects.filter(alert__kind="alert").update(reason="no_contact")
    AudienceMessage.objects.filter(audience__alert__kind="alert").delete()
    other = send(Alert.objects.get(kind="update"), "+12025550133")
    climb_to(30)
    taken = LadderStep.objects.filter(step="reminder", outcome="")
    parties = taken.values_list("audience__registration", flat=True)
    assert set(parties) == {asked.registration.pk, other.registration.pk}


def test_who_comes_back_into_the_zone_is_asked_anew(asked):
    told(asked, "outside", NOON + 10 * MINUTE)
    area = outlining.area_of(path.CIRCLE).geometry
    zone = {"level": "danger", "geometry": shapes.to_geojson(area)}
    Alert.objects.filter(pk=asked.audience.alert_id).update(zones=[zone])
    locating.share(asked.registration, *path.MANAGUA, 20, NOON + 20 * MINUTE)
    alert = Alert.objects.get(pk=asked.audience.alert_id)
    joined = joining.join(alert, [asked.registration.pk], NOON + 20 * MINUTE)
    (warned_again,) = purposes()
    climb_to(30)
    assert (joined, purposes()) == (1, [warned_again])
    climb_to(45)
    assert purposes() == [warned_again, ("reminder", "sms")]


def test_who_has_sent_stop_is_neither_called_nor_written_to(asked):
    key = addresses.key("sms", "+12025550101")
    addresses.opt_out(key, "sms", Address.OptOut.ALL, NOON)
    climb_to(45)
    assert purposes() == []
    outcomes = set(LadderStep.objects.values_list("outcome", flat=True))
    assert outcomes == {"no way to reach them by this step"}


def test_what_waits_is_taken_back_when_the_incident_is_closed(alert, asked):
    climb_to(15)
    alert.incident.closed_at = NOON + 16 * MINUTE
    alert.incident.save()
    ladders.climb(NOON + 16 * MINUTE)
    assert Message.objects.get(purpose="reminder").state == State.STOPPED


def test_who_is_silent_is_asked_again_though_every_message_has_arrived(asked):
    release.tick(NOON + MINUTE)
    climb_to(15)
    assert purposes() == [("reminder", "sms")]


def test_after_the_last_step_an_officer_finds_it_in_the_log(asked):
    climb_to(80)
    said = [e.body for e in LogEntry.objects.all() if "after every step" in e.body]
    assert said == ["1 registration is silent after every step; the list has it."]


def test_the_steps_of_an_alert_can_be_read(asked, alert):
    climb_to(20)
    alert.refresh_from_db()
    taken = {rung.step.name: rung.taken for rung in ladders.rungs(alert)}
    assert taken["reminder"] == 1
    assert taken["voice"] == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="says how SQLite looks")
def test_who_has_answered_is_asked_by_person_not_by_all_answers(asked, alert):
    rows = ladders.due(alert, ladders.STEPS[1], NOON)
    assert "checkins_standing_1 (incident_id=? AND person_id=?)" in rows.explain()
