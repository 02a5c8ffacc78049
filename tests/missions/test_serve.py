"""`serve` runs web, dispatch and queue, and replaces a queue that runs no task."""

import os
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from consular import processes
from consular.missions.management.commands import serve
from consular.missions.management.commands.serve import QueueWatch
from consular.processes import Supervisor


class Queue(Supervisor):
    """A supervisor of one queue that is never really started."""

    def __init__(self) -> None:
        super().__init__([])
        self.pid = 7
        self.replaced = 0

    def pids(self) -> dict[str, int]:
        return {"queue": self.pid}

    def replace(self, name: str) -> None:
        self.replaced += 1


def test_the_heartbeat_task_touches_the_file_of_its_own_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    watch = QueueWatch(tmp_path)
    for name, value in watch.service().environment.items():
        monkeypatch.setenv(name, value)
    assert not watch.path.exists()
    processes.beat()
    assert watch.path.exists()


def test_a_queue_with_a_fresh_heartbeat_is_left_alone(tmp_path: Path):
    watch, queue = QueueWatch(tmp_path), Queue()
    watch.look(queue)
    watch.path.touch()
    watch.look(queue)
    assert queue.replaced == 0


def test_a_queue_that_ran_nothing_for_15_s_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    watch, queue = QueueWatch(tmp_path), Queue()
    watch.look(queue)
    watch.path.touch()
    old = time.time() - 16
    os.utime(watch.path, (old, old))
    watch.look(queue)
    assert queue.replaced == 0  # it was started a moment ago
    monkeypatch.setattr(serve.time, "monotonic", lambda: watch._started_s + 16)
    watch.look(queue)
    assert queue.replaced == 1
    queue.pid = 8
    watch.look(queue)
    watch.look(queue)
    assert queue.replaced == 1


@pytest.mark.django_db
def test_serve_says_when_migrations_are_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        serve.MigrationExecutor, "migration_plan", lambda *_: [("people", "0001")]
    )
    with pytest.raises(CommandError, match=r"lacks 1 migrations; run .*migrate"):
        call_command("serve")
