"""Resolve messages whose fate is unclear: by a callback, by asking, by the policy.

A receipt that carries our id settles a message by itself. What is left after a short
wait is asked for at the provider; only when the provider knows nothing of it is it sent
again, and only where the cause says that a duplicate is better than silence.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from alerts.dispatch import claims, routing
from alerts.dispatch.channels.base import ChannelError
from alerts.dispatch.models import Cause, Message, State

# A provider's list may lag behind what it accepted.
WAIT_S = {"live": 30.0, "exercise": 2.0}
AT_ONCE = 50
ASK_AGAIN = timedelta(seconds=30)


def waits(mode: str) -> timedelta:
    """Return how long a message is unclear before the provider is asked."""
    return timedelta(seconds=WAIT_S[mode] / (settings.SPEED if mode != "live" else 1))


def resolve(now: datetime) -> int:
    """Ask for the unclear messages that have waited; return how many were settled."""
    settled = 0
    for mode in ("live", "exercise"):
        waiting = (
            Message.objects.filter(
                state=State.UNCLEAR, mode=mode, not_before__lte=now - waits(mode)
            )
            .select_related("address", "cause", "text")
            .order_by("lane", "rank", "id")[:AT_ONCE]
        )
        settled += sum(_resolve(message, now) for message in waiting)
    return settled


def _resolve(message: Message, now: datetime) -> bool:
    row = Message.objects.filter(
        pk=message.pk, state=State.UNCLEAR, attempt=message.attempt
    )
    # Whoever moves `not_before` asks; another process finds nothing to do.
    mine = row.filter(not_before=message.not_before)
    if not mine.update(not_before=now + ASK_AGAIN):
        return False
    try:
        job = claims.job_of(message, now)
        found = routing.transport_for(job.account).look_up(job.outgoing)
    except (ChannelError, routing.NoAccountError):
        return _give_up_asking(message, now)
    if found:
        return bool(
            row.update(
                state=State.ACCEPTED,
                provider_id=found,
                account=job.account,
                accepted_at=now,
            )
        )
    return _by_policy(message, now)


def _give_up_asking(message: Message, now: datetime) -> bool:
    """Stop asking where nobody can be asked; the policy decides."""
    if message.channel == "sms":
        return False  # the provider is away: ask again later
    return _by_policy(message, now)


def _by_policy(message: Message, now: datetime) -> bool:
    """Send again and count it, where the cause says so; else leave it to an officer."""
    cause = message.cause
    if cause.on_unclear != Cause.OnUnclear.RESEND or cause.not_after <= now:
        return False
    row = Message.objects.filter(
        pk=message.pk, state=State.UNCLEAR, attempt=message.attempt
    )
    return bool(
        row.update(state=State.QUEUED, not_before=now, repeats=F("repeats") + 1)
    )
