"""Run a function on untrusted input in a child process that can be killed.

The child is reused. Each call has a limit of processor time, of wall time and of
memory; a child that passes one is killed and replaced, and the caller gets plain words.
"""

import atexit
import contextlib
import importlib
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

CPU_S, WALL_S, MEMORY_MB = 1.0, 5.0, 500
START_S = 60.0  # a new child imports what it needs; a busy machine takes its time
CHILDREN = 2
_context = multiprocessing.get_context("spawn")


class ChildError(Exception):
    """Say that the work was given up: too slow, too large, or it crashed."""


class ChildLateError(ChildError):
    """Say that the wall time is over: the work hangs, or the machine is busy."""


class ChildRefused(ChildError):  # noqa: N818 - it is the work's own refusal
    """Carry the words with which the function itself refused its input."""


def _resolve(path: str) -> Callable[..., Any]:
    module, _, name = path.rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _serve(pipe: Connection, memory_mb: int) -> None:
    """Answer calls until the pipe is closed; runs in the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            path, args, cpu_s = pipe.recv()
        except (EOFError, OSError):
            return
        work = _resolve(path)  # the first call in a child does not pay for imports
        pipe.send(None)  # the wall time begins
        limit = _memory() + memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        # Processor time of this call alone; passing it ends the child.
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        try:
            answer = (True, work(*args))
        except ValueError as error:
            answer = (False, str(error))
        except MemoryError:
            os._exit(77)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send(answer)


def _memory() -> int:
    """Return how much address space this process has, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


class _Child:
    """One child process and the pipe to it; one call at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: Any = None
        self.pipe: Connection | None = None

    def call(
        self, path: str, args: tuple[Any, ...], cpu_s: float, wall_s: float
    ) -> Any:
        pipe = self._alive()
        try:
            pipe.send((path, args, cpu_s))
            if not pipe.poll(START_S):
                raise ChildLateError("the reader did not start")
            pipe.recv()
            if not pipe.poll(wall_s):
                words = f"reading it took longer than {wall_s:g} seconds"
                raise ChildLateError(words)
            done, answer = pipe.recv()
        except (EOFError, OSError):
            words = self._why()
            self.end()
            raise ChildError(words) from None
        except ChildError:
            self.end()
            raise
        if not done:
            raise ChildRefused(answer)
        return answer

    def _alive(self) -> Connection:
        if self.process is None or not self.process.is_alive() or self.pipe is None:
            self.pipe, other = _context.Pipe()
            self.process = _context.Process(
                target=_serve, args=(other, MEMORY_MB), daemon=True
            )
            with _no_main():
                self.process.start()
            other.close()
        return self.pipe

    def _why(self) -> str:
        self.process.join(1)
        code = self.process.exitcode
        if code == -signal.SIGPROF:
            return "reading it took too much processor time"
        if code == 77:
            return "reading it took too much memory"
        return "reading it made the reader crash"

    def end(self) -> None:
        """Kill the child; the next call starts another."""
        if self.process is not None:
            self.process.kill()
            self.process.join(2)
        self.process, self.pipe = None, None


@contextlib.contextmanager
def _no_main() -> Any:
    """Keep a spawned child from importing the program that started us again."""
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    main.__spec__ = None
    if file is not None:
        del main.__file__
    try:
        yield
    finally:
        main.__spec__ = spec
        if file is not None:
            main.__file__ = file


_children = [_Child() for _ in range(CHILDREN)]


def _free() -> _Child:
    """Return a child whose lock is held by us: an idle one where there is one."""
    for child in _children:
        if child.lock.acquire(blocking=False):
            return child
    _children[0].lock.acquire()
    return _children[0]


def call(path: str, *args: Any, cpu_s: float = CPU_S, wall_s: float = WALL_S) -> Any:
    """Call `module.function` with values in a child process, and return its value.

    Raises
    ------
    ChildRefused
        When the function raised ValueError; with its words.
    ChildLateError
        When the wall time was over; a later call may end in time.
    ChildError
        When it passed another limit or crashed.

    Examples
    --------
    >>> call("math.factorial", 5)
    120
    """
    child = _free()
    try:
        return child.call(path, args, cpu_s, wall_s)
    finally:
        child.lock.release()


@atexit.register
def _end_all() -> None:
    for child in _children:
        child.end()
