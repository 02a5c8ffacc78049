"""Make the request of one job; runs in a sender thread, touches no database.

The interlock stands here, at the last step: account, message, cause and installation
must be of one mode.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from alerts.dispatch import routing
from alerts.dispatch.channels.base import (
    ChannelError,
    GoneError,
    OptedOutError,
    PermanentError,
    TemporaryError,
)
from alerts.dispatch.jobs import Job
from alerts.dispatch.models import State
from consular import modes

NOT_SENT = "not sent"  # the words of an attempt that was announced and did not leave


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
    is_suspect: bool = False

    @property
    def was_sent(self) -> bool:
        """Whether a request was made at all."""
        return self.words != NOT_SENT


def send(
    job: Job, clock: Callable[[], datetime], halting: threading.Event | None = None
) -> Result:
    """Make the request of one job, unless its moment has passed."""
    now = clock()
    if now > job.leave_by or (halting is not None and halting.is_set()):
        return Result(job=job, state=State.QUEUED, ended_at=now, words=NOT_SENT)
    if not interlock(job.outgoing.mode, settings.ACCOUNTS[job.account]["mode"]):
        return Result(
            job=job,
            state=State.REJECTED,
            ended_at=now,
            code="interlock",
            words="exercise and live do not mix",
        )
    try:
        provider_id = routing.transport_for(job.account).send(job.outgoing)
    except ChannelError as error:
        return refused(job, error, clock())
    return Result(
        job=job, state=State.ACCEPTED, ended_at=clock(), provider_id=provider_id
    )


def interlock(message_mode: str, account_mode: str) -> bool:
    """Tell whether a request may be made at all.

    An exercise installation reaches exercise accounts only; a live one both, each with
    messages of its own mode.
    """
    if not modes.agree(message_mode, account_mode):
        return False
    return modes.installation() == modes.Mode.LIVE or account_mode == "exercise"


def refused(job: Job, error: ChannelError, at: datetime) -> Result:
    """Turn what a transport raised into a result."""
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


def broke(job: Job, error: BaseException, at: datetime) -> Result:
    """Return the result of a transport that raised what it should not.

    It may have been sent; and it is sent alone from now on, in a child process.
    """
    return Result(
        job=job,
        state=State.UNCLEAR,
        ended_at=at,
        words=type(error).__name__,
        is_suspect=True,
    )
