"""Hold an approved alert, let it go, end it, stop it.

The hold is run by the mail room: the cause opens at a time, and a stop closes it at
once. What is kept here is the alert's state, which follows.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, When
from django.db.models.functions import Coalesce

from alerts.dispatch import outbox
from alerts.dispatch.models import FINAL, Message, Publication
from alerts.incidents import logbook
from alerts.incidents.drafts import drafting
from alerts.incidents.errors import ConflictError, ForbiddenError
from alerts.incidents.models import Alert, AlertKind, Draft, DraftText
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer

MOST_AT_ONCE = 100  # alerts a tick
GOES_ON = (AlertKind.ALERT, AlertKind.UPDATE)


def hold_s(alert: Alert) -> float:
    """Return how long an alert is held; what one officer sends alone, longer."""
    return longest_hold_s() if alert.glass_id is not None else settings.HOLD_S


def longest_hold_s() -> float:
    """Return how long what one officer sends alone is held."""
    return max(settings.BREAK_GLASS_HOLD_S, settings.HOLD_S)


def hold(alert: Alert, now: datetime) -> bool:
    """Begin the hold of a settled alert; the first message leaves when it ends."""
    opens_at = now + timedelta(seconds=hold_s(alert))
    with transaction.atomic():
        if not alert.move(Alert.State.HELD, settled_at=now, opens_at=opens_at):
            return False
        outbox.release(alert.cause_key, opens_at)
        _record("hold", alert, now)
    alert.refresh_from_db()
    return True


def _record(action: str, alert: Alert, now: datetime) -> None:
    """Note what the service itself did with an audience."""
    facts = {"people": alert.people, "audience": alert.audience_hash}
    audit.record(action, None, alert.incident.key, now, alert=alert.pk, **facts)


def tick(now: datetime) -> None:
    """Let go what was held long enough, and end what is over."""
    held = Alert.objects.filter(state=Alert.State.HELD, opens_at__lte=now)
    for alert in held.select_related("incident")[:MOST_AT_ONCE]:
        _let_go(alert, now)
    released = Alert.objects.filter(state=Alert.State.RELEASED)
    for alert in released.filter(not_after__lte=now).order_by("id")[:MOST_AT_ONCE]:
        alert.move(Alert.State.ENDED)
    # Who is silent is asked again, and who comes later is warned, until its time is
    # over: such an alert is not at its end because all that was written has arrived.
    for alert in released.exclude(kind__in=GOES_ON).order_by("id")[:MOST_AT_ONCE]:
        if _is_all_final(alert):
            alert.move(Alert.State.ENDED)


@transaction.atomic
def _let_go(alert: Alert, now: datetime) -> None:
    """Note that a hold is over: the mail room's door is open since."""
    held = Alert.objects.filter(pk=alert.pk, state=Alert.State.HELD, opens_at__lte=now)
    if held.update(state=Alert.State.RELEASED, released_at=F("opens_at")):
        alert.refresh_from_db()
        _record("release", alert, now)


def _is_all_final(alert: Alert) -> bool:
    rows = {"cause__key": alert.cause_key}
    return not any(
        kind.objects.filter(**rows).exclude(state__in=FINAL).exists()
        for kind in (Message, Publication)
    )


def stop(alert: Alert, by: Officer, now: datetime, *, reason: str = "") -> int:
    """Stop an alert; what has not left will not. Return how many messages that is.

    Raises
    ------
    ForbiddenError, ConflictError
        When the officer may not, or there is nothing left to stop.
    """
    if not may(by, Verb.STOP, now, alert.incident.territory):
        raise ForbiddenError("You may not stop messages. An approver can.")
    with transaction.atomic():
        _let_go(alert, now)  # a moment after its hold, nobody may have noted that yet
        # A correction leaves while its list is still being written.
        opened_at = Case(When(opens_at__lte=now, then=F("opens_at")))
        left_at = Coalesce("released_at", opened_at)
        if not alert.move(Alert.State.STOPPED, stopped_at=now, released_at=left_at):
            raise ConflictError("This alert has already ended or was stopped.")
        unsent = outbox.stop(alert.cause_key, now)
        audit.record("stop", by, alert.incident.key, now, alert=alert.pk, unsent=unsent)
        words = f"Stopped the alert; {unsent:,} messages had not left. {reason}"
        logbook.write(alert.incident, by, words.strip(), now)
    alert.refresh_from_db()
    return unsent


def stop_and_return(alert: Alert, by: Officer, now: datetime) -> Draft:
    """Stop an alert and copy its draft, so that it can be mended and asked for again.

    When a new draft is already being written, that one is kept and returned.
    """
    with transaction.atomic():
        stop(alert, by, now)
        found = drafting.open_draft(alert.incident)
        return found or _copied(alert.draft, by, now)


def _copied(draft: Draft, by: Officer, now: datetime) -> Draft:
    texts = list(draft.texts.all())
    copy = Draft.objects.create(
        incident=draft.incident,
        kind=draft.kind,
        channels=draft.channels,
        include=draft.include,
        fallback=draft.fallback,
        valid_hours=draft.valid_hours,
        phase=draft.phase,
        next_word_at=draft.next_word_at,
        correction=draft.correction,
        template=draft.template,
        shown=draft.shown,
        author=draft.author,
        changed_by=by,
        changed_at=now,
    )
    DraftText.objects.bulk_create(
        DraftText(
            draft=copy,
            channel=text.channel,
            language=text.language,
            subject=text.subject,
            body=text.body,
        )
        for text in texts
    )
    return copy


def pause(alert: Alert, by: Officer, now: datetime) -> None:
    """Let nothing more of an alert leave until it is resumed."""
    _may_pause(alert, by, now)
    with transaction.atomic():
        outbox.pause(now, key=alert.cause_key)
        audit.record("pause", by, alert.incident.key, now, alert=alert.pk)
        logbook.write(alert.incident, by, "Paused sending.", now)


def resume(alert: Alert, by: Officer, now: datetime) -> None:
    """Let a paused alert go on."""
    _may_pause(alert, by, now)
    with transaction.atomic():
        outbox.resume(key=alert.cause_key)
        audit.record("resume", by, alert.incident.key, now, alert=alert.pk)
        logbook.write(alert.incident, by, "Went on sending.", now)


def _may_pause(alert: Alert, by: Officer, now: datetime) -> None:
    if not may(by, Verb.STOP, now, alert.incident.territory):
        raise ForbiddenError("You may not pause sending. An approver can.")
