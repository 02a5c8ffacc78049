"""Make the request of one job; runs in a sender thread, touches no database.

The interlock stands here, at the last step: account, message, cause and installation
must be of one mode.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from alerts.dispatch import routing
from alerts.dispatch.channels.base import (
    ChannelError,
    GoneError,
    OptedOutError,
    PermanentError,
    SetUpError,
    TemporaryError,
)
from alerts.dispatch.models import State
from alerts.dispatch.sending import interlock
from alerts.dispatch.sending.jobs import Job

logger = logging.getLogger(__name__)

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
    is_our_fault: bool = False  # the account as it is set up
    goes_to: str = ""  # the account that is to send it instead

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
    if not interlock.allows(job.account, job.outgoing.mode):
        return Result(
            job=job,
            state=State.REJECTED,
            ended_at=now,
            code="interlock",
            words=interlock.REFUSED,
        )
    try:
        provider_id = routing.transport_for(job.account).send(job.outgoing)
    except ChannelError as error:
        return refused(job, error, clock())
    return Result(
        job=job, state=State.ACCEPTED, ended_at=clock(), provider_id=provider_id
    )


def refused(job: Job, error: ChannelError, at: datetime) -> Result:
    """Turn what a transport raised into a result.

    What an account cannot send as it is set up goes to another one at once.
    """
    state = State.UNCLEAR
    is_our_fault = isinstance(error, SetUpError)
    goes_to = _another(job) if is_our_fault else ""
    if isinstance(error, TemporaryError) or goes_to:
        state = State.QUEUED
    elif isinstance(error, PermanentError):
        state = State.REJECTED
    return Result(
        job=job,
        state=state,
        ended_at=at,
        code=error.code,
        words=str(error),
        retry_after_s=getattr(error, "retry_after_s", None),
        is_gone=isinstance(error, GoneError),
        opted_out=isinstance(error, OptedOutError),
        is_our_fault=is_our_fault,
        goes_to=goes_to,
    )


def _another(job: Job) -> str:
    """Return the next account of its channel; none where it came from another one.

    What its account may have from an earlier attempt would be sent twice by another.
    """
    if job.is_kept:
        return ""
    names = routing.accounts(job.channel, job.outgoing.mode)
    return max(
        (name for name in names if name != job.account),
        key=lambda name: routing.resting_weight(name, job.country),
        default="",
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


class Senders:
    """Threads that make requests: jobs go in, results come out.

    Not an executor: a future and its locks for each message cost as much as writing
    its result, and an executor's threads keep a process with a hung one alive.
    """

    def __init__(
        self,
        count: int,
        clock: Callable[[], datetime],
        note: Callable[[Job, str], None] | None = None,
    ) -> None:
        self.count = count
        self.clock = clock
        self.note = note
        self.halting = threading.Event()
        self.flying: dict[int, float] = {}
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def hand(self, job: Job) -> None:
        """Let the next free thread make a job's request."""
        self.flying[job.message_id] = time.monotonic()
        self._jobs.put(job)
        if len(self._threads) < min(self.count, len(self.flying)):
            thread = threading.Thread(target=self._work, name="send", daemon=True)
            self._threads.append(thread)
            thread.start()

    def landed(self) -> list[Result]:
        """Return the results that have come in since the last time."""
        found = [self._results.get_nowait() for _ in range(self._results.qsize())]
        for result in found:
            self.flying.pop(result.job.message_id, None)
        return found

    @property
    def up(self) -> int:
        """How many jobs are waiting for a thread or on their way."""
        return len(self.flying) - self._results.qsize()

    def oldest_s(self) -> float:
        """Tell how long ago the oldest job was handed over that is not back."""
        return time.monotonic() - min(self.flying.values(), default=time.monotonic())

    def end(self) -> None:
        """Let the threads go."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                result = send(job, self.clock, self.halting)
            except BaseException as error:  # whatever it is, the job must come back
                name = type(error).__name__
                logger.error("message %s: %s", job.outgoing.uid, name)
                result = broke(job, error, self.clock())
            if self.note is not None and result.state == State.ACCEPTED:
                self.note(job, result.provider_id)
            self._results.put(result)
