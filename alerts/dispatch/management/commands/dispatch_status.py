"""`manage.py dispatch_status`: what is being sent, and whether anyone sends it."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from alerts.dispatch.watching import standing


class Command(BaseCommand):
    """Print messages by lane, channel and state, rates, ages, workers and alarms."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--check", action="store_true", help="fail when none works")

    def handle(self, *args: Any, **options: Any) -> None:
        said = standing.report(timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(said))
        else:
            for name, value in said.items():
                self._print(name, value)
        if options["check"] and not said["workers"]:
            sys.exit(1)

    def _print(self, name: str, value: Any) -> None:
        """Print a figure on a line, a table with a line for each of its rows."""
        if not isinstance(value, dict):
            words = ", ".join(value) if isinstance(value, list) else value
            self.stdout.write(
                f"{name:>14}: {words or ('none' if value == [] else words)}"
            )
            return
        self.stdout.write(f"{name:>14}: {'' if value else 'none'}")
        for key, each in value.items():
            words = each
            if isinstance(each, dict):
                words = ", ".join(f"{n:,} {state}" for state, n in each.items())
            self.stdout.write(f"{'':14}  {key or 'everything'}: {words}")
