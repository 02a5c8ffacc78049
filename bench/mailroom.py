"""What the measurements of sending share: a provider, senders, and messages to send.

Provider and senders are processes of their own, as they are in service. What the
provider took is read from its own journal, never from our tables.
"""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from alerts.dispatch import outbox
from alerts.dispatch.models import Lane, Worker
from consular.processes import manage
from tests.tally import Tally

AT_ONCE = 2000
FIRST_NUMBER = 12_020_000_000  # the first of each alert is a whole million on
START_S = 60.0
SAYS = "Are you safe? Answer at {link}"


@contextlib.contextmanager
def provider(folder: Path, **faults: float) -> Iterator[Tally]:
    """Run the simulated provider in a process of its own; yield what it counts."""
    path = folder / f"journal-{len(list(folder.iterdir()))}.jsonl"
    port = settings.SIMULATED_PROVIDER_URL.rpartition(":")[2]
    words = ["--port", port, "--smtp-port", "0", "--journal", str(path)]
    words += ["--faults", json.dumps({"receipts_off": True} | faults)]
    words += ["--public-url", settings.PUBLIC_URL]
    process = subprocess.Popen(
        manage("simulated_provider", *words), stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Tally(path)
    finally:
        process.terminate()
        process.wait(START_S)


@contextlib.contextmanager
def senders(count: int, **changes: str) -> Iterator[None]:
    """Run so many `manage.py dispatch`; yield when all of them beat."""
    began = timezone.now()
    processes = [
        subprocess.Popen(manage("dispatch"), env=os.environ | changes)
        for _ in range(count)
    ]
    try:
        by_s = time.perf_counter() + START_S
        alive = Worker.objects.filter(beat_at__gt=began)
        while alive.count() < 2 * count and time.perf_counter() < by_s:
            time.sleep(0.1)
        time.sleep(1.0)
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(START_S)


def write(key: str, count: int, lane: Lane, million: int = 0) -> None:
    """Put the messages of one alert into the ledger, not yet released."""
    first = million * 1_000_000
    now = timezone.now()
    cause = outbox.open_cause(
        key, mode="exercise", lane=lane, now=now, not_after=now + timedelta(hours=6)
    )
    text = outbox.text("sms", "en", SAYS)
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        outbox.write_many(
            cause,
            [
                outbox.Letter(
                    channel="sms",
                    address=f"+{FIRST_NUMBER + first + number}",
                    text=text,
                    link_path="c",
                    rank=number,
                    country="US",
                )
                for number in numbers
            ],
            now,
        )


def release(key: str) -> float:
    """Let the messages of an alert leave; return the moment."""
    outbox.release(key, timezone.now())
    return time.perf_counter()
