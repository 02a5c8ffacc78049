"""`serve` runs web, dispatch and queue, and replaces a queue that runs no task."""

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django_q.models import OrmQ

from consular import processes
from consular.missions.management.commands import serve
from consular.missions.management.commands.serve import QueueWatch
from consular.processes import Supervisor
from tests.exercises.stand_ins import eventually
from tests.scratch import Scratch, scratch
from tests.siege import descendants


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


def test_a_queue_killed_half_started_leaves_the_next_one_longer_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    watch, queue = QueueWatch(tmp_path), Queue()
    clock = {"s": 1_000.0}
    monkeypatch.setattr(serve.time, "monotonic", lambda: clock["s"])
    waits = []
    for pid in (1, 2, 3, 4, 5, 6):
        queue.pid = pid
        watch.look(queue)
        began, before = clock["s"], queue.replaced
        while queue.replaced == before:
            clock["s"] += 1
            watch.look(queue)
        watch.look(queue)  # it takes a moment until it has gone
        waits.append(clock["s"] - began)
        queue.pid = 0
        watch.look(queue)
    assert waits == [20, 40, 80, 160, 160, 160]
    queue.pid = 7
    watch.look(queue)
    watch.path.touch()
    queue.pid = 8  # it had run something, and died by itself
    watch.look(queue)
    before = queue.replaced
    clock["s"] += 20
    watch.look(queue)
    assert queue.replaced == before + 1


@pytest.mark.django_db
def test_what_a_lost_queue_had_taken_is_due_at_once(tmp_path: Path, now: datetime):
    OrmQ.objects.create(key="muster", payload="", lock=now + timedelta(seconds=110))
    watch, queue = QueueWatch(tmp_path), Queue()
    taken = OrmQ.objects.filter(lock__gt=now)
    for pid, is_taken in ((7, True), (7, True), (0, True), (8, False)):
        queue.pid = pid
        watch.look(queue)
        watch.tick(now)
        assert taken.exists() is is_taken
    OrmQ.objects.update(lock=now + timedelta(seconds=110))
    watch.look(queue)
    watch.tick(now)
    assert taken.exists()  # the new one's own


@pytest.mark.processes
def test_work_of_a_killed_queue_is_done_within_half_a_minute(tmp_path: Path):
    done, killed = tmp_path / "done", tmp_path / "killed"
    with scratch(tmp_path) as room:
        room.ask(
            "import subprocess\nfrom django_q.tasks import async_task\n"
            f"waits = ['sh', '-c', 'test -e {killed} || sleep 100']\n"
            "for _ in range(2): async_task('subprocess.run', waits)\n"
            f"answer = async_task('subprocess.run', ['touch', '{done}'])"
        )
        serving = room.start("serve", "--only", "queue")
        try:
            eventually(lambda: room.ask(TAKEN) >= 3, 60)
            killed.touch()
            os.kill(queue_of(serving.pid), signal.SIGKILL)
            eventually(done.exists, 30)
        finally:
            serving.terminate()
            assert serving.wait(30) == 0


@pytest.mark.processes
@pytest.mark.skipif("MUSTER_QUEUE" not in os.environ, reason="part of make torture")
def test_work_flows_again_whichever_idle_queue_process_is_killed(tmp_path: Path):
    with scratch(tmp_path) as room:
        serving = room.start("serve", "--only", "queue")
        try:
            for number in range(8):
                flows(room, tmp_path / f"before-{number}", 60)
                family = queue_family(serving.pid)
                os.kill(family[number % len(family)], signal.SIGKILL)
                flows(room, tmp_path / f"after-{number}", 30)
        finally:
            serving.terminate()
            assert serving.wait(30) == 0


def flows(room: Scratch, done: Path, longest_s: float) -> None:
    """Enqueue a task and see it done in time."""
    room.ask(
        "from django_q.tasks import async_task\n"
        f"answer = async_task('subprocess.run', ['touch', '{done}'])"
    )
    eventually(done.exists, longest_s)


def queue_family(pid: int) -> list[int]:
    """Return the queue's process and all below it."""
    leader = queue_of(pid)
    return [leader, *sorted(descendants(leader))]


TAKEN = """
from django.utils import timezone
from django_q.models import OrmQ
answer = OrmQ.objects.filter(lock__gt=timezone.now()).count()
"""


def queue_of(pid: int) -> int:
    """Return the queue's own process; a slow one may just be replaced by `serve`."""
    eventually(lambda: queues_of(pid), 60)
    return queues_of(pid)[0]


def queues_of(pid: int) -> list[int]:
    """Return the queues among the children of `serve`."""
    found = []
    (children,) = Path(f"/proc/{pid}/task").glob(f"{pid}/children")
    for child in map(int, children.read_text().split()):
        if b"qcluster" in Path(f"/proc/{child}/cmdline").read_bytes():
            found.append(child)
    return found


@pytest.mark.django_db
def test_serve_says_when_migrations_are_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        serve.MigrationExecutor, "migration_plan", lambda *_: [("people", "0001")]
    )
    with pytest.raises(CommandError, match=r"lacks 1 migrations; run .*migrate"):
        call_command("serve")


def test_what_web_workers_share_holds_no_connection_and_no_thread():
    assert "--preload" in serve._web("127.0.0.1", 8000, 2).words
    said = "import consular.wsgi, threading; from django.db import connections as all_;"
    said += "print(threading.active_count(), [c.connection for c in all_.all()])"
    ended = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-1] == "1 [None]"
