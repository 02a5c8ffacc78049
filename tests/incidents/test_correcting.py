"""A false alarm is taken back by one person, from exactly those it reached."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.conf import settings

from alerts.dispatch.models import Cause, Message, Publication, State
from alerts.incidents.approving import approval, correcting, release
from alerts.incidents.audiences import audience
from alerts.incidents.drafts import drafting
from alerts.incidents.drafts.wording import Words
from alerts.incidents.errors import ConflictError, ForbiddenError
from alerts.incidents.models import Alert, AudienceMessage
from consular.missions.models import AuditEntry, Officer
from tests.incidents import path

PHONES = [f"+1202555010{n}" for n in range(4)]


@pytest.fixture
def later(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.HOLD_S + 5)


@pytest.fixture
def alert(officer: Officer, approver: Officer, now: datetime) -> Alert:
    """An alert to four phones: two delivered, one refused, one still waiting."""
    for phone in PHONES:
        path.enrolled(now, phone=phone)
    approved = path.approved(officer, approver, now)
    audience.settle(approved, now)
    release.tick(now + timedelta(seconds=settings.HOLD_S))
    states = [State.DELIVERED, State.ACCEPTED, State.REJECTED, State.QUEUED]
    for message, state in zip(Message.objects.order_by("pk"), states, strict=True):
        Message.objects.filter(pk=message.pk).update(state=state)
    approved.refresh_from_db()
    return approved


def corrections(correction: Alert) -> list[Message]:
    rows = Message.objects.filter(cause__key=correction.cause_key)
    return list(rows.select_related("text", "address").order_by("pk"))


def test_exactly_those_reached_get_the_approved_correction(
    alert: Alert, officer: Officer, later: datetime
) -> None:
    correction = correcting.correct(alert, officer, later)
    assert correcting.settle(correction, later)
    sent = corrections(correction)
    first = Message.objects.filter(cause__key=alert.cause_key).order_by("pk")[:2]
    assert [m.address_id for m in sent] == [m.address_id for m in first]
    assert {m.text.body for m in sent} == {
        said["body"] for said in alert.correction if said["channel"] == "sms"
    }
    assert sent[0].text.body.startswith("EXERCISE. CORRECTION from")


def test_who_had_a_reminder_as_well_is_corrected_once(
    alert: Alert, officer: Officer, later: datetime
) -> None:
    first = Message.objects.filter(cause__key=alert.cause_key).order_by("pk")[0]
    join = AudienceMessage.objects.get(message=first)
    first.pk, first.uid, first.link_key = None, uuid.uuid4(), None
    first.purpose = "reminder"
    first.save(force_insert=True)
    AudienceMessage.objects.create(audience_id=join.audience_id, message=first)
    assert correcting.reach(alert).messages == 2
    correction = correcting.correct(alert, officer, later)
    assert correcting.settle(correction, later)
    assert len({m.address_id for m in corrections(correction)}) == 2
    assert len(corrections(correction)) == 2


def test_it_leaves_without_a_hold_and_stops_the_alert(
    alert: Alert, officer: Officer, later: datetime
) -> None:
    correction = correcting.correct(alert, officer, later)
    alert.refresh_from_db()
    cause = Cause.objects.get(key=correction.cause_key)
    assert (alert.state, cause.opens_at) == (Alert.State.STOPPED, later)
    assert Message.objects.filter(state=State.STOPPED).count() == 1
    correcting.settle(correction, later)
    release.tick(later)
    correction.refresh_from_db()
    assert (correction.state, correction.people) == (Alert.State.RELEASED, 2)


def test_settled_twice_or_by_two_it_writes_once(
    alert: Alert, officer: Officer, later: datetime
) -> None:
    correction = correcting.correct(alert, officer, later)
    with pytest.raises(ConflictError, match="already"):
        correcting.correct(alert, officer, later)
    correcting.settle(correction, later)
    Alert.objects.filter(pk=correction.pk).update(state=Alert.State.SETTLING)
    correcting.settle(correction, later)
    assert len(corrections(correction)) == 2


def test_an_answer_to_it_finds_its_person(
    alert: Alert, officer: Officer, later: datetime
) -> None:
    correction = correcting.correct(alert, officer, later)
    correcting.settle(correction, later)
    joined = corrections(correction)[0].audiences.get().audience
    assert joined.alert == alert


def test_nothing_is_corrected_before_it_left(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone=PHONES[0])
    held = path.approved(officer, approver, now)
    audience.settle(held, now)
    held.refresh_from_db()
    with pytest.raises(ConflictError, match="stop the alert"):
        correcting.correct(held, officer, now)


def test_a_duty_officer_sends_no_correction(
    alert: Alert, duty_officer: Officer, later: datetime
) -> None:
    with pytest.raises(ForbiddenError):
        correcting.correct(alert, duty_officer, later)
    assert not Alert.objects.filter(kind="correction").exists()


def test_it_is_prepared_when_the_draft_is_handed_over(
    officer: Officer, now: datetime
) -> None:
    draft = path.submitted(officer, now)
    assert {(each["channel"], each["language"]) for each in draft.correction} == {
        ("sms", "en"),
        ("email", "en"),
        ("social", "en"),
    }


def test_the_officers_own_words_stand_by(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now)
    own = Words(channel="sms", language="en", body="That was a mistake. No danger.")
    draft = path.drafted(incident, officer, now, correction=(own,))
    alert = approval.approve(approval.submit(draft, officer, now), approver, now)
    bodies = [each["body"] for each in alert.correction if each["channel"] == "sms"]
    assert bodies == ["EXERCISE. That was a mistake. No danger."]
    assert own in drafting.content_of(alert.draft).correction


def test_posts_of_a_correction_stand_under_the_first(
    alert: Alert, officer: Officer, later: datetime, settings
) -> None:
    settings.ACCOUNTS = {
        "m": {"transport": "x", "channel": "social", "mode": "exercise"}
    }
    said = {"channel": "social", "language": "en", "subject": "", "body": "Quake"}
    Alert.objects.filter(pk=alert.pk).update(correction=[said], channels=["social"])
    alert.refresh_from_db()
    cause = Cause.objects.get(key=alert.cause_key)
    post = correcting.outbox.text("social", "en", "Quake near Managua")
    first = correcting.outbox.publish(cause, post, later)[0]
    correction = correcting.correct(alert, officer, later)
    correcting.settle(correction, later)
    answer = Publication.objects.get(cause__key=correction.cause_key)
    assert answer.in_reply_to == first


def test_who_sent_it_is_in_the_audit_trail(
    alert: Alert, officer: Officer, later: datetime
) -> None:
    correcting.correct(alert, officer, later)
    entry = AuditEntry.objects.get(action="correct")
    assert (entry.officer, entry.facts["people"]) == (officer, 2)
