"""Claim messages, and write that their requests begin: whatever dies, nothing is lost.

A claim is one conditional UPDATE with a lease and an attempt number that fences its
result. What has begun is written before the request, so that after a crash a begun
message is *unclear* and an unbegun one simply waits again.

What is claimed next is picked in `picking`.
"""

import dataclasses
import logging
from collections import defaultdict
from collections.abc import Container, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from alerts.dispatch import addresses, links, routing, statements
from alerts.dispatch.models import (
    Account,
    Address,
    Cause,
    Channel,
    Message,
    Pause,
    State,
)
from alerts.dispatch.sending import health, jobs, picking, rates
from alerts.dispatch.sending.jobs import LEASE, LEAVE_WITHIN, Job, Row

logger = logging.getLogger(__name__)

CLAIM = 50
_ATTEMPTS = """
INSERT INTO dispatch_attempt
  (message_id, number, account, began_at, outcome, detail)
SELECT m.id, m.attempt, v.column3, {at}, '', '' FROM (VALUES {rows}) AS v
JOIN dispatch_message AS m ON m.id = v.column1 AND m.attempt = v.column2
JOIN dispatch_cause AS c ON c.id = m.cause_id
JOIN dispatch_address AS a ON a.id = m.address_id
WHERE m.state = 'claimed' AND m.lease_owner = %s
  AND c.opens_at <= %s AND c.stopped_at IS NULL AND c.paused_at IS NULL
  AND c.not_after > %s
  AND NOT EXISTS (SELECT 1 FROM dispatch_pause AS p WHERE p.channel IN ('', m.channel))
  AND NOT EXISTS (SELECT 1 FROM dispatch_account AS w
    WHERE w.name = v.column3 AND w.waits_until > %s)
  AND NOT {stopped}
{held}
RETURNING message_id, number
"""


def open_causes(now: datetime) -> QuerySet[Cause]:
    """Keep the causes whose messages may leave now."""
    return Cause.objects.filter(
        opens_at__lte=now, stopped_at=None, paused_at=None, not_after__gt=now
    )


def paused_channels() -> set[str]:
    """Return the channels that stand still; all of them when everything does."""
    paused = set(Pause.objects.values_list("channel", flat=True))
    return {"", *Channel.values} if "" in paused else paused


def claim(
    owner: str, now: datetime, most: int = CLAIM, memory: picking.Memory | None = None
) -> list[Job]:
    """Take messages for `owner`, the most urgent and nearest first.

    Parameters
    ----------
    memory : picking.Memory, optional
        Kept by a worker between its claims, so that it does not ask for queues that it
        has just found empty, and lets them take turns.
    """
    waiting = Message.objects.filter(state=State.QUEUED, is_suspect=False)
    channels = [name for name in Channel.values if name not in paused_channels()]
    if not channels or not waiting.filter(not_before__lte=now).exists():
        return []
    accounts = rates.rows()
    with transaction.atomic():
        picker = picking.Picker(
            accounts, channels, open_causes(now), now, memory or picking.Memory()
        )
        ids = list(dict.fromkeys(picker.pick(most)))
        return take(ids, owner, now, picker.buckets, accounts) if ids else []


def take(
    ids: list[int],
    owner: str,
    now: datetime,
    buckets: rates.Buckets,
    accounts: dict[str, Account],
) -> list[Job]:
    """Claim messages by their ids, inside a transaction, and make their jobs."""
    read, unread = jobs.readable(ids)
    if unread:
        jobs.put_off(unread, now)
    rows = [row for row in read if _may_be_written_to(row, now)]
    usable = health.usable(accounts, now)
    found = []
    for row in rows:
        if row.account in accounts and row.account not in usable:
            _rest(row, accounts[row.account], now)
            continue
        try:
            account = _account(row, usable)
        except routing.NoAccountError as error:
            _no_account(row, error, now)
            continue
        if not buckets.room(account, row.lane):
            account = _with_room(row, usable, buckets)
        if not account:
            continue  # its turn comes when a bucket has filled
        job = jobs.job_of(row, account, row.attempt + 1, now)
        buckets.take(account, job.parts)
        found.append(job)
    buckets.keep()
    _learn_countries(rows)
    Message.objects.filter(
        pk__in=[job.message_id for job in found], state=State.QUEUED
    ).update(
        state=State.CLAIMED,
        lease_owner=owner,
        lease_until=now + LEASE,
        attempt=F("attempt") + 1,
    )
    return found


def _learn_countries(rows: Iterable[Row]) -> None:
    """Write down of which country an address is, when it is opened the first time."""
    unknown = (row for row in rows if not row.known_country)
    found = {row.address_id: row.country for row in unknown if row.country}
    if found:
        addresses.learn_countries(found)


def _account(row: Row, usable: dict[str, int], full: Container[str] = ()) -> str:
    """Keep to the account that may have it already; else choose one."""
    if row.account in usable and row.account in settings.ACCOUNTS:
        return row.account
    key = f"{row.uid}{row.attempt}"
    return routing.account_for(
        row.channel, row.mode, row.country, key=key, shifted=usable, full=full
    )


def _with_room(row: Row, usable: dict[str, int], buckets: rates.Buckets) -> str:
    """Return an account that has room now for what was drawn for one that has not.

    What waits for a slow account would else hold up what a quick one could take. What
    an account may have already waits for that account.
    """
    if row.account in usable:
        return ""
    full = {name for name in usable if not buckets.room(name, row.lane)}
    account = _account(row, usable, full)
    return "" if account in full else account


def _may_be_written_to(row: Row, now: datetime) -> bool:
    """Tell whether an address may get this; who has opted out since then does not."""
    code = ""
    if row.is_silent:
        code = "opted_out"
    elif row.opt_out == Address.OptOut.NOTICES and links.is_unsubscribable(row.purpose):
        code = "unsubscribed"
    elif row.condition == Address.Condition.GONE:
        code = "gone"
    if code:
        _refuse(row, code, now)
    return not code


def _rest(row: Row, account: Account, now: datetime) -> None:
    """Let a message that an account may have wait until that account may be asked."""
    Message.objects.filter(pk=row.pk, state=State.QUEUED).update(
        not_before=account.waits_until or now
    )


def _no_account(row: Row, error: routing.NoAccountError, now: datetime) -> None:
    """Refuse what no account can send; wait where one is only resting."""
    if not routing.accounts(row.channel, row.mode):
        logger.error("message %s refused: %s", row.uid, error)
        _refuse(row, "no_account", now)


def _refuse(row: Row, code: str, now: datetime) -> None:
    Message.objects.filter(pk=row.pk, state=State.QUEUED).update(
        state=State.REJECTED, ended_at=now, provider_code=code
    )


def begin(claimed: list[Job], owner: str, now: datetime) -> list[Job]:
    """Write that requests are about to be made; return those that still may be.

    Causes, pauses, accounts that were asked to wait and opt-outs are read again in the
    statement that writes the attempts: a stop or a pause is one row and takes effect
    with the next begin. What may not leave is given back.

    A worker that stood still for longer than its heartbeat may hold one message twice:
    by the claim that was taken from it, and by the one that it made afterwards. Only
    the number of the attempt tells them apart, and only the later one leaves.
    """
    chosen = [job for job in claimed if now < job.deadline]
    ours = _attempted(chosen, owner, now) if chosen else set()
    back = [job for job in claimed if job.claim not in ours]
    if back:
        release_claims(of_owner(owner, back), now)
    leave_by = now + LEAVE_WITHIN
    return [
        dataclasses.replace(job, leave_by=leave_by)
        for job in chosen
        if job.claim in ours
    ]


def _attempted(chosen: list[Job], owner: str, now: datetime) -> set[tuple[int, int]]:
    """Write the attempts of those that are still ours; return their claims."""
    values: list[Any] = []
    for job in chosen:
        attempt = job.outgoing.attempt
        values += [job.message_id, attempt, job.account, statements.time(now)]
    statement = _ATTEMPTS.format(
        rows=statements.rows(len(chosen), 4),
        at=statements.typed("timestamptz", 4),
        stopped=addresses.STOPPED,
        # Whoever takes these claims away just now comes first, or after us.
        held="FOR SHARE OF m" if connection.features.has_select_for_update_of else "",
    )
    with connection.cursor() as cursor:
        at = statements.time(now)
        cursor.execute(statement, [*values, owner, at, at, at])
        return set(cursor.fetchall())


def release_claims(claimed: QuerySet[Message], now: datetime) -> int:
    """Put claimed messages back that had not begun; stopped ones end here."""
    held = claimed.filter(state=State.CLAIMED)
    ended = held.exclude(cause__stopped_at=None).values_list("pk", flat=True)
    # Asked for again: a receipt of an earlier attempt may move one on in this moment.
    held.filter(pk__in=list(ended)).update(
        state=State.STOPPED, ended_at=now, lease_until=None, lease_owner=""
    )
    return held.update(state=State.QUEUED, lease_until=None, lease_owner="")


def of_owner(owner: str, held: Iterable[Job]) -> QuerySet[Message]:
    """Keep the messages that a worker still holds by these very claims."""
    by_attempt: dict[int, list[int]] = defaultdict(list)
    for job in held:
        by_attempt[job.outgoing.attempt].append(job.message_id)
    claims = Q(pk__in=[])
    for attempt, ids in by_attempt.items():
        claims |= Q(pk__in=ids, attempt=attempt)
    return Message.objects.filter(claims, state=State.CLAIMED, lease_owner=owner)
