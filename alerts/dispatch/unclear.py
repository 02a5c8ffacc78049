"""Resolve messages whose fate is unclear: by a callback, by asking, by the policy.

A receipt that carries our id settles a message by itself. What is left after a short
wait is asked for at the provider, several at once; only when the provider knows nothing
of it, twice, is it sent again, and only where the cause says that a duplicate is better
than silence. Where nobody can be asked, one repeat is the limit.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from alerts.dispatch import jobs, routing
from alerts.dispatch.channels.base import CannotAskError, Outgoing
from alerts.dispatch.models import Attempt, Cause, Message, State

logger = logging.getLogger(__name__)

# A provider's list may lag behind what it accepted.
WAIT_S = {"live": 30.0, "exercise": 2.0}
AT_ONCE = 64
THREADS = 8
REPEATS_BLIND = 1
# Whoever moves `not_before` asks; it is asked again when nothing came of it.
ASKING = timedelta(seconds=12)


@dataclass(frozen=True)
class Question:
    """An unclear message, where it was last tried, and since when it is unclear."""

    message: Message
    account: str
    began_at: datetime
    outgoing: Outgoing


def waits(mode: str) -> timedelta:
    """Return how long a message is unclear before the provider is asked."""
    return timedelta(seconds=WAIT_S[mode] / (settings.SPEED if mode != "live" else 1))


def resolve(now: datetime) -> int:
    """Ask for the unclear messages that have waited; return how many were settled."""
    questions = []
    for mode in ("live", "exercise"):
        waiting = (
            Message.objects.filter(
                state=State.UNCLEAR, mode=mode, not_before__lte=now - waits(mode)
            )
            .select_related("cause")
            .order_by("lane", "rank", "id")[:AT_ONCE]
        )
        questions += [found for each in waiting if (found := _question(each, now))]
    if not questions:
        return 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="ask") as pool:
        answers = list(pool.map(_ask, questions))
    return sum(
        _settle(question, answer, now)
        for question, answer in zip(questions, answers, strict=True)
    )


def _question(message: Message, now: datetime) -> Question | None:
    row = Message.objects.filter(
        pk=message.pk,
        state=State.UNCLEAR,
        attempt=message.attempt,
        not_before=message.not_before,
    )
    if not row.update(not_before=now + ASKING - waits(message.mode)):
        return None
    last = Attempt.objects.filter(message=message, number=message.attempt).last()
    if last is None or last.account not in settings.ACCOUNTS:
        return None
    values = jobs.rows([message.pk])[0]
    job = jobs.job_of(values, last.account, message.attempt, now)
    return Question(message, last.account, last.began_at, job.outgoing)


def _ask(question: Question) -> str | Exception:
    try:
        return routing.transport_for(question.account).look_up(question.outgoing)
    except Exception as error:  # one message must not keep the others from an answer
        return error


def _settle(question: Question, answer: str | Exception, now: datetime) -> bool:
    message = question.message
    row = Message.objects.filter(
        pk=message.pk, state=State.UNCLEAR, attempt=message.attempt
    )
    if isinstance(answer, CannotAskError):
        may_repeat = message.repeats < REPEATS_BLIND
        return may_repeat and _by_policy(message, now)
    if isinstance(answer, Exception):
        logger.warning("message %s: %s", message.uid, type(answer).__name__)
        return False  # the provider is away: ask again later
    if answer:
        return bool(
            row.update(
                state=State.ACCEPTED,
                provider_id=answer,
                account=question.account,
                accepted_at=now,
            )
        )
    if now - question.began_at < 2 * waits(message.mode):
        row.update(not_before=now - waits(message.mode) / 2)
        return False  # its list may lag: ask once more
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
