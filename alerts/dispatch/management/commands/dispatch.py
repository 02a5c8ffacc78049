"""`manage.py dispatch`: send messages until told to stop."""

import json
import os
import signal
import socket
import threading
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone

from alerts.dispatch import delivery, sweeping, ticking

BEAT_EVERY = timedelta(seconds=1)


class Command(BaseCommand):
    """Claim and send messages; any number of these run side by side."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when none is due")
        parser.add_argument("--json", action="store_true", help="print figures")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = f"{socket.gethostname()[:20]}-{os.getpid()}"
        once = options["once"]
        sent = delivery.drain(timezone.now()) if once else self._run(owner)
        if options["json"]:
            self.stdout.write(json.dumps({"worker": owner, "recorded": sent}))

    def _run(self, owner: str) -> int:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        ticker = threading.Thread(target=self._tick, args=(stopping,), daemon=True)
        sweeping.beat(owner, timezone.now())
        ticker.start()
        return delivery.run(owner, stopping, Beat(owner))

    def _tick(self, stopping: threading.Event) -> None:
        """Tick in a thread of its own, so that asking never holds up sending."""
        while not stopping.wait(1):
            try:
                ticking.tick(timezone.now())
            except Exception as error:  # the next second tries again
                self.stderr.write(f"tick: {type(error).__name__}")
                close_old_connections()


class Beat:
    """Writes a worker's heartbeat once a second at the most."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.last = timezone.now() - BEAT_EVERY

    def __call__(self, now: datetime) -> None:
        """Beat when a second has passed."""
        if now - self.last >= BEAT_EVERY:
            sweeping.beat(self.owner, now)
            self.last = now
