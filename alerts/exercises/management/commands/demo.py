"""`manage.py demo`: a whole crisis from a recorded feed, to watch and to join."""

import os
import sys
from argparse import ArgumentParser
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alerts.checkins.board import boards
from alerts.exercises import figures, staging
from alerts.exercises.display import SENT, STAGES, Display
from alerts.exercises.figures import PARTS
from alerts.exercises.play import Play
from alerts.exercises.provider.faults import Faults, FaultsError
from alerts.exercises.staging import Stage, StageError
from consular.processes import stop_on_signals

LOOK_EVERY_S = 0.5
COUNT_EVERY = 3  # looks
FIRST_PORTS = (8026, 8025, 8027)  # provider, SMTP, feeds


class Command(BaseCommand):
    """Play the story at a local address, until Ctrl-C."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="or the next free")
        parser.add_argument("--speed", type=float, default=1.0)
        parser.add_argument("--registrations", type=int, default=20_000)
        parser.add_argument("--once", action="store_true", help="end with the story")
        parser.add_argument("--faults", default="", help="JSON; see provider/faults.py")
        parser.add_argument(
            "--hands-on", action="store_true", help="leave the officers' work to you"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Faults.parse(options["faults"])
            stage = staging.entered()
            if stage is None:
                ports = (options["port"], *FIRST_PORTS)
                stage = staging.build(
                    _folder(), options["speed"], ports, options["faults"]
                )
                staging.enter(stage, sys.argv[1:])
            with Display() as display:
                Show(stage, display, options).run()
        except (StageError, FaultsError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            "The exercise has ended. Start it again with the same command."
        )


def _folder() -> Path:
    """Keep the demo apart from an installation that is run from the same folder."""
    if os.environ.get("MUSTER_DATA_DIR"):
        return Path(settings.DATA_DIR)
    return Path(settings.DATA_DIR) / "demo"


class Show:
    """A play with its display."""

    def __init__(self, stage: Stage, display: Display, options: dict[str, Any]) -> None:
        self.display = display
        self.options = options
        self.play = Play(stage, hands_on=options["hands_on"], say=self._say)
        self.told = 0
        self.is_told_to_the_end = False

    def _say(self, line: str) -> None:
        self.display.say(line, timezone.now())
        self.display.draw(timezone.now())

    def run(self) -> None:
        """Prepare, start, and go on until Ctrl-C, or to the story's end."""
        stopping = self.play.supervisor.stopping
        stop_on_signals(stopping)
        self._say(
            "Preparing the database; incidents of an earlier run go, its people stay"
        )
        self.play.prepare(self.options["registrations"], self._filled)
        try:
            self._say("Starting web, dispatch, queue and the stand-ins")
            self.play.start()
            self._introduce()
            looks = 0
            while not stopping.wait(LOOK_EVERY_S):
                looks += 1
                self._look(timezone.now(), counts=looks % COUNT_EVERY == 0)
                if self.is_told_to_the_end and self.options["once"]:
                    return
        finally:
            self._say("Ending all processes")
            self.play.stop()

    def _filled(self, done: int, of: int) -> None:
        self.display.fill("registered", done, of)
        self.display.draw(timezone.now())

    def _introduce(self) -> None:
        stage, now = self.play.stage, timezone.now()
        self.display.introduce(stage, self.play.crew, now)
        wait_s = (self.play.story.quake_at - now).total_seconds()
        self._say(f"The earthquake comes in {wait_s:.0f} s; all its times are moved")
        if self.play.hands_on:
            self._say("Hands on: declare the incident yourself once it is proposed")

    def _look(self, now: datetime, *, counts: bool) -> None:
        self.play.advance(now)
        story = self.play.story
        for line in story.said[self.told :]:
            self.display.say(STAGES.get(line, line), now)
        self.told = len(story.said)
        if counts and story.incident is not None:
            self._count(now)
        if counts and not self.is_told_to_the_end and self.play.is_over():
            self.is_told_to_the_end = True
            self._end(now)
        self.display.draw(now)

    def _count(self, now: datetime) -> None:
        incident = self.play.story.incident
        if incident is None:
            return
        states: Counter[str] = Counter()
        by_channel = figures.message_states(incident)
        for by_state in by_channel.values():
            states.update(by_state)
        sent = sum(states[state] for state in SENT)
        self.display.fill("sent", sent, states.total())
        texts = Counter(by_channel.get("sms"))  # a mail server tells no more
        self.display.fill("delivered", texts["delivered"], texts.total())
        totals = boards.of(incident, now).totals
        inside = totals["inside"]
        self.display.fill("answered", totals["answered"], inside)
        self.display.fill("need help", totals["needs_help"], inside)

    def _end(self, now: datetime) -> None:
        found = self.play.measure(now)
        people = ", ".join(
            f"{found.people[part]} {part.replace('_', ' ')}" for part in PARTS
        )
        self.display.say(f"{found.people['inside']} people inside: {people}", now)
        for line in found.wrong:
            self.display.say(f"Does not add up: {line}", now)
        self.display.say("The story is told; the pages stay up until Ctrl-C", now)
