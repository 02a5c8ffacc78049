"""Claim, begin, send, record: how a message leaves, whatever dies on the way.

A claim is one conditional UPDATE with a lease and an attempt number that fences its
result. What has begun is written before the request, so that after a crash a begun
message is *unclear* and an unbegun one simply waits again. The provider is called
outside any transaction. Sender threads touch no database: they get values and return
values, and one thread claims and records.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from alerts.dispatch import addresses, links, routing
from alerts.dispatch import text as texts
from alerts.dispatch.channels.base import (
    ChannelError,
    GoneError,
    OptedOutError,
    Outgoing,
    PermanentError,
    TemporaryError,
)
from alerts.dispatch.models import (
    Address,
    Attempt,
    Cause,
    Message,
    Pause,
    State,
)
from consular import modes

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
CLAIM = 50
# After a refusal for now: 2, 4, 8 … seconds, at the most five minutes.
BACK_OFF_MOST_S = 300


@dataclass(frozen=True, kw_only=True)
class Job:
    """A claimed message as a sender thread needs it."""

    message_id: int
    cause_id: int
    account: str
    outgoing: Outgoing
    address_id: int
    deadline: datetime


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a job; `ended_at` is when the provider answered."""

    job: Job
    state: str
    ended_at: datetime
    provider_id: str = ""
    code: str = ""
    words: str = ""
    retry_after_s: float | None = None
    is_gone: bool = False
    opted_out: bool = False


def sendable(now: datetime) -> QuerySet[Message]:
    """Keep the queued messages that may leave now: due, open, not paused, in time."""
    paused = list(Pause.objects.values_list("channel", flat=True))
    if "" in paused:
        return Message.objects.none()
    open_now = Message.objects.filter(
        state=State.QUEUED,
        not_before__lte=now,
        cause__opens_at__lte=now,
        cause__stopped_at=None,
        cause__paused_at=None,
        cause__not_after__gt=now,
    )
    return open_now.exclude(channel__in=paused)


def claim(owner: str, now: datetime, most: int = CLAIM) -> list[Job]:
    """Take messages for `owner`, the most urgent and nearest first."""
    with transaction.atomic():
        due = sendable(now).order_by("lane", "rank", "id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        ids = [message.pk for message in due.only("pk")[:most]]
        if not ids:
            return []
        Message.objects.filter(pk__in=ids, state=State.QUEUED).update(
            state=State.CLAIMED,
            lease_owner=owner,
            lease_until=now + LEASE,
            attempt=F("attempt") + 1,
        )
        mine = (
            Message.objects.filter(pk__in=ids, state=State.CLAIMED, lease_owner=owner)
            .select_related("address", "cause", "text")
            .order_by("lane", "rank", "id")
        )
        return _jobs(mine, now)


def _jobs(messages: Iterable[Message], now: datetime) -> list[Job]:
    jobs = []
    for message in messages:
        try:
            jobs.append(job_of(message, now))
        except routing.NoAccountError as error:
            _refuse(message, str(error), now)
    return jobs


def _refuse(message: Message, words: str, now: datetime) -> None:
    logger.error("message %s refused: %s", message.uid, words)
    Message.objects.filter(pk=message.pk, attempt=message.attempt).update(
        state=State.REJECTED, ended_at=now, provider_code="refused"
    )


def job_of(message: Message, now: datetime) -> Job:
    """Turn a claimed message into values; its text gets its own link and code."""
    account = routing.account_for(
        message.channel, message.mode, message.address.country
    )
    link = links.url(message)
    body = texts.filled(message.text.body, link, message.code)
    if message.channel == "sms":
        body = texts.cheapest(body)
    return Job(
        message_id=message.pk,
        cause_id=message.cause_id,
        account=account,
        address_id=message.address_id,
        deadline=now + LEASE / 2,
        outgoing=Outgoing(
            uid=str(message.uid),
            attempt=message.attempt,
            mode=_one_mode(message),
            to=message.address.address,
            body=body,
            subject=texts.filled(message.text.subject, link, message.code),
            language=message.text.language,
            link=link,
            is_notice=message.purpose != "alert",
            callback_url=f"{settings.PUBLIC_URL}/hooks/twilio/status/"
            f"{message.uid}/{message.attempt}",
        ),
    )


def _one_mode(message: Message) -> str:
    """Return the one mode of message and cause, or nothing, which no account has."""
    same = modes.agree(message.mode, message.cause.mode)
    return message.mode if same else ""


def begin(jobs: list[Job], owner: str, now: datetime) -> list[Job]:
    """Write that requests are about to be made; return those that still may be.

    Causes and pauses are read again here, just before the requests: a stop or a pause
    is one row and takes effect with the next begin. What may not leave is given back.
    """
    if not jobs:
        return []
    may = _may_leave(jobs, now)
    with transaction.atomic():
        ours = set(
            Message.objects.filter(
                pk__in=[job.message_id for job in jobs],
                state=State.CLAIMED,
                lease_owner=owner,
            ).values_list("pk", flat=True)
        )
        going = [
            job for job in jobs if job.message_id in ours & may and now < job.deadline
        ]
        Attempt.objects.bulk_create(
            Attempt(
                message_id=job.message_id,
                number=job.outgoing.attempt,
                account=job.account,
                began_at=now,
            )
            for job in going
        )
        kept = {job.message_id for job in going}
        back = [pk for pk in ours if pk not in kept]
        release_claims(Message.objects.filter(pk__in=back), now)
    return going


def _may_leave(jobs: list[Job], now: datetime) -> set[int]:
    paused = set(Pause.objects.values_list("channel", flat=True))
    if "" in paused:
        return set()
    open_causes = set(
        Cause.objects.filter(
            pk__in={job.cause_id for job in jobs},
            opens_at__lte=now,
            stopped_at=None,
            paused_at=None,
            not_after__gt=now,
        ).values_list("pk", flat=True)
    )
    return {
        job.message_id
        for job in jobs
        if job.cause_id in open_causes
        and settings.ACCOUNTS[job.account]["channel"] not in paused
    }


def release_claims(claimed: QuerySet[Message], now: datetime) -> int:
    """Put claimed messages back that had not begun; stopped ones end here."""
    held = claimed.filter(state=State.CLAIMED)
    ended = held.exclude(cause__stopped_at=None)
    Message.objects.filter(pk__in=list(ended.values_list("pk", flat=True))).update(
        state=State.STOPPED, ended_at=now, lease_until=None, lease_owner=""
    )
    return held.update(state=State.QUEUED, lease_until=None, lease_owner="")


def send(job: Job, clock: Callable[[], datetime]) -> Result:
    """Make the request of one job; called in a thread, touches no database.

    The interlock stands here, at the last step: account, message, cause and
    installation must be of one mode.
    """
    conf = settings.ACCOUNTS[job.account]
    if not _interlock(job.outgoing.mode, conf["mode"]):
        return Result(
            job=job,
            state=State.REJECTED,
            ended_at=clock(),
            code="interlock",
            words="exercise and live do not mix",
        )
    transport = routing.transport_for(job.account)
    try:
        provider_id = transport.send(job.outgoing)
    except ChannelError as error:
        return _refused(job, error, clock())
    return Result(
        job=job, state=State.ACCEPTED, ended_at=clock(), provider_id=provider_id
    )


def _interlock(message_mode: str, account_mode: str) -> bool:
    """Tell whether a request may be made at all.

    An exercise installation reaches exercise accounts only; a live one both, each with
    messages of its own mode.
    """
    if not modes.agree(message_mode, account_mode):
        return False
    return modes.installation() == modes.Mode.LIVE or account_mode == "exercise"


def _refused(job: Job, error: ChannelError, at: datetime) -> Result:
    state = State.UNCLEAR
    if isinstance(error, PermanentError):
        state = State.REJECTED
    elif isinstance(error, TemporaryError):
        state = State.QUEUED
    return Result(
        job=job,
        state=state,
        ended_at=at,
        code=error.code,
        words=str(error),
        retry_after_s=getattr(error, "retry_after_s", None),
        is_gone=isinstance(error, GoneError),
        opted_out=isinstance(error, OptedOutError),
    )


def record(results: list[Result], owner: str, now: datetime) -> int:
    """Write results, each only under its own lease and attempt; return how many.

    A receipt may have come first: then the message is no longer claimed, and only the
    provider's id is added.
    """
    if not results:
        return 0
    written = 0
    with transaction.atomic():
        for (state, account), group in _grouped(results).items():
            written += sum(_write(result, state, account, owner) for result in group)
        _end_attempts(results)
    for result in results:
        if result.is_gone:
            addresses.gone(result.job.address_id, result.code, now)
        if result.opted_out:
            Address.objects.filter(pk=result.job.address_id).update(
                opt_out=Address.OptOut.ALL, provider_code=result.code, changed_at=now
            )
    return written


def _grouped(results: list[Result]) -> dict[tuple[str, str], list[Result]]:
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        groups[result.state, result.job.account].append(result)
    return groups


def _write(result: Result, state: str, account: str, owner: str) -> int:
    job = result.job
    changes: dict[str, object] = {
        "account": account,
        "provider_id": result.provider_id[:200],
        "provider_code": result.code[:24],
        "lease_until": None,
        "lease_owner": "",
        "state": state,
    }
    if state == State.ACCEPTED:
        changes["accepted_at"] = result.ended_at
    elif state == State.REJECTED:
        changes["ended_at"] = result.ended_at
    elif state == State.QUEUED:
        changes["not_before"] = result.ended_at + _pause_after(result)
    elif state == State.UNCLEAR:
        changes["not_before"] = result.ended_at
    row = Message.objects.filter(pk=job.message_id, attempt=job.outgoing.attempt)
    mine = row.filter(state=State.CLAIMED, lease_owner=owner).update(**changes)
    if not mine and result.provider_id:
        late = row.filter(~Q(state=State.CLAIMED), provider_id="")
        late.update(provider_id=result.provider_id[:200], account=account)
        row.filter(state=State.UNCLEAR).update(
            state=State.ACCEPTED, accepted_at=result.ended_at
        )
    return mine


def _pause_after(result: Result) -> timedelta:
    if result.retry_after_s is not None:
        return timedelta(seconds=min(result.retry_after_s, BACK_OFF_MOST_S))
    tried = min(result.job.outgoing.attempt, 8)
    return timedelta(seconds=min(2.0**tried, BACK_OFF_MOST_S))


def _end_attempts(results: list[Result]) -> None:
    numbers = {(r.job.message_id, r.job.outgoing.attempt): r for r in results}
    rows = Attempt.objects.filter(
        message_id__in={pk for pk, _ in numbers}, ended_at=None
    )
    ended = []
    for row in rows:
        result = numbers.get((row.message_id or 0, row.number))
        if result is not None:
            row.ended_at = result.ended_at
            row.outcome, row.detail = result.state, result.words[:200]
            ended.append(row)
    Attempt.objects.bulk_update(ended, ["ended_at", "outcome", "detail"], 200)
