"""Ask a source for its document, and remember only what was worked through.

ETag and Last-Modified are saved with the processed result: what was fetched but not
read is fetched again. A failed fetch changes nothing but the source's own row, and
never means that a danger is over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from alerts.hazards import proposing
from alerts.hazards.listening import following, intake
from alerts.hazards.models import Document, Hazard, Source
from consular import outgoing

BACK_OFF_MOST = timedelta(minutes=30)
FEW_FAILURES = 3
LEFT_LYING = timedelta(seconds=10)
LEFT_AT_ONCE = 50


@dataclass(frozen=True)
class Outcome:
    """What a poll found: `unchanged`, `read`, `quarantined` or `failed`."""

    word: str
    trouble: str = ""


def poll(source: Source, now: datetime) -> Outcome:
    """Poll one source now; its row says afterwards how it went."""
    if not source.url:
        return Outcome("unchanged")
    try:
        answer = outgoing.get(
            source.url,
            mode=source.mode,
            etag=source.etag,
            last_modified=source.last_modified,
        )
    except outgoing.OutgoingError as error:
        return _failed(source, str(error), error.advice, now)
    if answer.status == 304:
        _went_well(source, now)
        return Outcome("unchanged")
    document, links = intake.take(source, answer.body, answer.content_type, now)
    if document.state == Document.State.QUARANTINED:
        advice = "The document is kept; see below, and try again. Older hazards stay."
        _failed(source, document.reason, advice, now)
        return Outcome("quarantined", document.reason)
    followed = following.follow(source, links, now)
    if not followed.left:
        source.etag, source.last_modified = answer.etag, answer.last_modified
    _went_well(source, now)
    weigh([document, *followed.documents], now)
    if followed.trouble:
        return _partly(source, followed)
    return Outcome("read")


def weigh(documents: list[Document], now: datetime) -> None:
    """Propose what the hazards in fresh documents ask for."""
    touched = Hazard.objects.filter(reports__document__in=documents).distinct()
    _weigh(touched.filter(state=Hazard.State.ACTIVE), now)


def weigh_left(now: datetime) -> None:
    """Weigh what was left lying because a process ended after it had read a document.

    The source then says that nothing is new, so nobody else would come back to it.
    """
    left = Hazard.objects.filter(
        state=Hazard.State.ACTIVE, weighed_at=None, changed_at__lte=now - LEFT_LYING
    )
    _weigh(left.order_by("-level", "pk")[:LEFT_AT_ONCE], now)


def _weigh(hazards: Iterable[Hazard], now: datetime) -> None:
    for hazard in hazards:
        proposing.propose(hazard, now)
        as_read = Hazard.objects.filter(pk=hazard.pk, changed_at=hazard.changed_at)
        as_read.update(weighed_at=now)


def _partly(source: Source, followed: following.Followed) -> Outcome:
    """Say that some of what a list links to could not be fetched yet."""
    source.trouble = f"{followed.left} linked alerts: {followed.trouble}"[:300]
    source.advice = "They are asked for again at the next poll."
    source.save(update_fields=["trouble", "advice"])
    return Outcome("read", source.trouble)


def poll_by_id(source_id: int) -> str:
    """Poll a source and let its old documents go; what the queue calls."""
    source, now = Source.objects.get(pk=source_id), timezone.now()
    word = poll(source, now).word
    intake.let_go(source, now)
    return word


def note_heard(source: Source, now: datetime) -> None:
    """Note that a source sent something that could be read."""
    _went_well(source, now)


def note_trouble(source: Source, trouble: str, now: datetime) -> None:
    """Note that what a source sent by itself could not be read."""
    advice = "Its author was told the same, and sends it again once it is mended."
    _failed(source, trouble, advice, now)


def _went_well(source: Source, now: datetime) -> None:
    source.last_attempt_at = source.last_ok_at = now
    source.failures, source.trouble, source.advice = 0, "", ""
    source.next_poll_at = now + timedelta(seconds=source.interval_s)
    source.save()


def _failed(source: Source, trouble: str, advice: str, now: datetime) -> Outcome:
    source.last_attempt_at = now
    source.failures += 1
    source.trouble, source.advice = trouble[:300], advice[:300]
    wait = timedelta(seconds=source.interval_s * 2 ** min(source.failures - 1, 8))
    source.next_poll_at = now + min(wait, BACK_OFF_MOST)
    source.save()
    return Outcome("failed", trouble)
