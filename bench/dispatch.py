"""The ledger beside the bare SDK client and beside one queue task a message.

All against one simulated provider in a process of its own: throughput with a provider
that answers at once and with one that takes 100 ms, an urgent alert behind a backlog,
and one alert to 5,000 people.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up first
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_q.tasks import async_task  # noqa: E402

from alerts.dispatch import delivery, outbox, routing  # noqa: E402
from alerts.dispatch.channels.base import Outgoing  # noqa: E402
from alerts.dispatch.models import Lane, Message, State  # noqa: E402
from bench.__main__ import figure, save  # noqa: E402
from consular.processes import manage  # noqa: E402

MESSAGES = int(os.environ.get("MUSTER_BENCH_MESSAGES", "4000"))
QUEUE_TASKS = 400
THREADS = 32
LATENCY_S = 0.1
START_S = 30


def write(key: str, count: int, lane: Lane = Lane.DANGER, first: int = 0) -> None:
    """Put the messages of one alert into the ledger."""
    now = timezone.now()
    cause = outbox.open_cause(
        key,
        mode="exercise",
        lane=lane,
        now=now,
        not_after=now + timedelta(hours=1),
        opens_at=now,
    )
    text = outbox.text("sms", "en", "Are you safe? {link}")
    numbers = range(first, first + count)
    letters = [
        outbox.Letter(
            channel="sms",
            address=f"+1202{5_550_000 + number}",
            text=text,
            link_path="c",
            rank=number,
        )
        for number in numbers
    ]
    for start in range(0, count, 2000):
        outbox.write(cause, letters[start : start + 2000], now)


def through_ledger(key: str, count: int) -> float:
    """Return messages a second from the first claim to the last recorded result."""
    write(key, count)
    begun = time.perf_counter()
    sent = delivery.drain(timezone.now(), THREADS)
    return sent / (time.perf_counter() - begun)


def send_bare(number: int) -> str:
    """Make one request with the transport alone; also the queue's task."""
    return routing.transport_for("simulated-sms").send(
        Outgoing(
            uid=f"{number:032x}",
            attempt=1,
            mode="exercise",
            to=f"+1202{5_550_000 + number % 400_000}",
            body=f"Are you safe? {settings.PUBLIC_URL}/c/{number:023d}",
            callback_url=f"http://127.0.0.1:9/hooks/twilio/status/{number}/1",
        )
    )


def bare(count: int) -> float:
    """Return requests a second of the same client with the same texts, no ledger."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send_bare, range(count)))
    return count / (time.perf_counter() - begun)


def through_queue(count: int, journal: Path) -> float:
    """Return messages a second with one django-q2 task a message, two workers."""
    before = taken(journal)
    for number in range(count):
        async_task("bench.dispatch.send_bare", number)
    queue = subprocess.Popen(manage("qcluster"), env=dict(os.environ))
    try:
        begun = wait_for(journal, before + 1)
        return (count - 1) / (wait_for(journal, before + count) - begun)
    finally:
        queue.terminate()
        queue.wait()


def taken(journal: Path) -> int:
    """Count what the provider has accepted."""
    return journal.read_bytes().count(b'"kind": "accepted"')


def wait_for(journal: Path, count: int) -> float:
    """Wait until the provider has accepted so many; return when."""
    by_s = time.perf_counter() + 120
    while taken(journal) < count and time.perf_counter() < by_s:
        time.sleep(0.05)
    return time.perf_counter()


def behind_a_backlog(count: int) -> tuple[float, float]:
    """Return seconds until a danger alert is out behind a backlog, and at its best.

    The account is limited to 500 parts a second, so the best is the count over 500.
    """
    settings.ACCOUNTS["simulated-sms"]["rate"] = "500"
    write("alert:backlog", count * 4, Lane.BULK, first=100_000)
    with working():
        time.sleep(1.0)
        write("alert:urgent", count, Lane.DANGER, first=200_000)
        begun = timezone.now()
        rows = Message.objects.filter(cause__key="alert:urgent")
        while rows.filter(state=State.QUEUED).exists():
            time.sleep(0.05)
        ended = timezone.now()
    outbox.stop("alert:backlog", timezone.now())
    settings.ACCOUNTS["simulated-sms"]["rate"] = ""
    return (ended - begun).total_seconds(), count / 500


@contextlib.contextmanager
def provider(folder: Path, **faults: float) -> Iterator[Path]:
    """Run the simulated provider in a process of its own; yield its journal."""
    journal = folder / f"journal-{len(list(folder.iterdir()))}.jsonl"
    port = settings.SIMULATED_PROVIDER_URL.rpartition(":")[2]
    words = ["--port", port, "--smtp-port", "0", "--journal", str(journal)]
    words += ["--faults", json.dumps(faults), "--public-url", "http://127.0.0.1:9"]
    process = subprocess.Popen(
        manage("simulated_provider", *words), stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield journal
    finally:
        process.terminate()
        process.wait(START_S)


def most_of(count: int, journal: Path) -> float:
    """Return seconds from a release until 95 of 100 messages were accepted."""
    write("alert:most", count, first=300_000)
    before, begun = taken(journal), time.perf_counter()
    with working():
        return wait_for(journal, before + count * 95 // 100) - begun


@contextlib.contextmanager
def working() -> Iterator[None]:
    """Let a worker of 32 threads run."""
    stopping = threading.Event()

    def work() -> None:
        delivery.run("bench", stopping, lambda now: None)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        stopping.set()
        worker.join()


def main() -> None:
    """Measure all of them, and say on which database."""
    call_command("migrate", verbosity=0)
    name = {"postgresql": "PostgreSQL"}.get(connection.vendor, "SQLite")
    found = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with provider(folder) as journal:
            peers, rates = [], []
            for number in range(2):  # interleaved, so that noise falls on both
                peers.append(bare(MESSAGES))
                rates.append(through_ledger(f"alert:{number}", MESSAGES))
            what = f"ledger, {name}"
            peer = ("the bare SDK client", max(peers))
            found.append(figure(what, max(rates), "msg/s", *peer, 0.6))
            task = ("a django-q2 task a message", through_queue(QUEUE_TASKS, journal))
            found.append(figure(what, max(rates), "msg/s", *task, 1.0))
            took = most_of(5_000, journal)
            what = "10 s ÷ 95 % of 5,000 accepted"
            found.append(figure(what, 10 / took, "×", "10 s", 1.0, 1.0))
            out, best = behind_a_backlog(1_000)
            what = "ideal ÷ danger behind a backlog"
            found.append(figure(what, best / out, "×", "the ideal", 1.0, 0.5))
        with provider(folder, latency_ms=LATENCY_S * 1000):
            ideal = ("threads ÷ latency", THREADS / LATENCY_S)
            slow = through_ledger("alert:slow", MESSAGES // 2)
            what = f"ledger, 100 ms, {name}"
            found.append(figure(what, slow, "msg/s", *ideal, 0.8))
    save(f"dispatch-{connection.vendor}", found)


if __name__ == "__main__":
    threading.stack_size(512 * 1024)
    sys.exit(main())
