"""Take a false alarm back: the correction that was approved with the alert.

One person releases it, without a hold: the alert is stopped, and everyone whom it may
have reached gets the approved correction, on the same channel and in the same language.
Nobody else does. Its posts stand under the alert's posts.

A correction has no audience of its own: its messages hang on the rows of the alert that
it corrects, so that an answer to it finds its person.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from alerts.dispatch import outbox, reached
from alerts.dispatch.models import Cause, Channel, Lane, Text
from alerts.dispatch.reached import Reached
from alerts.incidents import logbook
from alerts.incidents.approving import release
from alerts.incidents.drafts import wording
from alerts.incidents.drafts.wording import Words
from alerts.incidents.errors import ConflictError, ForbiddenError
from alerts.incidents.models import (
    Alert,
    AlertKind,
    AudienceMessage,
    AudiencePerson,
)
from consular import copying
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer

AT_ONCE = 500  # messages a transaction: with their joins, at most 2,000 rows
VALID = timedelta(hours=24)
LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class Reach:
    """How many an alert may have reached so far, and in how many messages it ends."""

    people: int
    messages: int


def reach(alert: Alert) -> Reach:
    """Count whom an alert may have reached: those who would get its correction."""
    messages = reached.messages(alert.cause_key)
    people = AudiencePerson.objects.filter(
        audience__in=AudienceMessage.objects.filter(message__in=messages).values(
            "audience"
        )
    )
    count = people.values("person").distinct().count()
    addresses = messages.values("address").distinct()
    return Reach(people=count, messages=addresses.count())


def shown(alert: Alert) -> list[Words]:
    """Return the prepared texts as readers will see them, the fallback first."""
    said = [Words(**each) for each in alert.correction]
    texts = [words for words in said if words.channel == Channel.SMS] or said
    texts.sort(key=lambda words: words.language != alert.fallback)
    return [wording.previewed(words, alert.mode) for words in texts]


def why_not(alert: Alert, by: Officer, now: datetime) -> str:
    """Say why an officer may not send an alert's correction; empty when they may."""
    if not may(by, Verb.STOP, now, alert.incident.territory):
        return "You may not send corrections. An approver can."
    if not alert.correction:
        return "No correction was approved with this alert. Write an update."
    if Alert.objects.filter(corrects=alert).exists():
        return "The correction was sent already."
    if alert.opens_at is None or alert.opens_at > now:
        return "Nothing has left yet: stop the alert instead."
    if alert.stopped_at is not None and alert.stopped_at < alert.opens_at:
        return "It was stopped before anything left; there is nothing to correct."
    return ""


def correct(alert: Alert, by: Officer, now: datetime) -> Alert:
    """Stop an alert, and send its approved correction to exactly those reached.

    Raises
    ------
    ForbiddenError, ConflictError
        When the officer may not, or there is nothing to correct.
    """
    if reason := why_not(alert, by, now):
        can_stop = may(by, Verb.STOP, now, alert.incident.territory)
        raise ConflictError(reason) if can_stop else ForbiddenError(reason)
    with transaction.atomic():
        Alert.objects.select_for_update().get(pk=alert.pk)
        if Alert.objects.filter(corrects=alert).exists():
            raise ConflictError("The correction was sent already.")
        alert.refresh_from_db()
        if alert.is_going:
            release.stop(alert, by, now)
        correction = _write(alert, by, now)
        who = reach(alert)
        facts = {"alert": alert.pk, "correction": correction.pk, "people": who.people}
        audit.record("correct", by, alert.incident.key, now, **facts)
        words = f"Sent the prepared correction to {who.people:,} people."
        logbook.write(alert.incident, by, words, now)
    async_task("alerts.incidents.approving.correcting.settle_by_id", correction.pk)
    return correction


def _write(alert: Alert, by: Officer, now: datetime) -> Alert:
    correction = Alert.objects.create(
        draft=alert.draft,
        incident=alert.incident,
        kind=AlertKind.CORRECTION,
        mode=alert.mode,
        corrects=alert,
        corrected_by=by,
        zones=alert.zones,
        texts=alert.correction,
        channels=alert.channels,
        include=alert.include,
        fallback=alert.fallback,
        submitted_by=alert.submitted_by,
        approved_by=alert.approved_by,
        approved_at=alert.approved_at,
        not_after=now + VALID,
        opens_at=now,
        queued_at=now,
    )
    outbox.open_cause(
        correction.cause_key,
        mode=correction.mode,
        lane=Lane.DANGER,
        now=now,
        not_after=correction.not_after,
        incident_key=alert.incident.key,
        opens_at=now,
        on_unclear=Cause.OnUnclear.RESEND,
    )
    return correction


def settle_by_id(alert_id: int) -> bool:
    """Settle a correction that the queue names by its id."""
    alert = Alert.objects.select_related("incident", "corrects").get(pk=alert_id)
    return settle(alert, timezone.now())


def tick(now: datetime) -> None:
    """Settle what the queue leaves lying."""
    waiting = Alert.objects.filter(state=Alert.State.SETTLING).exclude(corrects=None)
    left = waiting.filter(queued_at__lte=now - timedelta(seconds=2))
    for alert in left.select_related("incident", "corrects"):
        settle(alert, now)


def settle(correction: Alert, now: datetime) -> bool:
    """Write to everyone reached who is not written to yet; tell if all are.

    Messages leave while the rest is still being written. Run again, it goes on.
    """
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    rows = Alert.objects.filter(free, pk=correction.pk, state=Alert.State.SETTLING)
    if not rows.update(lease_until=now + LEASE):
        return False
    original = correction.corrects
    assert original is not None
    cause = Cause.objects.get(key=correction.cause_key)
    texts = _Texts(correction)
    digest, is_in_hand = hashlib.sha256(), reached.is_in_hand(original.cause_key)
    with transaction.atomic():
        _publish(cause, texts, now)
    for chunk in reached.chunks(original.cause_key, AT_ONCE):
        with transaction.atomic():
            _answer(cause, chunk, texts, now)
        digest.update("".join(f"{row.pk}\n" for row in chunk).encode())
    if is_in_hand:  # some may still turn out to have left: look again in a moment
        Alert.objects.filter(pk=correction.pk).update(lease_until=None)
        return False
    return _finish(correction, original, digest.hexdigest(), now)


class _Texts:
    """The approved texts of a correction, found by what its reader was sent before."""

    def __init__(self, correction: Alert) -> None:
        self.fallback, self.channels = correction.fallback, correction.channels
        self.all: dict[tuple[str, str], Text] = {
            (said["channel"], said["language"]): outbox.text(
                said["channel"], said["language"], said["body"], said["subject"]
            )
            for said in correction.texts
        }

    def of(self, row: Reached) -> Text:
        """Return the text for a reader; a call says what the text message says."""
        for channel in (row.channel, Channel.SMS, Channel.EMAIL):
            for language in (row.language, self.fallback):
                if found := self.all.get((channel, language)):
                    return found
        return next(iter(self.all.values()))

    def posts(self) -> Iterable[Text]:
        """Return the public ones, where social media was chosen."""
        if Channel.SOCIAL not in self.channels:
            return ()
        return (t for (channel, _), t in self.all.items() if channel == Channel.SOCIAL)


def _publish(cause: Cause, texts: _Texts, now: datetime) -> None:
    for text in texts.posts():
        outbox.publish(cause, text, now)


def _answer(cause: Cause, chunk: list[Reached], texts: _Texts, now: datetime) -> None:
    """Write one answer to each address, and hang it on the same audience rows."""
    letters = [row.answered_by(texts.of(row)) for row in chunk]
    numbers = outbox.write_many(cause, letters, now)
    answer = {row.pk: number for row, number in zip(chunk, numbers, strict=True)}
    joins = AudienceMessage.objects.filter(message__in=list(answer))
    pairs = {
        (audience_id, answer[message_id])
        for audience_id, message_id in joins.values_list("audience_id", "message_id")
    }
    columns = {
        "audience_id": [audience_id for audience_id, _ in pairs],
        "message_id": [number for _, number in pairs],
    }
    copying.write(AudienceMessage, len(pairs), columns, ignore_conflicts=True)


def _finish(correction: Alert, original: Alert, digest: str, now: datetime) -> bool:
    people = AudiencePerson.objects.filter(
        audience__messages__message__cause__key=correction.cause_key
    )
    registrations = people.values("audience__registration").distinct().count()
    with transaction.atomic():
        done = correction.move(Alert.State.HELD, settled_at=now)
        Alert.objects.filter(pk=correction.pk).update(
            people=people.values("person").distinct().count(),
            registrations=registrations,
            audience_hash=digest,
            lease_until=None,
        )
        correction.refresh_from_db()
        if done:
            facts = {"alert": correction.pk, "people": correction.people}
            audit.record(
                "correction_settled", None, original.incident.key, now, **facts
            )
    return done
