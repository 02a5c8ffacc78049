"""Send what was in flight at a crash alone, in a child process that may die of it.

One of thirty-two messages in flight has killed the worker, or none has: nobody knows.
So each of them is sent alone, and only a crash of the child counts as a try. After the
third, the message is set aside for an officer; nothing else waits for it.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from alerts.dispatch.channels import base
from alerts.dispatch.channels.base import ChannelError
from alerts.dispatch.hearing import unclear
from alerts.dispatch.models import Message, State
from alerts.dispatch.sending import claims, interlock, rates, recording, requesting
from alerts.dispatch.sending.jobs import Job
from consular import child

logger = logging.getLogger(__name__)

TRIES_MOST = 3
LOOKED_AT = 50  # of those that wait, for one that may leave
# Most of it is the start of a process, which takes long where a machine has no time.
WALL_S, CPU_S = 30.0, 10.0


def send_one(owner: str, clock: Callable[[], datetime]) -> bool:
    """Send the next suspect; tell whether there was one."""
    now = clock()
    job = _claim(owner, now)
    if job is None:
        return False
    if _is_settled(job, owner, clock):
        return True
    now = clock()
    if not claims.begin([job], owner, now):
        return True
    if not interlock.allows(job.account, job.outgoing.mode):
        refusal = base.PermanentError(interlock.REFUSED, "interlock")
        recording.record([requesting.refused(job, refusal, now)], owner, now)
        return True
    try:
        said = child.call(
            "alerts.dispatch.sending.alone.send",
            settings.ACCOUNTS[job.account],
            job.account,
            asdict(job.outgoing),
            cpu_s=CPU_S,
            wall_s=WALL_S,
        )
    except child.ChildError as error:
        state = recording.crashed(job, owner, str(error), TRIES_MOST, clock())
        logger.error("message %s broke its sender: %s", job.outgoing.uid, state)
        return True
    ended_at = clock()
    recording.record([_result(job, said, ended_at)], owner, ended_at)
    return True


def _is_settled(job: Job, owner: str, clock: Callable[[], datetime]) -> bool:
    """Tell whether it arrived meanwhile, or its provider cannot be asked just now.

    Suspects wait for one another, and what its provider did not know when it was asked
    may have come in since.
    """
    answer = unclear.ask_again(job)
    if not answer or isinstance(answer, base.CannotAskError):
        return False
    now = clock()
    if isinstance(answer, str):
        result = requesting.Result(
            job=job, state=State.ACCEPTED, ended_at=now, provider_id=answer
        )
    else:
        away = base.TemporaryError("its provider could not be asked")
        result = replace(requesting.refused(job, away, now), is_suspect=True)
    recording.record([result], owner, now)
    return True


def _claim(owner: str, now: datetime) -> Job | None:
    waiting = Message.objects.filter(
        state=State.QUEUED,
        is_suspect=True,
        not_before__lte=now,
        cause__in=claims.open_causes(now),
    ).exclude(channel__in=claims.paused_channels())
    if not waiting.exists():
        return None
    accounts = rates.rows()
    with transaction.atomic():
        due = waiting.order_by("lane", "rank", "id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        ids = [row.pk for row in due.only("pk")[:LOOKED_AT]]
        buckets = rates.Buckets(accounts, now)
        for number in ids:  # the first whose account may be used now
            if found := claims.take([number], owner, now, buckets, accounts):
                return found[0]
    return None


def _result(job: Job, said: dict[str, str], now: datetime) -> requesting.Result:
    if "id" in said:
        return requesting.Result(
            job=job, state=State.ACCEPTED, ended_at=now, provider_id=said["id"]
        )
    words, code = said["words"], said["code"]
    if said["kind"] == "TemporaryError":
        wait_s = float(said["wait_s"]) if said["wait_s"] else None
        return requesting.refused(job, base.TemporaryError(words, code, wait_s), now)
    kind: type[ChannelError] = getattr(base, said["kind"], base.UnclearError)
    return requesting.refused(job, kind(words, code), now)
