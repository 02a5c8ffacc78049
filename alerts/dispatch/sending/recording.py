"""Write results, each only under its own lease and attempt; many with one statement."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from alerts.dispatch import addresses, statements
from alerts.dispatch.models import Message, State
from alerts.dispatch.sending import budgets, health, sweeping
from alerts.dispatch.sending.jobs import Job
from alerts.dispatch.sending.requesting import Result

# After a refusal for now: 2, 4, 8 … seconds, at the most five minutes. What a provider
# asks for is obeyed for longer.
BACK_OFF_MOST_S = 300
ASKED_LEAST_S, ASKED_MOST_S = 1, 3600
KEPT_TRIES = 6
AT_ONCE = 200

_MESSAGES = """
UPDATE dispatch_message SET state = v.column3, account = v.column4,
  provider_id = v.column5, provider_code = v.column6, accepted_at = {accepted},
  ended_at = {ended}, not_before = COALESCE({not_before}, dispatch_message.not_before),
  parts = {parts}, is_suspect = {suspect}, lease_until = NULL, lease_owner = ''
FROM (VALUES {rows}) AS v
WHERE dispatch_message.id = v.column1 AND dispatch_message.attempt = v.column2
  AND dispatch_message.state = 'claimed' AND dispatch_message.lease_owner = %s
RETURNING dispatch_message.id
"""
_ATTEMPTS = """
UPDATE dispatch_attempt SET ended_at = {ended}, outcome = v.column4, detail = v.column5
FROM (VALUES {rows}) AS v
WHERE dispatch_attempt.message_id = v.column1 AND dispatch_attempt.number = v.column2
  AND dispatch_attempt.ended_at IS NULL
"""


def record(results: list[Result], owner: str, now: datetime) -> int:
    """Write results; return how many were still ours to write.

    A receipt may have come first: then the message is no longer claimed, and only the
    provider's id is added.
    """
    written = 0
    for start in range(0, len(results), AT_ONCE):
        written += _record(results[start : start + AT_ONCE], owner, now)
    if results:
        health.heard(
            (
                health.Heard(
                    r.job.account, r.state, r.words, r.retry_after_s, r.is_our_fault
                )
                for r in results
                if r.was_sent
            ),
            now,
        )
    return written


def _record(results: list[Result], owner: str, now: datetime) -> int:
    with transaction.atomic():
        mine = _write(results, owner)
        _end_attempts(results)
        accepted = [r.job for r in results if r.state == State.ACCEPTED]
        for result in results:
            if result.job.message_id not in mine:
                _late(result)
    budgets.spend(accepted, now)
    for result in results:
        _tell_address(result, now)
    return len(mine)


def _write(results: list[Result], owner: str) -> set[int]:
    values: list[Any] = []
    for result in results:
        job = result.job
        values += [
            job.message_id,
            job.outgoing.attempt,
            str(result.state),
            _account(result),
            result.provider_id[:200],
            result.code[:24],
            statements.time(
                result.ended_at if result.state == State.ACCEPTED else None
            ),
            statements.time(
                result.ended_at if result.state == State.REJECTED else None
            ),
            statements.time(_not_before(result)),
            job.parts,
            result.is_suspect,
        ]
    statement = _MESSAGES.format(
        accepted=statements.typed("timestamptz", 7),
        ended=statements.typed("timestamptz", 8),
        not_before=statements.typed("timestamptz", 9),
        parts=statements.typed("smallint", 10),
        suspect=statements.typed("boolean", 11),
        rows=statements.rows(len(results), 11),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, owner])
        return {pk for (pk,) in cursor.fetchall()}


def _account(result: Result) -> str:
    return result.goes_to or ("" if _is_free(result) else result.job.account)


def _is_free(result: Result) -> bool:
    """Tell whether it may go another way the next time: it was not processed.

    What its account may have from an earlier attempt stays there for some tries, since
    anybody else would send it twice.
    """
    is_kept = result.job.is_kept and result.job.outgoing.attempt < KEPT_TRIES
    return result.state == State.QUEUED and not is_kept


def _not_before(result: Result) -> datetime | None:
    """Return from when a message may leave, or be asked about; nothing keeps it."""
    if result.state == State.UNCLEAR:
        return result.ended_at
    if result.goes_to:
        return result.ended_at
    if result.state == State.QUEUED and result.was_sent:
        return result.ended_at + _pause_after(result)
    return None


def _pause_after(result: Result) -> timedelta:
    """Return how long to wait: as asked, or ours where nothing of use was asked.

    A provider whose clock is behind, or who says 0, would be asked without end.
    """
    asked_s = result.retry_after_s or 0.0
    if asked_s >= ASKED_LEAST_S:
        return timedelta(seconds=min(asked_s, ASKED_MOST_S))
    tried = min(result.job.outgoing.attempt, 8)
    return timedelta(seconds=min(2.0**tried, BACK_OFF_MOST_S))


def _late(result: Result) -> None:
    """Add what is known late of a message that a receipt or a new claim has moved on.

    What became unclear because its worker stood still, and did not leave, needs nobody
    to ask.
    """
    job = result.job
    row = Message.objects.filter(pk=job.message_id, attempt=job.outgoing.attempt)
    if not result.provider_id:
        if result.state in (State.QUEUED, State.REJECTED):
            _settle_late(result, row.filter(state=State.UNCLEAR))
        return
    row.filter(~Q(state=State.CLAIMED), provider_id="").update(
        provider_id=result.provider_id[:200], account=job.account
    )
    row.filter(state=State.UNCLEAR).update(
        state=State.ACCEPTED, accepted_at=result.ended_at
    )


def _settle_late(result: Result, row: QuerySet[Message]) -> None:
    ended_at = result.ended_at
    moved = row.update(
        state=result.state,
        is_suspect=False,
        account=_account(result),
        provider_code=result.code[:24],
        not_before=_not_before(result) or ended_at,
        ended_at=ended_at if result.state == State.REJECTED else None,
    )
    if moved and result.state == State.QUEUED:
        sweeping.look_again(result.job.cause_id)


def _end_attempts(results: Iterable[Result]) -> None:
    values: list[Any] = []
    count = 0
    for result in results:
        count += 1
        values += [
            result.job.message_id,
            result.job.outgoing.attempt,
            statements.time(result.ended_at),
            str(result.state),
            result.words[:200],
        ]
    statement = _ATTEMPTS.format(
        ended=statements.typed("timestamptz", 3), rows=statements.rows(count, 5)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _tell_address(result: Result, now: datetime) -> None:
    if result.is_gone:
        addresses.gone(result.job.address_id, result.code, now)
    if result.opted_out:
        addresses.refused(result.job.address_id, result.code, result.ended_at, now)


def crashed(job: Job, owner: str, words: str, most: int, now: datetime) -> str:
    """Count a try against a message that broke the child it was sent in.

    It may have left before the crash, so it is unclear; the last try sets it aside.
    """
    row = Message.objects.filter(
        pk=job.message_id,
        attempt=job.outgoing.attempt,
        state=State.CLAIMED,
        lease_owner=owner,
    )
    gone = {"lease_until": None, "lease_owner": "", "tries": F("tries") + 1}
    state = State.UNCLEAR
    with transaction.atomic():
        if row.filter(tries__gte=most - 1).update(
            state=State.SET_ASIDE, provider_code="crash", **gone
        ):
            state = State.SET_ASIDE
        else:
            row.update(state=State.UNCLEAR, not_before=now, **gone)
        job_attempts = job.outgoing.attempt
        message = Message.objects.get(pk=job.message_id)
        message.attempts.filter(number=job_attempts).update(
            ended_at=now, outcome=str(state), detail=words[:200]
        )
    return str(state)
