"""Resolve messages whose fate is unclear: by a callback, by asking, by the policy.

A receipt that carries our id settles a message by itself. What is left after a short
wait is asked for at the provider, several at once. Only when the provider has said
twice, a while apart, that it knows nothing of it, is it sent again, and only where the
cause says that a duplicate is better than silence. Where nobody can be asked, one
repeat is the limit; where a key keeps it from arriving twice, ten are.
"""

import logging
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from alerts.dispatch import routing
from alerts.dispatch.channels.base import CannotAskError, Outgoing, RepeatableError
from alerts.dispatch.hearing import returned
from alerts.dispatch.models import Attempt, Cause, Message, State
from alerts.dispatch.sending import interlock, jobs, sweeping
from alerts.dispatch.sending.jobs import Job

logger = logging.getLogger(__name__)

# A provider's list may lag behind what it accepted.
WAIT_S = {"live": 30.0, "exercise": 2.0}
AT_ONCE = 200
THREADS = 16
ROUNDS = 5
REPEATS_BLIND = 1
REPEATS_KEYED = 10  # with an idempotency key, at the same account
# Whoever moves `not_before` asks; it is asked again when nothing came of it.
ASKING = timedelta(seconds=12)
RAREST = timedelta(hours=1)


@dataclass(frozen=True)
class Question:
    """An unclear message, where it was last tried, and since when it is unclear.

    Nobody can be asked, and nothing is `outgoing`, where the account is set up no more.
    """

    message: Message
    account: str
    began_at: datetime
    outgoing: Outgoing | None


def waits(mode: str) -> timedelta:
    """Return how long a message is unclear before the provider is asked."""
    return timedelta(seconds=WAIT_S[mode] / (settings.SPEED if mode != "live" else 1))


def resolve(now: datetime) -> int:
    """Ask for the unclear messages that have waited; return how many were settled.

    As many rounds as bring answers, up to a limit; a provider that does not answer
    is asked once, and again after a while.
    """
    settled = 0
    for _ in range(ROUNDS):
        questions = _questions(now)
        if not questions:
            break
        with ThreadPoolExecutor(THREADS, thread_name_prefix="ask") as pool:
            answers = list(pool.map(ask, questions))
        settled += _settle(list(zip(questions, answers, strict=True)), now)
        if any(_is_away(answer) for answer in answers):
            break
    return settled


def _questions(now: datetime) -> list[Question]:
    """Take what is to be asked now, so that nobody else asks it for a while."""
    taken: list[int] = []
    for mode in ("live", "exercise"):
        due = Q(state=State.UNCLEAR, mode=mode, not_before__lte=now - waits(mode))
        with transaction.atomic():
            waiting = Message.objects.filter(due).order_by("lane", "rank", "id")
            ids = _held(waiting)
            Message.objects.filter(pk__in=ids, state=State.UNCLEAR).update(
                not_before=now + ASKING - waits(mode)
            )
        taken += ids
    return _asked_of(taken, now) if taken else []


def _held(rows: QuerySet[Message]) -> list[int]:
    """Lock rows and return their ids; who holds one already keeps it.

    Nobody is waited for, so nobody can wait for one another.
    """
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def _asked_of(ids: list[int], now: datetime) -> list[Question]:
    """Make the questions: each to the account that made the last attempt."""
    messages = Message.objects.select_related("cause").in_bulk(ids)
    last = {
        attempt.message_id: attempt
        for attempt in Attempt.objects.filter(
            message__in=ids, number=F("message__attempt")
        ).order_by("id")
    }
    found, others = [], _others(messages)
    given_back = returned.ids_of(message.uid for message in messages.values())
    for row in jobs.readable(ids)[0]:
        attempt, message = last.get(row.pk), messages[row.pk]
        if attempt is None or attempt.account not in settings.ACCOUNTS:
            began_at = attempt.began_at if attempt else message.created_at
            found.append(Question(message, "", began_at, None))
            continue
        job = jobs.job_of(row, attempt.account, row.attempt, now)
        known = others[message.address_id] - {message.provider_id}
        known |= given_back[message.uid]
        asked = replace(job.outgoing, others=frozenset(known))
        found.append(Question(message, job.account, attempt.began_at, asked))
    return found


def _others(messages: dict[int, Message]) -> dict[int, set[str]]:
    """Return by what ids providers know the other messages to the same addresses."""
    places = {message.address_id for message in messages.values()}
    rows = Message.objects.filter(address__in=places).exclude(provider_id="")
    found: dict[int, set[str]] = defaultdict(set)
    for address_id, provider_id in rows.values_list("address_id", "provider_id"):
        found[address_id].add(provider_id)
    return found


def ask(question: Question) -> str | Exception:
    """Ask a provider; some are asked by sending the same again with its key."""
    if question.outgoing is None:
        return CannotAskError("its account is set up no more")
    if not interlock.allows(question.account, question.outgoing.mode):
        return CannotAskError(interlock.REFUSED)
    try:
        return routing.transport_for(question.account).look_up(question.outgoing)
    except Exception as error:  # one message must not keep the others from an answer
        return error


def ask_again(job: Job) -> str | Exception:
    """Ask for a text that is about to be sent once more: it may have waited for long.

    Returns the provider's id, nothing, or why it could not be asked.
    """
    earlier = Attempt.objects.filter(
        message=job.message_id, number__lt=job.outgoing.attempt
    )
    last = earlier.order_by("-number").first()
    if last is None or last.account not in settings.ACCOUNTS:
        return ""
    message = Message.objects.select_related("cause").get(pk=job.message_id)
    others = _others({message.pk: message})[message.address_id]
    others = (
        others - {message.provider_id} | returned.ids_of([message.uid])[message.uid]
    )
    asked = replace(job.outgoing, others=frozenset(others))
    return ask(Question(message, last.account, last.began_at, asked))


def _is_away(answer: str | Exception) -> bool:
    return isinstance(answer, Exception) and not isinstance(answer, CannotAskError)


def _settle(answers: list[tuple[Question, str | Exception]], now: datetime) -> int:
    """Write what was answered, for what is still unclear; return how many it settled.

    The attempt stands for the question that was asked.
    """
    with transaction.atomic():
        asked = Q(pk__in=[question.message.pk for question, _ in answers])
        ours = set(_held(Message.objects.filter(asked, state=State.UNCLEAR)))
        return sum(
            _settled(question, answer, now)
            for question, answer in answers
            if question.message.pk in ours
        )


def _settled(question: Question, answer: str | Exception, now: datetime) -> bool:
    message = question.message
    row = Message.objects.filter(
        pk=message.pk, state=State.UNCLEAR, attempt=message.attempt
    )
    if isinstance(answer, CannotAskError):
        may = message.repeats < _repeats_most(answer)
        return (may and _by_policy(message, row, now)) or _left(question, row, now)
    if isinstance(answer, Exception):
        logger.warning("message %s: %s", message.uid, type(answer).__name__)
        return False  # the provider is away: ask again later
    if answer:
        same = Message.objects.filter(address=message.address_id, provider_id=answer)
        if same.exclude(pk=message.pk).exists():
            return False  # two were asked for at once: one of them asks again
        return bool(
            row.update(
                state=State.ACCEPTED,
                provider_id=answer,
                provider_code="",
                account=question.account,
                accepted_at=now,
            )
        )
    if message.absent_at is None or message.absent_at < question.began_at:
        # Its list may lag, and a provider that stood still answers this before it reads
        # what was sent earlier: ask once more.
        row.update(not_before=now, absent_at=now)
        return False
    # It is not there, so it may go any way; what cannot be asked for keeps its account.
    return _by_policy(message, row, now, account="") or _left(question, row, now)


def _repeats_most(answer: CannotAskError) -> int:
    return REPEATS_KEYED if isinstance(answer, RepeatableError) else REPEATS_BLIND


def _left(question: Question, row: QuerySet[Message], now: datetime) -> bool:
    """Ask ever more rarely for what is left to an officer."""
    later = min(max(now - question.began_at, ASKING), RAREST)
    row.update(not_before=now + later - waits(question.message.mode))
    return False


def _by_policy(
    message: Message, row: QuerySet[Message], now: datetime, **changes: str
) -> bool:
    """Send again and count it, where the cause says so; else leave it to an officer."""
    cause = message.cause
    is_over = cause.stopped_at is not None or cause.not_after <= now
    if cause.on_unclear != Cause.OnUnclear.RESEND or is_over:
        return False
    moved = row.update(
        state=State.QUEUED,
        not_before=now,
        repeats=F("repeats") + 1,
        provider_code="",
        **changes,
    )
    if moved:  # it may have been stopped in this very moment
        sweeping.look_again(cause.pk)
    return bool(moved)
