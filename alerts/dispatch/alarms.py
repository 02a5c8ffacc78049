"""Look at the outcome, not at the process: what was promised, and what came of it.

An alarm is a row that stays open until its reason is gone. The officers on duty are
told once, when it is raised.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.urls import reverse

from alerts.dispatch import budgets, outbox, routing
from alerts.dispatch.models import (
    Account,
    Alarm,
    Cause,
    Lane,
    Message,
    State,
    Worker,
)
from consular.missions.models import Duty

EVERY_S = 5
LOOK_BACK = timedelta(hours=48)
STILL = timedelta(seconds=60)  # nothing has left for so long though it might have
SILENT = timedelta(seconds=15)
RECEIPTS_LATE = timedelta(minutes=15)
FEWEST_RECEIPTS = 0.02
ENOUGH = 20
NO_WORKER = "No worker is alive: nothing leaves"


def look(now: datetime) -> int:
    """Raise what is wrong now, end what is over; return how many alarms are open."""
    wrong = dict(_all(now))
    Alarm.objects.filter(over_at=None).exclude(key__in=wrong).update(over_at=now)
    known = set(Alarm.objects.filter(over_at=None).values_list("key", flat=True))
    for key, words in wrong.items():
        if key not in known:
            _raise(key, words, now)
    return len(wrong)


def _raise(key: str, words: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            alarm = Alarm.objects.create(key=key, words=words[:300], raised_at=now)
    except IntegrityError:
        return  # another process was first, and tells
    tell_duty(f"alarm:{alarm.pk}", words, now)


def tell_duty(key: str, words: str, now: datetime) -> None:
    """Write a notice to the officers who are on duty."""
    duties = Duty.objects.filter(
        starts_at__lte=now, ends_at__gt=now, officer__is_active=True
    )
    for duty in duties:
        try:
            outbox.send_notice(
                f"{key}:{duty.pk}",
                purpose="officer on duty",
                channel=duty.channel,
                address=duty.address,
                language="en",
                subject=f"Muster: {words}"[:110],
                body=f"{words}.\n\n{settings.PUBLIC_URL}{reverse('dispatch:status')}",
                now=now,
            )
        except outbox.CappedError:
            return  # thirty an hour have told them


def _all(now: datetime) -> Iterator[tuple[str, str]]:
    yield from _workers(now)
    yield from _causes(now)
    yield from _accounts(now)
    for key, words in budgets.over(now).items():
        yield f"budget:{key}", words


def _waiting(now: datetime) -> Q:
    return Q(
        state=State.QUEUED,
        not_before__lte=now - STILL,
        cause__opens_at__lte=now - STILL,
        cause__stopped_at=None,
        cause__paused_at=None,
        cause__not_after__gt=now,
    )


def _workers(now: datetime) -> Iterator[tuple[str, str]]:
    if Worker.objects.filter(beat_at__gt=now - SILENT).exists():
        return
    if Message.objects.filter(_waiting(now)).exists():
        yield "workers", NO_WORKER


def _causes(now: datetime) -> Iterator[tuple[str, str]]:
    """Compare what each alert of the last days promised with what came of it."""
    causes = Cause.objects.filter(
        opens_at__gt=now - LOOK_BACK, opens_at__lte=now - STILL, stopped_at=None
    ).exclude(lane=Lane.NOTICE)
    for cause in causes.order_by("-opens_at")[:50]:
        rows = Message.objects.filter(cause=cause)
        counts = rows.aggregate(
            stuck=Count("id", filter=Q(state__in=[State.SET_ASIDE])),
            unclear=Count(
                "id", filter=Q(state=State.UNCLEAR, not_before__lte=now - STILL)
            ),
            moving=Count("id", filter=Q(accepted_at__gt=now - STILL)),
            waiting=Count("id", filter=_waiting(now)),
            old=Count("id", filter=Q(accepted_at__lt=now - RECEIPTS_LATE)),
            known=Count("id", filter=Q(state__in=[State.DELIVERED, State.UNDELIVERED])),
        )
        yield from _of_cause(cause, counts)


def _of_cause(cause: Cause, counts: dict[str, int]) -> Iterator[tuple[str, str]]:
    if counts["waiting"] and not counts["moving"]:
        yield (
            f"still:{cause.pk}",
            f"{counts['waiting']:,} messages of {cause.key} wait and none leaves",
        )
    if counts["stuck"]:
        yield (
            f"aside:{cause.pk}",
            f"{counts['stuck']:,} messages of {cause.key} are set aside",
        )
    if counts["old"] >= ENOUGH and counts["known"] < FEWEST_RECEIPTS * counts["old"]:
        yield f"receipts:{cause.pk}", f"No receipts come in for {cause.key}"


def _accounts(now: datetime) -> Iterator[tuple[str, str]]:
    for row in Account.objects.filter(weight__lte=routing.RESTING // 2):
        if row.name in settings.ACCOUNTS:
            yield (
                f"account:{row.name}",
                f"The account {row.name} fails; others take its messages",
            )
