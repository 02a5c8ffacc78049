"""Where an exercise plays: its folder, its ports, its speed, its processes.

Settings are read once, when Django starts. So a command that needs a stage of its own
sets the environment and becomes itself again; all child processes inherit it.
"""

import contextlib
import itertools
import json
import os
import socket
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from consular.modes import Mode
from consular.processes import Service, manage

VARIABLE = "MUSTER_EXERCISE_STAGE"
HOST = "127.0.0.1"
HOLD_S, ALONE_HOLD_S = 30.0, 60.0
POLL_EVERY_S = 15.0


class StageError(ValueError):
    """Say why no exercise can be played here, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A place for one exercise; everything in it listens on this machine only."""

    folder: str
    web_port: int
    provider_port: int
    smtp_port: int
    feeds_port: int
    speed: float
    faults: str = ""
    seed: int = 1

    @property
    def path(self) -> Path:
        """The folder with the database, the journal and the logs."""
        return Path(self.folder)

    @property
    def web_url(self) -> str:
        """Muster's address."""
        return f"http://{HOST}:{self.web_port}"

    @property
    def provider_url(self) -> str:
        """The address of the stand-ins: phones, mails and posts."""
        return f"http://{HOST}:{self.provider_port}"

    @property
    def feeds_url(self) -> str:
        """The address of the recorded feeds."""
        return f"http://{HOST}:{self.feeds_port}"

    @property
    def journal(self) -> Path:
        """The provider's journal."""
        return self.path / "provider.jsonl"

    @property
    def poll_every_s(self) -> int:
        """How often the feeds are read."""
        return max(1, round(POLL_EVERY_S / self.speed))

    def environment(self) -> dict[str, str]:
        """Return the settings of this stage, as environment variables."""
        return {
            "MUSTER_MODE": Mode.EXERCISE.value,
            "MUSTER_DATA_DIR": self.folder,
            "MUSTER_PUBLIC_URL": self.web_url,
            "MUSTER_ALLOWED_HOSTS": f"{HOST},localhost,[::1]",
            "MUSTER_SIMULATED_PROVIDER_URL": self.provider_url,
            "MUSTER_SIMULATED_SMTP_PORT": str(self.smtp_port),
            "MUSTER_EXERCISE_FEEDS": f"{HOST}:{self.feeds_port}",
            "MUSTER_SPEED": str(self.speed),
            "MUSTER_HOLD_S": str(round(HOLD_S / self.speed, 2)),
            "MUSTER_BREAK_GLASS_HOLD_S": str(round(ALONE_HOLD_S / self.speed, 2)),
            VARIABLE: json.dumps(asdict(self)),
        }

    def _service(self, name: str, *words: str) -> Service:
        log = self.path / "log" / f"{name}.log"
        return Service(name=name, words=manage(*words), log=log)

    def stand_ins(self) -> Service:
        """Return the simulated provider with its people."""
        words = ["--port", str(self.provider_port), "--smtp-port", str(self.smtp_port)]
        words += ["--journal", str(self.journal), "--seed", str(self.seed), "--people"]
        words += ["--faults", self.faults] if self.faults else []
        return self._service("provider", "simulated_provider", *words)

    def muster(self) -> Service:
        """Return Muster itself: web, dispatch and queue."""
        return self._service("muster", "serve", "--port", str(self.web_port))

    def feeds(self, quake_at: datetime) -> Service:
        """Return the recorded feeds, in which the earthquake happens at a moment."""
        words = ["--port", str(self.feeds_port), "--quake-at", quake_at.isoformat()]
        return self._service("feeds", "recorded_feeds", *words)


def free_port(first: int) -> int:
    """Return the next port from `first` on that is free, and claim it; 0 takes any.

    What is to listen there starts minutes later, when the database is filled, and
    another exercise must not find the port free until then: the UDP port of the same
    number is held for as long as this process lives, over `enter` too.

    Raises
    ------
    StageError
        When none of the next hundred is free.
    """
    # The system may hand out again a port it has just taken back: 0 is tried again too.
    for port in range(first, first + 100) if first else itertools.repeat(0, 100):
        if found := _claim(port):
            return found
    wanted = f"no port from {first} to {first + 99} is" if first else "no port is"
    raise StageError(f"{wanted} free")


def _claim(port: int) -> int:
    """Return the port when nobody listens on it or has claimed it, else 0."""
    with socket.socket(socket.AF_INET) as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        found: int = probe.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim:
            claim.bind((HOST, found))
            claim.set_inheritable(True)
            claim.detach()
        return found
    return 0


def build(
    folder: Path, speed: float, ports: tuple[int, int, int, int], faults: str = ""
) -> Stage:
    """Find free ports (web, provider, SMTP, feeds) and return the stage."""
    if not speed > 0:
        raise StageError("the speed is a number above 0")
    web, provider, smtp, feeds = (free_port(port) for port in ports)
    return Stage(
        folder=str(folder),
        web_port=web,
        provider_port=provider,
        smtp_port=smtp,
        feeds_port=feeds,
        speed=speed,
        faults=faults,
    )


def entered() -> Stage | None:
    """Return the stage that this process was started on, if any."""
    found = os.environ.pop(VARIABLE, "")
    if not found:
        return None
    if settings.MODE != Mode.EXERCISE:
        raise StageError("this installation is live; exercises have one of their own")
    return Stage(**json.loads(found))


def enter(stage: Stage, words: list[str]) -> None:
    """Become the same command again, on the stage."""
    stage.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    environment = os.environ | stage.environment()
    sys.stdout.flush()
    os.execve(sys.executable, manage(*words), environment)
