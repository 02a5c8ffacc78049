"""`manage.py dispatch_status`: what is being sent, and whether anyone sends it."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count
from django.utils import timezone

from alerts.dispatch import sweeping
from alerts.dispatch.models import Message, Pause, Worker


class Command(BaseCommand):
    """Print messages by state, workers and pauses."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--check", action="store_true", help="fail when none works")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        states = Message.objects.values_list("state").annotate(n=Count("id"))
        alive = Worker.objects.filter(beat_at__gt=now - sweeping.SILENT).count()
        said = {
            "as_of": now.isoformat(),
            "workers": alive,
            "messages": dict(states.order_by("state")),
            "paused": list(Pause.objects.values_list("channel", flat=True)),
        }
        if options["json"]:
            self.stdout.write(json.dumps(said))
        else:
            for name, value in said.items():
                self.stdout.write(f"{name:>10}: {value}")
        if options["check"] and not alive:
            sys.exit(1)
