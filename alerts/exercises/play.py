"""Play the story: prepare the stage, start the processes, go on until it is over."""

import json
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from alerts.checkins.models import Inbound
from alerts.dispatch.models import Message, Publication, Receipt
from alerts.exercises import clearing, crew, figures, journal, population, story
from alerts.exercises.population import Population
from alerts.exercises.staging import Stage, StageError
from alerts.exercises.story import Story
from consular.processes import GRACE_S, Supervisor

BEFORE_THE_QUAKE_S = 60.0
START_S = 300.0
QUIET_S = 1.5  # nothing has been pending for so long: it is over

Say = Callable[[str], None]


class Play:
    """One run of the story on a stage.

    Parameters
    ----------
    say : callable
        Gets a line about whatever happens to a process.
    """

    def __init__(self, stage: Stage, *, hands_on: bool, say: Say) -> None:
        self.stage = stage
        self.hands_on = hands_on
        self.say = say
        self.supervisor = Supervisor(
            [stage.stand_ins(), stage.muster()], say=say, grace_s=2 * GRACE_S
        )
        self.story: Story
        self.crew: crew.Crew
        self._quiet_since_s: float | None = None

    def prepare(self, count: int, on_progress: Callable[[int, int], None]) -> None:
        """Make the database, the crew and the people; clear what an earlier run left.

        Raises
        ------
        StageError
            When the database holds registrations, and none was made for an exercise.
        """
        call_command("migrate", interactive=False, verbosity=0)
        if population.is_others_place():
            raise StageError(
                "this database holds registrations, and none that an exercise made; "
                "give an exercise a database of its own (DATABASE_URL)"
            )
        now = timezone.now()
        clearing.clear_events()
        clearing.clear_invented(but_of=now.date())
        self.crew = crew.muster(now)
        if not population.is_there():
            people = Population(count, now.date(), self.stage.seed)
            population.fill(people, now, lambda done: on_progress(done, count))
        self.stage.journal.unlink(missing_ok=True)

    def start(self) -> None:
        """Start the processes; the earthquake comes a minute later (÷ speed)."""
        connection.close()
        self.supervisor.start()
        self._wait_for_web()
        pause = timedelta(seconds=BEFORE_THE_QUAKE_S / self.stage.speed)
        quake_at = timezone.now() + pause
        self.supervisor.add(self.stage.feeds(quake_at))
        story.set_sources(self.stage.feeds_url, self.stage.poll_every_s, timezone.now())
        self.story = Story(quake_at, self.stage.speed, self.crew, self.hands_on)

    def _wait_for_web(self) -> None:
        by_s = time.monotonic() + START_S
        while _fetched(self.stage.web_url + "/health") is None:
            self.supervisor.look()
            if time.monotonic() > by_s or self.supervisor.stopping.is_set():
                log = self.stage.path / "log" / "muster.log"
                raise StageError(f"Muster did not start; see {log}")
            self.supervisor.stopping.wait(0.2)

    def advance(self, now: datetime) -> None:
        """Keep the processes running and let the story go on."""
        self.supervisor.look()
        self.story.advance(now)

    def is_over(self) -> bool:
        """Tell whether all has been sent, received, answered and read."""
        if self.waits_for():
            self._quiet_since_s = None
            return False
        now_s = time.monotonic()
        self._quiet_since_s = self._quiet_since_s or now_s
        return now_s - self._quiet_since_s >= QUIET_S

    def waits_for(self) -> str:
        """Say what is still to happen; nothing when the story has come to its end."""
        alert = self.story.alert
        if alert is None or alert.released_at is None:
            return "the alert's release"
        state = _fetched(self.stage.provider_url + "/state.json")
        if state is None or state["pending"]:
            return "receipts and answers at the provider"
        for name, row in (
            ("messages", Message.objects.filter(state__in=figures.UNFINISHED)),
            ("posts", Publication.objects.filter(state__in=figures.UNFINISHED)),
            ("receipts", Receipt.objects.filter(applied_at=None)),
            ("answers", Inbound.objects.filter(state=Inbound.State.NEW)),
        ):
            if count := row.count():
                return f"{count} {name} that were not worked on"
        return ""

    def measure(self, now: datetime) -> figures.Figures:
        """Gather the figures, and say what does not add up."""
        return figures.measure(self.story, journal.read(self.stage.journal), now)

    def stop(self) -> None:
        """End all processes."""
        self.supervisor.stop()


def _fetched(url: str) -> dict[str, Any] | None:
    """Fetch JSON from one of our own processes; nothing while it does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError):
        return None
