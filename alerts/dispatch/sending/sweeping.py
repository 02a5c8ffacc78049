"""Put right what a dead worker or the clock left behind; one query each."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from alerts.dispatch.models import (
    Attempt,
    Cause,
    Message,
    Publication,
    State,
    Worker,
)

SILENT = timedelta(seconds=3)
FORGOTTEN = timedelta(hours=1)
RECEIPT_WINDOW = timedelta(hours=72)
AT_ONCE = 2000
ROUNDS = 20  # of so many, a cause and look
UNENDED = [State.QUEUED, State.CLAIMED]


def beat(name: str, now: datetime) -> None:
    """Say that a worker lives."""
    if not Worker.objects.filter(name=name).update(beat_at=now):
        Worker.objects.get_or_create(
            name=name, defaults={"started_at": now, "beat_at": now}
        )


def leave(name: str) -> None:
    """Say that a worker has ended well."""
    Worker.objects.filter(name=name).delete()


def bury(now: datetime) -> int:
    """Release the claims of workers that have been silent for three seconds.

    What had begun becomes unclear, and is a suspect from then on: if it must be sent
    again it is sent alone. What had not begun waits again.
    """
    moved = 0
    while some := _bury_some(now):
        moved += some
    Worker.objects.filter(beat_at__lt=now - FORGOTTEN).delete()
    return moved


@transaction.atomic
def _bury_some(now: datetime) -> int:
    """Release up to 2,000 lost claims.

    The claims are held while it is seen which of them have begun: a worker that wakes
    up just now waits until this is over and then begins nothing, or was first and is
    passed by. Else it would begin what somebody else may claim in the same moment.
    """
    alive = Worker.objects.filter(beat_at__gte=now - SILENT).values("name")
    # A worker beats before it claims, so an owner without a row is dead as well.
    lost = Message.objects.filter(
        Q(lease_until__lt=now) | ~Q(lease_owner__in=alive), state=State.CLAIMED
    ).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        lost = lost.select_for_update(skip_locked=True)
    ids = list(lost.values_list("pk", flat=True)[:AT_ONCE])
    if not ids:
        return 0
    attempts = Attempt.objects.filter(message__in=ids, ended_at=None)
    begun = set(
        attempts.filter(number=F("message__attempt")).values_list("message", flat=True)
    )
    free = {"lease_until": None, "lease_owner": ""}
    Message.objects.filter(pk__in=begun).update(
        state=State.UNCLEAR, is_suspect=True, not_before=now, **free
    )
    Message.objects.filter(pk__in=set(ids) - begun).update(state=State.QUEUED, **free)
    return len(ids)


def end(now: datetime) -> int:
    """End what is past its time or whose cause was stopped, cause by cause.

    A cause is looked at until nothing of it waits or is on its way; then never again,
    unless something of it waits once more. What only an officer can settle holds up
    nobody.
    """
    over = Cause.objects.filter(
        Q(not_after__lte=now) | ~Q(stopped_at=None), swept_at=None
    )
    ended = sum(_end(cause, now) for cause in over.order_by("not_after")[:500])
    _close_receipts(now)
    return ended


def look_again(cause_id: int) -> None:
    """Say that something of a cause waits that nothing was left of."""
    Cause.objects.filter(pk=cause_id).exclude(swept_at=None).update(swept_at=None)


def _end(cause: Cause, now: datetime) -> int:
    state = State.STOPPED if cause.stopped_at else State.EXPIRED
    ended = 0
    for _ in range(ROUNDS):
        some = end_waiting(cause, state, now)
        ended += some
        if not some:
            break
    left = Q()
    for kind in (Message, Publication):
        rows = kind.objects.filter(cause=OuterRef("pk"), state__in=UNENDED)
        left |= Q(Exists(rows))
    until = min(cause.stopped_at or cause.not_after, now) + RECEIPT_WINDOW
    Cause.objects.filter(pk=cause.pk).exclude(left).update(
        swept_at=now, receipts_until=until
    )
    return ended


def end_waiting(cause: Cause, state: State, now: datetime) -> int:
    """End up to 2,000 of what waits of a cause; return how many.

    Rows that another process has in its hands are passed by, so that nobody waits for
    anybody; whoever comes next finds them.
    """
    ended = 0
    for kind in (Message, Publication):
        with transaction.atomic():
            waiting = kind.objects.filter(cause=cause, state=State.QUEUED).order_by()
            if connection.features.has_select_for_update_skip_locked:
                waiting = waiting.select_for_update(skip_locked=True)
            ids = list(waiting.values_list("pk", flat=True)[:AT_ONCE])
            rows = kind.objects.filter(pk__in=ids, state=State.QUEUED)
            ended += rows.update(state=state, ended_at=now) if ids else 0
    return ended


def _close_receipts(now: datetime) -> None:
    """Say of what no receipt came for in time that its delivery cannot be known."""
    over = Cause.objects.filter(receipts_until__lte=now)
    for number in list(over.order_by("receipts_until").values_list("pk", flat=True)):
        Message.objects.filter(
            cause=number, state=State.ACCEPTED, ended_at=None
        ).update(ended_at=F("accepted_at") + RECEIPT_WINDOW)
        Cause.objects.filter(pk=number).update(receipts_until=None)
