"""Child processes: start by command, restart what dies, leave no orphan.

Each child leads a process group of its own, so that Ctrl-C reaches the supervisor
alone, which then ends the groups in order. A child gets SIGTERM when its supervisor
dies (Linux), and what is left of a group is killed when its leader has gone: a queue
whose main process was killed leaves its workers running otherwise.

Run as a program (`python consular/processes.py PARENT_PID COMMAND…`) it is the small
launcher that sets this up and becomes the command. A `preexec_fn` would do the same,
but may hang in a supervisor that has threads.
"""

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

PR_SET_PDEATHSIG = 1
GRACE_S = 8.0  # between SIGTERM and SIGKILL
STEADY_S = 30.0  # a child that ran this long is restarted at once again
LONGEST_WAIT_S = 10.0
LOOK_EVERY_S = 0.2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A command that is to run for as long as its supervisor does."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


def manage(*words: str) -> list[str]:
    """Return the command line of one of our own commands."""
    root = Path(__file__).resolve().parent.parent
    return [sys.executable, str(root / "manage.py"), *words]


class Child:
    """One running copy of a service, and its process group."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.started_s = time.monotonic()
        self._log = self._open_log()
        launcher = [sys.executable, "-IS", str(Path(__file__)), str(os.getpid())]
        self._process = subprocess.Popen(
            [*launcher, *service.words],
            env={**os.environ, **service.environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def _open_log(self) -> IO[bytes] | None:
        if self.service.log is None:
            return None
        self.service.log.parent.mkdir(parents=True, exist_ok=True)
        return self.service.log.open("ab")

    @property
    def pid(self) -> int:
        """The leader's process id, which is the group's too."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return the leader's exit code, or nothing while it runs."""
        return self._process.poll()

    def ask_to_end(self) -> None:
        """Send SIGTERM to the leader, which ends its own workers.

        A SIGTERM to all of django-q2's processes may kill one that holds a lock which
        the leader then waits for.
        """
        self._process.terminate()

    def kill(self) -> None:
        """Kill the whole group, if any of it is left."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def end(self, by_s: float) -> None:
        """Wait for the leader until a monotonic time, then kill what is left."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=max(0.0, by_s - time.monotonic()))
        self.kill()
        self._process.wait()
        if self._log is not None:
            self._log.close()


class Supervisor:
    """Keep services running until told to stop.

    Not for several threads: a child dies with the *thread* that started it, so the
    thread that calls `start` must be the one that calls `look`.

    Parameters
    ----------
    services : sequence of Service
        Started in this order, stopped in the opposite one.
    say : callable
        Gets one line about whatever happens to a child.
    grace_s : float
        Between asking to end and killing; longer than that of supervisors inside.
    """

    def __init__(
        self,
        services: Sequence[Service],
        say: Callable[[str], None] = logger.info,
        grace_s: float = GRACE_S,
    ) -> None:
        self._services = list(services)
        self._say = say
        self._grace_s = grace_s
        self._children: dict[str, Child] = {}
        self._due_s: dict[str, float] = {}
        self._wait_s: dict[str, float] = {}
        self._restarts = 0
        self.stopping = threading.Event()

    @property
    def restarts(self) -> int:
        """How many times a child was started again."""
        return self._restarts

    def pids(self) -> dict[str, int]:
        """Return the leaders' process ids by service."""
        return {name: child.pid for name, child in self._children.items()}

    def start(self) -> None:
        """Start every service that does not run yet."""
        for service in self._services:
            if service.name not in self._children:
                self._children[service.name] = Child(service)

    def add(self, service: Service) -> None:
        """Start one more service, and keep it running like the others."""
        self._services.append(service)
        self.start()

    def look(self) -> None:
        """Bury what has died, and start it again when its wait is over."""
        now_s = time.monotonic()
        for service in self._services:
            child = self._children.get(service.name)
            if child is not None and child.exit_code() is not None:
                self._bury(service, child, now_s)
            elif child is None and now_s >= self._due_s.get(service.name, 0):
                self._restart(service, now_s)

    def _restart(self, service: Service, now_s: float) -> None:
        """Start a service again; a machine with no room for it now may have some soon.

        The others go on meanwhile: ending here would end all of them.
        """
        try:
            self._children[service.name] = Child(service)
        except OSError as error:
            self._due_s[service.name] = now_s + LONGEST_WAIT_S
            self._say(f"{service.name} could not be started: {type(error).__name__}")
            return
        self._restarts += 1

    def _bury(self, service: Service, child: Child, now_s: float) -> None:
        code = child.exit_code()
        child.end(now_s)
        del self._children[service.name]
        waited_s = self._wait_s.get(service.name, 0.25)
        steady = now_s - child.started_s >= STEADY_S
        wait_s = 0.25 if steady else min(waited_s * 2, LONGEST_WAIT_S)
        self._wait_s[service.name] = wait_s
        self._due_s[service.name] = now_s + wait_s
        self._say(f"{service.name} ended with {code}; starting it again")

    def replace(self, name: str) -> None:
        """Kill a service's whole group; the next look starts it again."""
        child = self._children.get(name)
        if child is not None:
            child.kill()

    def stop(self) -> None:
        """End all children, the last one first; kill what does not go in time."""
        children = list(self._children.values())[::-1]
        for child in children:
            child.ask_to_end()
        by_s = time.monotonic() + self._grace_s
        for child in children:
            child.end(by_s)
        self._children.clear()

    def run(self, every_look: Callable[[], None] = lambda: None) -> None:
        """Start all, keep them running until `stopping` is set, then end them."""
        try:
            self.start()
            while not self.stopping.wait(LOOK_EVERY_S):
                self.look()
                every_look()
        finally:
            self.stop()


def stop_on_signals(stopping: threading.Event) -> None:
    """Set an event at the first Ctrl-C or SIGTERM; a second Ctrl-C does not wait."""

    def handle(number: int, frame: FrameType | None) -> None:
        if stopping.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stopping.set()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


def beat() -> None:
    """Touch the heartbeat file of the queue in which this runs (a queue's task)."""
    path = os.environ.get("MUSTER_QUEUE_BEAT")
    if path:
        Path(path).touch()


def _become(parent: int, words: list[str]) -> None:
    """Ask for SIGTERM at the parent's death, then become the command."""
    with contextlib.suppress(OSError, AttributeError):  # Linux has it, others do not
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before it could be asked for
        sys.exit(1)
    os.execvp(words[0], words)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
