"""Put right what a dead worker or the clock left behind; one query each."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from alerts.dispatch.models import Attempt, Message, State, Worker

SILENT = timedelta(seconds=3)
FORGOTTEN = timedelta(hours=1)
TRIES_MOST = 3


def beat(name: str, now: datetime) -> None:
    """Say that a worker lives."""
    if not Worker.objects.filter(name=name).update(beat_at=now):
        Worker.objects.get_or_create(
            name=name, defaults={"started_at": now, "beat_at": now}
        )


def bury(now: datetime) -> int:
    """Release the claims of workers that have been silent for three seconds.

    What had begun becomes unclear and counts as a try; what had not waits again. A
    message that was in flight at three crashes is set aside for an officer.
    """
    alive = Worker.objects.filter(beat_at__gte=now - SILENT).values("name")
    # A worker beats before it claims, so an owner without a row is dead as well.
    lost = Message.objects.filter(
        Q(lease_until__lt=now) | ~Q(lease_owner__in=alive), state=State.CLAIMED
    )
    begun = Attempt.objects.filter(
        message=OuterRef("pk"), number=OuterRef("attempt"), ended_at=None
    )
    marked = lost.annotate(has_begun=Exists(begun))
    gone = {"lease_until": None, "lease_owner": ""}
    in_flight = list(marked.filter(has_begun=True).values_list("pk", flat=True))
    claimed = Message.objects.filter(pk__in=in_flight, state=State.CLAIMED)
    moved = claimed.filter(tries__gte=TRIES_MOST - 1).update(
        state=State.SET_ASIDE, tries=F("tries") + 1, **gone
    )
    moved += claimed.update(
        state=State.UNCLEAR, tries=F("tries") + 1, not_before=now, **gone
    )
    idle = list(marked.filter(has_begun=False).values_list("pk", flat=True))
    moved += Message.objects.filter(pk__in=idle, state=State.CLAIMED).update(
        state=State.QUEUED, **gone
    )
    Worker.objects.filter(beat_at__lt=now - FORGOTTEN).delete()
    return moved


def expire(now: datetime) -> int:
    """End what is past its time or whose cause was stopped."""
    waiting = Message.objects.filter(state=State.QUEUED)
    stopped = waiting.exclude(cause__stopped_at=None)
    ended = Message.objects.filter(pk__in=stopped.values("pk")[:2000]).update(
        state=State.STOPPED, ended_at=now
    )
    late = waiting.filter(cause__not_after__lte=now)
    return ended + Message.objects.filter(pk__in=late.values("pk")[:2000]).update(
        state=State.EXPIRED, ended_at=now
    )
