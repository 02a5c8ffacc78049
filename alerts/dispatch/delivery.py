"""Send what is due in threads, from one place that alone touches the database."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone

from alerts.dispatch import claims, recording, sending, sweeping, ticking
from alerts.dispatch.jobs import Job
from alerts.dispatch.sending import Result

logger = logging.getLogger(__name__)

FLUSH_S = 0.1
IDLE_S = 0.2
# A transport gives up after 10 s; a thread that is gone for longer hangs for good.
HUNG_S = 25.0
# Requests announced for each thread, so that no thread waits for the database.
AHEAD = 3


class HungError(RuntimeError):
    """Say that a sender thread does not come back; only a new process helps."""


class Sender:
    """Claims, hands jobs to threads, and flushes their results every 100 ms."""

    def __init__(
        self, owner: str, threads: int, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        self.owner = owner
        self.threads = threads
        self.clock = clock
        self.waiting: list[Job] = []
        self.memory: claims.Memory = {}
        self.flying: dict[int, float] = {}
        self.landed: list[Result] = []
        self.results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="send")
        self.halting = threading.Event()
        self.sent = 0

    def step(self) -> bool:
        """Do one round; tell whether there was anything to do."""
        done = self._flush()
        if not self.halting.is_set():
            now = self.clock()
            if len(self.waiting) < self.threads * 3 // 2:
                found = claims.claim(self.owner, now, memory=self.memory)
                self.waiting = sorted(self.waiting + found, key=lambda job: job.lane)
            self._begin(now)
        return bool(done or self.flying or self.waiting)

    def _begin(self, now: datetime) -> None:
        free = self.threads * AHEAD - len(self.flying)
        if not self.waiting or free < self.threads // 2:
            return
        chosen, rest = self.waiting[:free], self.waiting[free:]
        going = claims.begin(chosen, self.owner, now)
        self.waiting = rest
        for job in going:
            self.flying[job.message_id] = time.monotonic()
            self.pool.submit(
                sending.send, job, self.clock, self.halting
            ).add_done_callback(self._landed(job))

    def _landed(self, job: Job) -> Callable[["Future[Result]"], None]:
        def take(future: "Future[Result]") -> None:
            error = future.exception()
            if error is None:
                self.results.put(future.result())
                return
            name = type(error).__name__
            logger.error("message %s: %s", job.outgoing.uid, name)
            self.results.put(sending.broke(job, error, self.clock()))

        return take

    def _flush(self) -> int:
        """Record what has landed, after a moment of waiting for more."""
        by_s = time.monotonic() + FLUSH_S
        while self.flying and (left_s := by_s - time.monotonic()) > 0:
            try:
                self._take(self.results.get(timeout=left_s))
            except queue.Empty:
                break
            if len(self.landed) >= self.threads * 3 // 2 or not self.flying:
                break
        while not self.results.empty():
            self._take(self.results.get_nowait())
        self._look_for_hung()
        count = len(self.landed)
        self.sent += recording.record(self.landed, self.owner, self.clock())
        self.landed = []
        return count

    def _take(self, result: Result) -> None:
        self.landed.append(result)
        self.flying.pop(result.job.message_id, None)

    def _look_for_hung(self) -> None:
        oldest = min(self.flying.values(), default=None)
        if oldest is not None and time.monotonic() - oldest > HUNG_S:
            raise HungError("a request does not come back")

    def close(self) -> None:
        """Finish what is under way, give back the rest."""
        self.halting.set()
        while self.flying:
            self.step()
        ids = [job.message_id for job in self.waiting]
        claims.release_claims(claims.of_owner(self.owner, ids), self.clock())
        self.waiting = []
        self.pool.shutdown()
        sweeping.leave(self.owner)


def run(owner: str, stopping: threading.Event, beat: Callable[[datetime], None]) -> int:
    """Send until told to stop; return how many results were recorded.

    A database that goes away is asked again; what has landed meanwhile is kept.
    """
    sender = Sender(owner, settings.DISPATCH_THREADS)
    while not stopping.is_set():
        try:
            beat(timezone.now())
            busy = sender.step()
        except (OperationalError, InterfaceError) as error:
            logger.error("the database is away: %s", type(error).__name__)
            connection.close()
            busy = False
        if not busy:
            stopping.wait(IDLE_S)
    sender.close()
    return sender.sent


def drain(now: datetime, threads: int = 8, rounds: int = 100_000) -> int:
    """Send everything that is due at one moment; for tests and rehearsals."""
    sender = Sender(f"drain-{threading.get_ident()}", threads, lambda: now)
    sweeping.beat(sender.owner, now)
    for _ in range(rounds):
        if not sender.step():
            break
    sender.close()
    sweeping.beat(sender.owner, now)
    sent = sender.sent + ticking.errands(sender.owner, now)
    sweeping.leave(sender.owner)
    return sent
