"""From a declaration to messages in the ledger."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from alerts.checkins.board import inside
from alerts.dispatch import outbox
from alerts.dispatch.models import Cause, Message
from alerts.incidents.approving import approval, correcting, release, sendoff
from alerts.incidents.audiences import audience, warned
from alerts.incidents.drafts import drafting
from alerts.incidents.errors import ConflictError, ForbiddenError
from alerts.incidents.models import Alert, Draft
from alerts.incidents.zones import zoning
from alerts.incidents.zones.outlining import Outline
from consular.missions.models import AuditEntry, Officer
from tests.incidents import path


def test_people_inside_get_messages_when_two_people_agree(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    inside = path.enrolled(now, phone="+12025550101", email="a@example.org", persons=3)
    path.enrolled(now, lon=10, lat=50, phone="+12025550102")
    alert = path.approved(officer, approver, now)
    assert not Message.objects.exists()
    assert audience.settle(alert, now)
    assert {m.channel for m in Message.objects.all()} == {"sms", "email"}
    row = alert.audience.get(is_included=True)
    assert (row.registration, row.persons.count()) == (inside, 3)
    assert (alert.registrations, alert.people) == (1, 3)
    assert {m.code for m in Message.objects.all()} == {row.code}


def test_nothing_may_leave_before_the_hold_is_over(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    assert Cause.objects.get().opens_at is None
    audience.settle(alert, now)
    hold_ends = now + timedelta(seconds=settings.HOLD_S)
    assert Cause.objects.get().opens_at == hold_ends
    release.tick(hold_ends - timedelta(seconds=1))
    alert.refresh_from_db()
    assert alert.state == Alert.State.HELD
    release.tick(hold_ends)
    alert.refresh_from_db()
    assert alert.state == Alert.State.RELEASED


def test_what_was_approved_is_what_is_sent(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    zoning.save(
        alert.incident,
        Outline(shape="country", given={"code": "FR"}),
        officer,
        now,
    )
    audience.settle(alert, now)
    body = Message.objects.get().text.body
    assert body == f"EXERCISE. {path.SAY}"
    assert len(alert.zones) == 1


def test_every_step_is_in_the_audit_trail(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    release.tick(now + timedelta(minutes=1))
    release.stop(alert, officer, now + timedelta(minutes=2))
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert actions == [
        "declare",
        "zone",
        "draft_edit",
        "submit",
        "approve",
        "hold",
        "release",
        "stop",
    ]


def test_a_stop_closes_the_cause_at_once(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    assert release.stop(alert, approver, now) == 1
    assert Cause.objects.get().stopped_at == now
    assert Message.objects.get().state == "stopped"
    with pytest.raises(ConflictError):
        release.stop(alert, approver, now)


@pytest.mark.parametrize(("late_s", "left"), [(-1, 0), (0, 1), (1, 1)])
def test_a_stop_before_anybody_notes_that_the_hold_is_over_says_what_may_have_left(
    officer: Officer,
    approver: Officer,
    desk: Client,
    now: datetime,
    late_s: int,
    left: int,
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    assert audience.settle(alert, now)
    assert alert.opens_at is not None
    release.stop(alert, approver, alert.opens_at + timedelta(seconds=late_s))
    assert alert.released_at == (alert.opens_at if left else None)
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert [*actions][-1 - left :] == [*["release"] * left, "stop"]
    told = warned.count(alert.incident)["people"]
    assert (told, len(inside.rows(alert.incident))) == (left, left)
    page = desk.get(reverse("incidents:sending", args=[alert.incident.reference]))
    assert ("Nobody was messaged" in page.content.decode()) == (not left)


def test_a_stopped_correction_says_that_it_had_begun_to_leave(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    """It leaves while its list is being written."""
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    assert audience.settle(alert, now)
    release.tick(now + timedelta(minutes=1))
    words = {"channel": "sms", "language": "en", "subject": "", "body": "A mistake."}
    Alert.objects.update(correction=[words])
    alert.refresh_from_db()
    at = now + timedelta(minutes=2)
    correction = correcting.correct(alert, approver, at)
    release.stop(correction, approver, at + timedelta(seconds=1))
    assert correction.released_at == correction.opens_at == at


def test_who_may_not_stop_does_not(
    officer: Officer, approver: Officer, duty_officer: Officer, now: datetime
) -> None:
    alert = path.approved(officer, approver, now)
    with pytest.raises(ForbiddenError):
        release.stop(alert, duty_officer, now)


def test_stop_and_return_copies_the_draft(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    copy = release.stop_and_return(alert, officer, now)
    assert copy.state == Draft.State.DRAFT
    assert copy.pk != alert.draft_id
    personal = copy.texts.exclude(channel="social")
    assert [text.body for text in personal] == [path.SAY, path.SAY]


def test_an_alert_ends_when_it_runs_out(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    release.tick(now + timedelta(minutes=1))
    release.tick(alert.not_after)
    alert.refresh_from_db()
    assert alert.state == Alert.State.ENDED


def test_a_danger_zone_goes_first_and_is_sent_again_when_unclear(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.approved(officer, approver, now)
    cause = Cause.objects.get()
    assert (cause.lane, cause.on_unclear) == (1, "resend")
    assert cause.incident_key.startswith("incident:")


def test_another_draft_can_follow_an_alert(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    alert = path.approved(officer, approver, now)
    draft = drafting.begin(alert.incident, officer, now, kind="update")
    assert draft.pk != alert.draft_id
    drafting.save(draft, path.content(), officer, now)
    approval.submit(draft, officer, now)


def test_the_sending_page_counts_the_channels_of_the_ladder_too(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    cause = Cause.objects.get(key=alert.cause_key)
    text = outbox.text("sms", "en", "Are you safe?")
    for channel in ("whatsapp", "voice"):
        letter = outbox.Letter(channel=channel, address="+12025550101", text=text)
        outbox.write(cause, [letter], now)
    totals = {line.name: line.total for line in sendoff.lines(alert, now)}
    assert totals["Text message"] == 1
    assert (totals["WhatsApp"], totals["Voice call"]) == (1, 1)
