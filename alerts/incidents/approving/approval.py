"""Hand a draft to a second person, and the second person's yes or no.

Live needs two officers, here and in a constraint of the table; in an exercise one may
approve alone. Each step is one UPDATE that holds for one state and one revision, so a
double click, or two approvers at once, count once.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from alerts.dispatch import outbox
from alerts.dispatch.models import Cause, Channel, Lane
from alerts.incidents import logbook
from alerts.incidents.audiences import warned
from alerts.incidents.drafts import comparing, drafting, wording
from alerts.incidents.drafts.templating import LAST_WORDS
from alerts.incidents.drafts.wording import Words
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import (
    Alert,
    AlertKind,
    BreakGlass,
    Draft,
    DraftText,
    Incident,
    ZoneLevel,
)
from alerts.incidents.zones import previewing
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer
from consular.missions.staff import staffing
from consular.modes import Mode

LONGEST_REASON = 500


def submit(draft: Draft, by: Officer, now: datetime) -> Draft:
    """Hand a draft to a second person, with the counts that its author saw.

    Raises
    ------
    FieldsError, ConflictError, ForbiddenError
        When something is missing, or somebody else changed the draft.
    """
    if not may(by, Verb.DECLARE, now, draft.incident.territory):
        raise ForbiddenError("You may not hand this over. Ask a consular officer.")
    _check_complete(draft)
    preview = previewing.of_draft(draft, now)
    content = drafting.content_of(draft)
    ready = drafting.prepared(content, draft.incident, now)
    before, draft.correction = draft.shown, [w.as_dict() for w in ready.correction]
    with transaction.atomic():
        DraftText.objects.bulk_create(
            DraftText(draft=draft, **words.as_dict())
            for words in ready.texts
            if words not in content.texts
        )
        if not draft.move(
            Draft.State.SUBMITTED,
            correction=draft.correction,
            shown=comparing.snapshot(draft, preview),
            shown_before=before or last_sent(draft),
            submitted_by=by,
            submitted_at=now,
            preview=preview,
            decided_by=None,
            decided_at=None,
            reason="",
        ):
            raise ConflictError("This message was changed meanwhile; look at it again.")
        people = preview["people"]
        audit.record("submit", by, draft.incident.key, now, people=people)
        logbook.write(draft.incident, by, "Asked a second person to approve.", now)
    draft.refresh_from_db()
    return draft


def last_sent(draft: Draft) -> dict[str, Any]:
    """Return what was shown of the alert before, for an update to be compared with."""
    last = draft.incident.alerts.exclude(released_at=None).filter(corrects=None).first()
    return last.draft.shown if last else {}


def _check_complete(draft: Draft) -> None:
    incident = draft.incident
    if incident.closed_at is not None:
        raise ConflictError("This incident is closed; declare a new one.")
    content = drafting.content_of(draft)
    if not content.texts:
        raise FieldsError({"texts": "Write the message first."})
    errors = drafting.problems(content, incident.mode)
    if not incident.zones.exists():
        errors["zone"] = "Set the zone first."
    elif draft.kind == AlertKind.OUTSIDE and not warned.with_zone(incident):
        errors["zone"] = (
            "Send an update with the zone as it is now first. Until then whoever comes "
            "is warned by the zone before."
        )
    if errors:
        raise FieldsError(errors)


def why_not(draft: Draft, by: Officer, now: datetime) -> str:
    """Say why an officer may not approve a draft; empty when they may."""
    verbs = [Verb.APPROVE]
    if draft.incident.mode == Mode.EXERCISE:
        verbs.append(Verb.DECLARE)
    elif by.pk in draft.writers:
        return "You wrote or handed over this message. A second person must approve it."
    elif not _is_second_person(draft, by, now):
        return (
            "Your account, or the author's, got its keys from the other one within a "
            "day. Somebody else must approve it."
        )
    where = draft.incident.territory
    if not any(may(by, verb, now, where) for verb in verbs):
        return "You may not approve messages. An approver can."
    return ""


def _is_second_person(draft: Draft, by: Officer, now: datetime) -> bool:
    """Tell whether no writer could be signed in as the approver, or the other way."""
    writers = Officer.objects.filter(pk__in=draft.writers)
    return all(staffing.is_independent(by, writer, now) for writer in writers)


def approve(
    draft: Draft, by: Officer, now: datetime, *, revision: int | None = None
) -> Alert:
    """Approve a draft: write the immutable alert, which then settles and is held.

    Parameters
    ----------
    revision : int, optional
        The one the approver had on screen.

    Raises
    ------
    ForbiddenError, ConflictError
        When this officer may not, or the draft is not what was on screen.
    """
    if reason := why_not(draft, by, now):
        raise ForbiddenError(reason)
    if revision is not None:
        draft.revision = revision
    with transaction.atomic():
        if not draft.move(Draft.State.APPROVED, decided_by=by, decided_at=now):
            raise ConflictError(
                "This message was decided or changed meanwhile; look at it again."
            )
        # Nobody closes the incident between this look and the alert.
        Incident.objects.select_for_update().get(pk=draft.incident_id)
        draft.refresh_from_db()
        if reason := why_not(draft, by, now):  # as it was when the row was ours
            raise ForbiddenError(reason)
        alert = write(draft, by, now)
        people = draft.preview.get("people", 0)
        audit.record(
            "approve", by, alert.incident.key, now, alert=alert.pk, people=people
        )
        logbook.write(
            alert.incident, by, f"Approved sending to {people:,} people.", now
        )
    return alert


def write(
    draft: Draft, by: Officer, now: datetime, glass: BreakGlass | None = None
) -> Alert:
    """Write the alert of an approved draft, and its cause with the door closed.

    Only for who may approve, or has just broken the glass; in the caller's transaction.
    """
    _check_complete(draft)
    alert = _written(draft, by, now, glass)
    _open_cause(alert, now)
    return alert


def _written(
    draft: Draft, by: Officer, now: datetime, glass: BreakGlass | None
) -> Alert:
    incident = draft.incident
    content = drafting.content_of(draft)
    zones = [
        {"level": zone.level, "label": zone.label, "geometry": zone.geometry}
        for zone in incident.zones.all()
    ]
    return Alert.objects.create(
        draft=draft,
        incident=incident,
        kind=draft.kind,
        mode=incident.mode,
        zones=zones,
        texts=_as_sent(draft, content.texts),
        correction=_as_sent(draft, content.correction),
        next_word_at=None if draft.phase in LAST_WORDS else draft.next_word_at,
        channels=draft.channels,
        include=draft.include,
        fallback=draft.fallback,
        submitted_by=draft.submitted_by or draft.changed_by,
        approved_by=by,
        glass=glass,
        approved_at=now,
        not_after=now + timedelta(hours=draft.valid_hours),
    )


def _as_sent(draft: Draft, texts: tuple[Words, ...]) -> list[dict[str, Any]]:
    """Return texts exactly as they will be sent, links and codes aside.

    The public words are among them, also where nothing is posted: the public page and
    CAP say them.
    """
    return [
        wording.as_sent(words, draft.incident.mode).as_dict()
        for words in texts
        if words.channel in (*draft.channels, Channel.SOCIAL)
    ]


def lane_of(alert: Alert) -> Lane:
    """Return what an alert overtakes: danger goes first."""
    levels = {zone["level"] for zone in alert.zones}
    if alert.kind in (AlertKind.OUTSIDE, AlertKind.ALL_CLEAR):
        return Lane.URGENT
    if ZoneLevel.DANGER in levels:
        return Lane.DANGER
    return Lane.URGENT if ZoneLevel.CAUTION in levels else Lane.BULK


def _open_cause(alert: Alert, now: datetime) -> Cause:
    """Open the cause with its door closed: nothing leaves before `opens_at` is set."""
    lane = lane_of(alert)
    resend = lane == Lane.DANGER
    return outbox.open_cause(
        alert.cause_key,
        mode=alert.mode,
        lane=lane,
        now=now,
        not_after=alert.not_after,
        incident_key=alert.incident.key,
        opens_at=None,
        on_unclear=Cause.OnUnclear.RESEND if resend else Cause.OnUnclear.LEAVE,
    )


def send_back(draft: Draft, by: Officer, reason: str, now: datetime) -> Draft:
    """Return a draft to its author with a reason."""
    return _decline(draft, by, reason, now, Draft.State.RETURNED)


def reject(draft: Draft, by: Officer, reason: str, now: datetime) -> Draft:
    """Reject a draft for good, with a reason."""
    return _decline(draft, by, reason, now, Draft.State.REJECTED)


def _decline(
    draft: Draft, by: Officer, reason: str, now: datetime, state: Draft.State
) -> Draft:
    where = draft.incident.territory
    may_decide = may(by, Verb.APPROVE, now, where) or not why_not(draft, by, now)
    if not may_decide:
        raise ForbiddenError("You may not decide about messages. An approver can.")
    words = reason.strip()
    if not words:
        raise FieldsError({"reason": "Say why, so that the author knows what to do."})
    if len(words) > LONGEST_REASON:
        raise FieldsError({"reason": f"Keep it to {LONGEST_REASON} characters."})
    with transaction.atomic():
        if not draft.move(state, decided_by=by, decided_at=now, reason=words):
            raise ConflictError("This message was decided or changed meanwhile.")
        audit.record(str(state), by, draft.incident.key, now, draft=draft.pk)
        verb = "Returned" if state == Draft.State.RETURNED else "Rejected"
        logbook.write(draft.incident, by, f"{verb} the message: {words}", now)
    draft.refresh_from_db()
    return draft
