"""Send what is due in threads, from one place that alone touches the database."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.utils import InterfaceError
from django.utils import timezone

from alerts.dispatch import ticking
from alerts.dispatch.models import Lane
from alerts.dispatch.sending import (
    claims,
    picking,
    recording,
    requesting,
    sweeping,
)
from alerts.dispatch.sending.diary import Diary
from alerts.dispatch.sending.jobs import Job
from consular import outages

logger = logging.getLogger(__name__)

FLUSH_S = 0.1
LOOK_S = 0.01  # waking up for each result would take turns away from the senders
IDLE_S = 0.2
# Looking a name up takes 16 s at the most, connecting 10, an answer 10; a thread that
# is gone for longer hangs for good.
HUNG_S = 45.0
# What leaves in so many seconds is announced beyond the threads' own, so that none
# waits for the database; and as much again is claimed. More could not be overtaken.
AHEAD_S = 0.2
MOST_AHEAD = 300


class HungError(RuntimeError):
    """Say that a sender thread does not come back; only a new process helps."""


class Pace:
    """How many messages a second come back, over the last second or so."""

    def __init__(self, first: float) -> None:
        self.per_s = first
        self._since_s = time.monotonic()
        self._count = 0

    def add(self, count: int) -> None:
        """Count results."""
        self._count += count
        passed_s = time.monotonic() - self._since_s
        if passed_s >= FLUSH_S:
            self.per_s += 0.3 * (self._count / passed_s - self.per_s)
            self._since_s, self._count = time.monotonic(), 0


class Sender:
    """Claims, hands jobs to threads, and flushes their results every 100 ms."""

    def __init__(
        self,
        owner: str,
        threads: int,
        clock: Callable[[], datetime] = timezone.now,
        diary: Diary | None = None,
    ) -> None:
        self.owner = owner
        self.clock = clock
        self.threads = threads
        self.waiting: list[Job] = []
        self.landed: list[requesting.Result] = []
        self.memory = picking.Memory()
        self.diary = diary
        note = None if diary is None else diary.note
        self.senders = requesting.Senders(threads, clock, note)
        self.pace = Pace(threads / FLUSH_S)
        self.has_more = False
        self.sent = 0

    @property
    def ahead(self) -> int:
        """How many messages leave before the database is asked again."""
        return min(int(self.pace.per_s * AHEAD_S), MOST_AHEAD)

    def step(self) -> bool:
        """Do one round; tell whether there was anything to do."""
        done = self._flush()
        if not self.senders.halting.is_set():
            now = self.clock()
            self._claim(now)
            self._begin(now)
        return bool(done or self.senders.flying or self.waiting)

    def _claim(self, now: datetime) -> None:
        room = self.threads + 2 * self.ahead - self.senders.up - len(self.waiting)
        if room < min(self.threads, claims.CLAIM) // 2:
            return
        most = max(room, claims.CLAIM)
        found = claims.claim(self.owner, now, most, self.memory)
        self.has_more = len(found) == most
        self.waiting = _in_order(self.waiting + found, self.threads // 4)

    def _begin(self, now: datetime) -> None:
        free = self.threads + self.ahead - self.senders.up
        if not self.waiting or free < self.threads // 2:
            return
        going = claims.begin(self.waiting[:free], self.owner, now)
        self.waiting = self.waiting[free:]
        for job in going:
            self.senders.hand(job)

    def _flush(self) -> int:
        """Record what has landed, after a moment of waiting for more."""
        by_s = time.monotonic() + FLUSH_S
        while time.monotonic() < by_s and (up := self.senders.up):
            if (self.has_more or self.waiting) and up < self.threads:
                break  # a thread is about to have nothing to do
            time.sleep(LOOK_S)
        fresh = self.senders.landed()
        self.landed += fresh
        self.pace.add(len(fresh))
        # Kept until they are written: the database may be away for a while.
        self.sent += recording.record(self.landed, self.owner, self.clock())
        count, self.landed = len(self.landed), []
        if self.senders.oldest_s() > HUNG_S:
            raise HungError("a request does not come back")
        if self.diary is not None and not self.senders.flying:
            self.diary.empty()
        return count

    def close(self) -> None:
        """Finish what is under way, give back the rest."""
        self.senders.halting.set()
        while self.senders.flying:
            self.step()
        held = claims.of_owner(self.owner, self.waiting)
        claims.release_claims(held, self.clock())
        self.waiting = []
        self.senders.end()
        if self.diary is not None:
            self.diary.close()
        sweeping.leave(self.owner)


def _in_order(claimed: list[Job], few: int) -> list[Job]:
    """Order what is claimed by lanes, but a few notices in front.

    It was their turn; each further claim of a large alert would else go before them.
    """
    ordered = sorted(claimed, key=lambda job: job.lane)
    notices = [job for job in ordered if job.lane == Lane.NOTICE]
    first = notices[: max(few, 1)]
    marks = {id(job) for job in first}
    return first + [job for job in ordered if id(job) not in marks]


def run(owner: str, stopping: threading.Event, beat: Callable[[datetime], None]) -> int:
    """Send until told to stop; return how many results were recorded.

    A database that goes away is asked again; what has landed meanwhile is kept.
    """
    sender = Sender(owner, settings.DISPATCH_THREADS, diary=Diary(owner))
    while not stopping.is_set():
        try:
            beat(timezone.now())
            busy = sender.step()
        except (DatabaseError, InterfaceError) as error:
            if not outages.is_away(error):
                raise
            logger.error("the database is away: %s", type(error).__name__)
            connection.close()
            busy = False
        if not busy:
            stopping.wait(IDLE_S)
    sender.close()
    return sender.sent


def drain(now: datetime, threads: int = 8, rounds: int = 100_000) -> int:
    """Send everything that is due at one moment; for tests and rehearsals."""
    sender = Sender(f"drain-{secrets.token_hex(8)}", threads, lambda: now)
    sweeping.beat(sender.owner, now)
    for _ in range(rounds):
        if not sender.step():
            break
    sender.close()
    sweeping.beat(sender.owner, now)
    sent = sender.sent + ticking.errands(sender.owner, lambda: now)
    sweeping.leave(sender.owner)
    return sent
