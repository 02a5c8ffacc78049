"""The whole story, feed to answer, in real processes; and Ctrl-C ends all of them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exercises.stand_ins import eventually
from tests.scratch import Scratch, scratch
from tests.test_processes import alive

pytestmark = pytest.mark.processes
MANAGE = [sys.executable, str(Path(__file__).resolve().parents[2] / "manage.py")]
LONGEST_S = 240


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Scratch]:
    """An exercise with a database of its own."""
    with scratch(tmp_path, MUSTER_LOG_LEVEL="INFO") as found:
        yield found


def descendants(pid: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rsplit(")", 1)[1].split()
            parents[int(path.parent.name)] = int(fields[1])
    found, waiting = set(), {pid}
    while waiting:
        waiting = {child for child, parent in parents.items() if parent in waiting}
        found |= waiting
    return found


def test_a_rehearsal_adds_up_and_nothing_is_lost(room: Scratch):
    words = [*MANAGE, "rehearse", "--json", "--registrations", "1500", "--speed", "200"]
    ended = subprocess.run(
        words,
        env=room.environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    figures = json.loads(ended.stdout)
    people = figures["people"]
    parts = ("needs_help", "safe", "not_here", "left", "silent", "unreachable")
    assert people["inside"] == sum(people[part] for part in parts) > 100
    assert people["answered"] > 40
    assert figures["answers"]["help"] > 0
    assert figures["provider"]["lost"] == {"sms": 0, "email": 0}
    assert figures["provider"]["duplicates"] == {"sms": 0, "email": 0}
    # A call that was taken is "completed"; the other words are the same.
    by_phone = [figures["messages"].get(name, {}) for name in ("sms", "whatsapp")]
    delivered = sum(states.get("delivered", 0) for states in by_phone)
    assert figures["receipts"]["delivered"] == delivered
    order = ["published", "hazard", "declared", "approved", "released", "first_answer"]
    seconds = [figures["seconds"][stage] for stage in order]
    assert seconds == sorted(seconds)


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="the demo brings its own")
def test_ctrl_c_ends_the_demo_with_all_its_processes(tmp_path: Path):
    words = [*MANAGE, "demo", "--port", "18000", "--registrations", "200"]
    demo = subprocess.Popen(
        [*words, "--speed", "50"],
        env={**os.environ, "MUSTER_DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    log = tmp_path / "log" / "feeds.log"
    try:
        # It migrates an empty database, and starts six processes, before this one.
        eventually(lambda: log.exists() or demo.poll() is not None, LONGEST_S)
        started = descendants(demo.pid)
        demo.send_signal(signal.SIGINT)
        said, _ = demo.communicate(timeout=LONGEST_S)
    finally:
        demo.kill()
    assert demo.returncode == 0, said
    assert len(started) >= 8  # web, dispatch, queue, feeds, provider, their workers
    eventually(lambda: not any(alive(pid) for pid in started))
    assert "officer@example.org" in said
    assert "TOTP" in said
