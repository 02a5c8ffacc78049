"""`manage.py recorded_feeds`: serve recorded feeds with their times moved."""

import asyncio
import signal
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alerts.exercises import feeds
from alerts.exercises.recording import Recording


class Command(BaseCommand):
    """Serve the recorded week; the earthquake happens when it is asked for."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8027)
        parser.add_argument(
            "--quake-at",
            type=datetime.fromisoformat,
            help="with its offset from UTC; else one minute from now",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        quake_at = options["quake_at"] or timezone.now() + timedelta(minutes=1)
        if timezone.is_naive(quake_at):
            raise CommandError("--quake-at needs an offset, such as +00:00")
        try:
            asyncio.run(self._serve(Recording(quake_at), options["port"]))
        except OSError as error:
            raise CommandError(f"the feeds cannot be served: {error}") from None

    async def _serve(self, recording: Recording, port: int) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)

        def say(url: str) -> None:
            self.stdout.write(f"recorded feeds: {url} ({recording.note})")
            self.stdout.flush()

        await feeds.serve(recording, port, stopping, say)
