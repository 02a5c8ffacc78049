"""`manage.py serve`: run web, dispatch and queue on this machine, and watch them."""

import logging
import os
import socket
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.tasks import async_task

from consular.missions import tickers
from consular.processes import Service, Supervisor, manage, stop_on_signals

PARTS = ("web", "dispatch", "queue")
BEAT_EVERY_S = 5.0
BEAT_TOO_OLD_S = 15.0
QUEUE_START_S = 20.0  # a queue that has just been started has no heartbeat yet
LONGEST_START_S = 160.0

logger = logging.getLogger(__name__)


def _web(host: str, port: int, workers: int) -> Service:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    words = [sys.executable, "-m", "gunicorn", "consular.wsgi:application"]
    words += ["--worker-class", "gthread", "--workers", str(workers), "--threads", "8"]
    words += ["--bind", address, "--keep-alive", "75", "--timeout", "60"]
    words += ["--graceful-timeout", "5", "--log-level", "warning"]
    words += ["--chdir", str(settings.BASE_DIR), "--no-control-socket"]
    # Loaded once, in the parent: a worker that dies is there again at once.
    words.append("--preload")
    return Service(name="web", words=words)


def _dispatchers(count: int) -> list[Service]:
    return [
        Service(name=f"dispatch-{number}", words=manage("dispatch"))
        for number in range(1, count + 1)
    ]


class QueueWatch:
    """See to it that the queue runs tasks, and does not only look alive.

    django-q2 hangs for good when a `kill -9` hits the worker that holds its queue's
    lock. So a task is sent that touches a file of *this* queue; when the file is
    15 s old, the group is killed and started again. With several queues on one
    database another one may take the task; more are sent until ours has run one.

    A group that was replaced before it ever ran a task leaves the next one twice as
    long to start: on a machine that is busy enough, each would be killed half started,
    and starting is what keeps it busy.

    What a group that is gone had taken is locked for two minutes, by nobody: as soon as
    another one stands in its place, all that is taken is due at once. Where another
    machine's queue is at work on some of it, a task runs twice, which changes nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "queue-beat"
        self._sent_s = 0.0
        self._started_s = time.monotonic()
        self._start_s = QUEUE_START_S
        self._is_late = False
        self._pid = 0
        self._was_replaced = False

    def service(self) -> Service:
        """Return the queue, which is told where to leave its heartbeat."""
        return Service(
            name="queue",
            words=manage("qcluster"),
            environment={"MUSTER_QUEUE_BEAT": str(self.path)},
        )

    def age_s(self) -> float:
        """Tell how long ago the queue last ran a task, or was started."""
        running_s = time.monotonic() - self._started_s
        if self.path.exists():
            return min(time.time() - self.path.stat().st_mtime, running_s)
        return running_s - (self._start_s - BEAT_TOO_OLD_S)

    def look(self, supervisor: Supervisor) -> None:
        """Replace a queue that has run no task for too long."""
        pid = supervisor.pids().get("queue", 0)
        if pid != self._pid:
            self._was_replaced |= self._pid != 0
            self._pid = pid
            self._have_patience()
            self.path.unlink(missing_ok=True)
            self._started_s = time.monotonic()
        elif pid and self.age_s() >= BEAT_TOO_OLD_S:
            self._is_late = True
            logger.error("the queue has run no task for 15 s; replacing all of it")
            supervisor.replace("queue")

    def _have_patience(self) -> None:
        """Give the next one longer to start if this one never got to a task."""
        longer_s = min(2 * self._start_s, LONGEST_START_S)
        if self.path.exists():
            self._start_s = QUEUE_START_S
        elif self._is_late:
            self._start_s = longer_s
        self._is_late = False

    def tick(self, now: datetime) -> None:
        """Let go of what a lost group had taken, and send the next heartbeat."""
        if self._was_replaced and self._pid:
            self._was_replaced = False
            freed = OrmQ.objects.filter(lock__gt=now).update(lock=now)
            logger.warning("the queue was replaced; %d tasks are due again", freed)
        self._send()

    def _send(self) -> None:
        """Enqueue a heartbeat unless the last one has just been run or sent."""
        now_s = time.monotonic()
        waiting_s = BEAT_EVERY_S if self.age_s() < BEAT_EVERY_S else 1.0
        if now_s - self._sent_s >= waiting_s:
            self._sent_s = now_s
            async_task("consular.processes.beat", ack_failure=True)


def _ticks(watch: QueueWatch | None) -> dict[str, Callable[[datetime], object]]:
    ticks = {name: import_string(path) for name, path in settings.TICKS.items()}
    return ticks | ({"queue": watch.tick} if watch is not None else {})


def _newest_static() -> float:
    def times() -> Iterator[float]:
        for finder in get_finders():
            for path, storage in finder.list([]):
                yield Path(storage.path(path)).stat().st_mtime

    return max(times(), default=0.0)


class Command(BaseCommand):
    """Run web, dispatch and queue; restart what dies; end all at Ctrl-C."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=PARTS, action="append")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-workers", type=int, default=2)
        parser.add_argument("--dispatchers", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        parts = set(options["only"] or PARTS)
        self._refuse_an_old_database()
        if "web" in parts:
            self._refuse_a_taken_port(options["host"], options["port"])
            self._collect_static()
        connection.close()
        with tempfile.TemporaryDirectory(prefix="muster-serve-") as folder:
            watch = QueueWatch(Path(folder)) if "queue" in parts else None
            services = list(self._services(parts, watch, options))
            self._run(services, watch, f"http://{options['host']}:{options['port']}")

    def _services(
        self, parts: set[str], watch: QueueWatch | None, options: dict[str, Any]
    ) -> Iterator[Service]:
        if "web" in parts:
            yield _web(options["host"], options["port"], options["web_workers"])
        if "dispatch" in parts:
            yield from _dispatchers(options["dispatchers"])
        if watch is not None:
            yield watch.service()

    def _run(self, services: list[Service], watch: QueueWatch | None, url: str) -> None:
        supervisor = Supervisor(services, say=logger.warning)
        stop_on_signals(supervisor.stopping)
        tickers.start(_ticks(watch), supervisor.stopping)
        names = ", ".join(service.name for service in services)
        self.stdout.write(f"{names} started (pid {os.getpid()}); {url}")
        self.stdout.flush()
        supervisor.run(lambda: watch.look(supervisor) if watch else None)

    def _refuse_an_old_database(self) -> None:
        try:
            executor = MigrationExecutor(connection)
        except DatabaseError as error:
            raise CommandError(f"the database does not answer: {error}") from None
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            raise CommandError(
                f"the database lacks {len(plan)} migrations; run `manage.py migrate`"
            )

    def _refuse_a_taken_port(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                raise CommandError(
                    f"port {port} is taken; give another one with --port"
                ) from None

    def _collect_static(self) -> None:
        """Collect the static files when they are hashed and the copy is not new."""
        if settings.WHITENOISE_USE_FINDERS:
            return
        manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
        if not manifest.exists() or manifest.stat().st_mtime < _newest_static():
            call_command("collectstatic", interactive=False, verbosity=0)
