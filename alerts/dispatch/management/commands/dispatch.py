"""`manage.py dispatch`: send messages until told to stop."""

import json
import os
import secrets
import signal
import socket
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from alerts.dispatch import ticking
from alerts.dispatch.sending import delivery, sweeping

HUNG_EXIT = 70
BEAT_EVERY = timedelta(seconds=1)
# A loop that has not come round for so long is taken for dead, and its claims are lost.
STALLED_S = 15.0


class Command(BaseCommand):
    """Claim and send messages; any number of these run side by side."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when none is due")
        parser.add_argument("--json", action="store_true", help="print figures")

    def handle(self, *args: Any, **options: Any) -> None:
        # Containers may share a host's name and numbers; never claims.
        mark = f"{os.getpid()}-{secrets.token_hex(4)}"
        owner = f"{socket.gethostname()[:18]}-{mark}"
        once = options["once"]
        sent = delivery.drain(timezone.now()) if once else self._run(owner)
        if options["json"]:
            self.stdout.write(json.dumps({"worker": owner, "recorded": sent}))

    def _run(self, owner: str) -> int:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        beat = Beat(owner, f"{owner}-e")
        beat(timezone.now())
        ask = partial(ticking.ask, f"{owner}-e", timezone.now)
        post = partial(ticking.post, timezone.now)
        for work in (partial(self._tick, beat), ask, post):
            thread = threading.Thread(
                target=self._repeat, args=(stopping, work), daemon=True
            )
            thread.start()
        try:
            return delivery.run(owner, stopping, beat)
        except delivery.HungError as error:
            # A thread that hangs keeps a process from ending in any other way.
            self.stderr.write(f"{error}; ending, to be started again")
            os._exit(HUNG_EXIT)

    def _tick(self, beat: "Beat") -> None:
        """Tick; a loop that waits for the database is slow, and not dead."""
        now = timezone.now()
        if time.monotonic() - beat.asked_s < STALLED_S:
            beat.write(now)
        ticking.tick(now)

    def _repeat(self, stopping: threading.Event, work: Callable[[], object]) -> None:
        """Work each second in a thread of its own, so that it never holds up sending.

        What ticks talks to no provider; who is asked and where is posted are others.
        """
        while not stopping.wait(1):
            try:
                work()
            except Exception as error:  # the next second tries again
                code = getattr(error.__cause__, "pgcode", None) or ""
                self.stderr.write(f"tick: {type(error).__name__} {code}".rstrip())
                connection.close()


class Beat:
    """Writes a worker's heartbeats once a second at the most."""

    def __init__(self, *owners: str) -> None:
        self.owners = owners
        self.last = timezone.now() - BEAT_EVERY
        self.asked_s = time.monotonic()

    def __call__(self, now: datetime) -> None:
        """Beat when a second has passed."""
        self.asked_s = time.monotonic()
        if now - self.last >= BEAT_EVERY:
            self.write(now)

    def write(self, now: datetime) -> None:
        """Beat now."""
        for owner in self.owners:
            sweeping.beat(owner, now)
        self.last = now
