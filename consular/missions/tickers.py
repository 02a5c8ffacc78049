"""Threads that call each app's tick once a second, each app in a thread of its own.

A tick that is slow, or waits for a lock, holds up nobody else's: reading answers and
ending holds do not wait for the hazards.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import close_old_connections, connection
from django.db.utils import DatabaseError
from django.utils import timezone

logger = logging.getLogger(__name__)


class Ticker(threading.Thread):
    """Call one app's tick each second; what fails is logged and tried again.

    Parameters
    ----------
    phase_s : float
        At which part of a second it ticks, so that apps do not all ask at once.
    """

    def __init__(
        self,
        name: str,
        tick: Callable[[datetime], object],
        stopping: threading.Event,
        phase_s: float = 0.0,
    ) -> None:
        super().__init__(name=f"ticker-{name}", daemon=True)
        self._app = name
        self._tick = tick
        self._stopping = stopping
        self._phase_s = phase_s
        self._is_failing = False

    def run(self) -> None:
        """Tick until told to stop."""
        while not self._stopping.wait(1.0 - (time.time() - self._phase_s) % 1.0):
            close_old_connections()
            self._call()
        connection.close()

    def _call(self) -> None:
        try:
            self._tick(timezone.now())
            self._is_failing = False
        except Exception as error:
            # It must not end the thread, nor fill the log.
            if isinstance(error, DatabaseError):
                connection.close()
            if not self._is_failing:
                logger.exception("the tick of %s failed; trying each second", self._app)
            self._is_failing = True


def start(
    ticks: Mapping[str, Callable[[datetime], object]], stopping: threading.Event
) -> list[Ticker]:
    """Start a thread for each tick, spread over the second."""
    started = []
    for number, (name, tick) in enumerate(ticks.items()):
        ticker = Ticker(name, tick, stopping, number / len(ticks))
        ticker.start()
        started.append(ticker)
    return started
