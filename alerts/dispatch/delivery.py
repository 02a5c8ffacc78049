"""Send what is due in threads, from one place that alone touches the database."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from alerts.dispatch import claims, posting, sweeping
from alerts.dispatch.claims import Job, Result
from alerts.dispatch.models import Message

logger = logging.getLogger(__name__)

FLUSH_S = 0.1
IDLE_S = 0.2


class Sender:
    """Claims, hands jobs to threads, and flushes their results every 100 ms."""

    def __init__(
        self, owner: str, threads: int, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        self.owner = owner
        self.threads = threads
        self.clock = clock
        self.waiting: list[Job] = []
        self.flying = 0
        self.results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="send")
        self.sent = 0

    def step(self, stopping: bool = False) -> bool:
        """Do one round; tell whether there was anything to do."""
        done = self._flush()
        now = self.clock()
        if not stopping and len(self.waiting) < self.threads:
            self.waiting += claims.claim(self.owner, now)
        free = self.threads - self.flying
        if self.waiting and free and not stopping:
            chosen, self.waiting = self.waiting[:free], self.waiting[free:]
            for job in claims.begin(chosen, self.owner, now):
                self.flying += 1
                self.pool.submit(claims.send, job, self.clock).add_done_callback(
                    self._landed(job)
                )
        return bool(done or self.flying or self.waiting)

    def _landed(self, job: Job) -> Callable[["Future[Result]"], None]:
        def take(future: "Future[Result]") -> None:
            error = future.exception()
            if error is None:
                self.results.put(future.result())
                return
            # A transport that raises what it should not: unclear, never lost.
            name = type(error).__name__
            logger.error("message %s: %s", job.outgoing.uid, name)
            self.results.put(
                Result(job=job, state="unclear", ended_at=self.clock(), words=name)
            )

        return take

    def _flush(self) -> int:
        """Record what has landed, waiting a moment for the first result."""
        landed: list[Result] = []
        try:
            if self.flying:
                landed.append(self.results.get(timeout=FLUSH_S))
            while True:
                landed.append(self.results.get_nowait())
        except queue.Empty:
            self.flying -= len(landed)
        self.sent += claims.record(landed, self.owner, self.clock())
        return len(landed)

    def close(self) -> None:
        """Finish what began, give back the rest."""
        while self.flying:
            self.step(stopping=True)
        ids = [job.message_id for job in self.waiting]
        claimed = Message.objects.filter(pk__in=ids, lease_owner=self.owner)
        claims.release_claims(claimed, self.clock())
        self.waiting = []
        self.pool.shutdown()


def run(owner: str, stopping: threading.Event, beat: Callable[[datetime], None]) -> int:
    """Send until told to stop; return how many results were recorded."""
    sender = Sender(owner, settings.DISPATCH_THREADS)
    while not stopping.is_set():
        busy = sender.step()
        beat(timezone.now())
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
    return sender.sent + posting.post_due(now)
