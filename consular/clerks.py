"""Write to the database beside the thread that asks, on connections of their own.

For work of which Python's share and the database's are both long: one prepares, the
clerks wait for the database, and Python does not wait with them.
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from types import TracebackType

from django.db import connections

# A clerk whose statement is done waits for its turn of Python; by default 5 ms, which
# is as long as many a statement.
SWITCH_S = 0.000_2
_Task = tuple["Future[None]", Callable[[], None]]


class Clerks:
    """Threads that do what they are handed, in a `with` block; it ends with them.

    Left by an exception, what nobody has begun is not begun.
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"clerk-{number}", daemon=True)
            for number in range(count)
        ]

    def __enter__(self) -> "Clerks":
        """Begin."""
        self._switch_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is begun, and close the connections."""
        if kind is not None:
            self._drop()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        sys.setswitchinterval(self._switch_s)

    def hand(self, work: Callable[[], None]) -> "Future[None]":
        """Have something done; what it raises, `result()` of the answer raises."""
        future: Future[None] = Future()
        self._tasks.put((future, work))
        return future

    def _drop(self) -> None:
        try:
            while True:
                task = self._tasks.get_nowait()
                if task is not None:
                    task[0].cancel()
        except Empty:
            return

    def _work(self) -> None:
        try:
            while (task := self._tasks.get()) is not None:
                _do(*task)
        finally:
            connections.close_all()


def _do(future: "Future[None]", work: Callable[[], None]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        work()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(None)
