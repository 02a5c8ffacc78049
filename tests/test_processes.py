"""Children are restarted when they die, and none is left when the supervisor goes."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from consular.processes import Service, Supervisor
from tests.exercises.stand_ins import eventually

pytestmark = pytest.mark.processes

# A leader with a worker that ignores SIGTERM: what a killed queue leaves behind.
STUBBORN = (
    "import os,signal,time,sys;"
    "pid=os.fork();"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN) if pid == 0 else None;"
    "open(sys.argv[1],'a').write(f'{os.getpid()}\\n');"
    "time.sleep(600)"
)
PLAIN = (
    "import os,sys,time;open(sys.argv[1],'w').write(str(os.getpid()));time.sleep(600)"
)
OWNER = """
import sys
from pathlib import Path
from consular.processes import Service, Supervisor, stop_on_signals
service = Service(name="one", words=[sys.executable, "-c", sys.argv[1], sys.argv[2]])
supervisor = Supervisor([service])
stop_on_signals(supervisor.stopping)
supervisor.run()
"""


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def stubborn(path: Path) -> Service:
    return Service(name="one", words=[sys.executable, "-c", STUBBORN, str(path)])


def test_a_killed_child_is_started_again_and_its_group_is_gone(tmp_path: Path):
    said: list[str] = []
    service = stubborn(tmp_path / "pids")
    supervisor = Supervisor([service], say=said.append, grace_s=0.2)
    supervisor.start()
    try:
        eventually(lambda: len(pids(tmp_path / "pids")) == 2)
        first = pids(tmp_path / "pids")
        os.kill(supervisor.pids()["one"], signal.SIGKILL)
        eventually(lambda: supervisor.look() or supervisor.restarts == 1)
        eventually(lambda: not any(map(alive, first)))
        eventually(lambda: len(pids(tmp_path / "pids")) == 4)
    finally:
        supervisor.stop()
    assert said == ["one ended with -9; starting it again"]
    eventually(lambda: not any(map(alive, pids(tmp_path / "pids"))))


def test_a_child_that_fails_at_once_is_not_restarted_in_a_tight_loop():
    service = Service(
        name="broken", words=[sys.executable, "-c", "raise SystemExit(3)"]
    )
    said: list[str] = []
    supervisor = Supervisor([service], say=said.append, grace_s=0.2)
    supervisor.start()
    try:
        eventually(lambda: supervisor.look() or supervisor.restarts >= 2)
    finally:
        supervisor.stop()
    assert len(said) <= 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_orphan(tmp_path: Path, number: int):
    path = tmp_path / "pids"
    owner = subprocess.Popen([sys.executable, "-c", OWNER, STUBBORN, str(path)])
    eventually(lambda: len(pids(path)) == 2)
    owner.send_signal(number)
    assert owner.wait(20) == 0
    eventually(lambda: not any(map(alive, pids(path))))


def test_children_end_when_their_supervisor_is_killed(tmp_path: Path):
    path = tmp_path / "pid"
    owner = subprocess.Popen([sys.executable, "-c", OWNER, PLAIN, str(path)])
    eventually(lambda: len(pids(path)) == 1)
    owner.kill()
    owner.wait()
    eventually(lambda: not alive(pids(path)[0]))


def test_what_cannot_be_started_for_now_is_tried_again_and_takes_nobody_along(tmp_path):
    logs = tmp_path / "logs"
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    kept = Service(name="kept", words=words)
    lost = Service(name="lost", words=words, log=logs / "lost.log")
    said: list[str] = []
    supervisor = Supervisor([lost, kept], say=said.append, grace_s=0.2)
    supervisor.start()
    try:
        shutil.rmtree(logs)
        logs.write_text("a file stands where the folder was")
        os.kill(supervisor.pids()["lost"], signal.SIGKILL)
        eventually(lambda: supervisor.look() or len(said) >= 2)
        assert set(supervisor.pids()) == {"kept"}
        logs.unlink()
        eventually(lambda: supervisor.look() or len(supervisor.pids()) == 2)
    finally:
        supervisor.stop()
    assert "lost could not be started: FileExistsError" in said
