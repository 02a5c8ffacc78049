"""`manage.py rehearse`: play the whole story without a browser, and print figures."""

import json
import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alerts.exercises import staging
from alerts.exercises.figures import Figures
from alerts.exercises.play import Play
from alerts.exercises.provider.faults import Faults, FaultsError
from alerts.exercises.staging import Stage, StageError
from consular.processes import stop_on_signals

LOOK_EVERY_S = 0.25
PATIENCE_S, STORY_S = 120.0, 2400.0


class Command(BaseCommand):
    """Play the story to its end, in a database of its own; fail if sums are wrong."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON only")
        parser.add_argument("--registrations", type=int, default=20_000)
        parser.add_argument("--speed", type=float, default=60.0)
        parser.add_argument("--faults", default="", help="JSON; see provider/faults.py")
        parser.add_argument("--keep", action="store_true", help="keep the folder")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Faults.parse(options["faults"])
            stage = staging.entered()
            if stage is None:
                folder = Path(tempfile.mkdtemp(prefix="muster-rehearsal-"))
                ports = (0, 0, 0, 0)
                stage = staging.build(
                    folder, options["speed"], ports, options["faults"]
                )
                staging.enter(stage, sys.argv[1:])
        except (StageError, FaultsError) as error:
            raise CommandError(str(error)) from None
        try:
            figures = self._play(stage, options["registrations"])
        except StageError as error:
            raise CommandError(str(error)) from None
        finally:
            if not options["keep"]:
                shutil.rmtree(stage.folder, ignore_errors=True)
        self._print(figures, options["json"])
        if figures.wrong:
            raise CommandError("; ".join(figures.wrong))

    def _say(self, line: str) -> None:
        self.stderr.write(f"{timezone.now():%H:%M:%S} {line}")

    def _play(self, stage: Stage, registrations: int) -> Figures:
        play = Play(stage, hands_on=False, say=self._say)
        stop_on_signals(play.supervisor.stopping)
        self._say(f"preparing {registrations:,} registrations")
        play.prepare(registrations, lambda done, of: None)
        try:
            play.start()
            self._say(f"playing at {stage.web_url}, {stage.speed:g} times as fast")
            return self._follow(play)
        finally:
            play.stop()

    def _follow(self, play: Play) -> Figures:
        by_s = PATIENCE_S + STORY_S / play.stage.speed
        told, waited_s = 0, 0.0
        while not play.is_over():
            if play.supervisor.stopping.wait(LOOK_EVERY_S):
                raise StageError("stopped before the end")
            waited_s += LOOK_EVERY_S
            if waited_s > by_s:
                figures = play.measure(timezone.now())
                waits_for = play.waits_for()
                figures.wrong.append(f"after {by_s:.0f} s it waits for {waits_for}")
                return figures
            play.advance(timezone.now())
            for line in play.story.said[told:]:
                self._say(line.replace("_", " "))
            told = len(play.story.said)
        return play.measure(timezone.now())

    def _print(self, figures: Figures, as_json: bool) -> None:
        found = figures.as_dict()
        if as_json:
            self.stdout.write(json.dumps(found, indent=1))
            return
        for name, value in found.items():
            self.stdout.write(f"{name:22} {json.dumps(value)}")
        self.stdout.write(f"processors             {os.cpu_count()}")
