"""The ledger beside the bare SDK client and beside one queue task a message.

All against one simulated provider in a process of its own, that sends no receipts:
throughput with a provider that answers at once and with one that takes 100 ms, one
alert to 5,000 people, and danger behind a backlog. `MUSTER_BENCH_MESSAGES=100000 make
bench ONLY=dispatch` is the long run.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up first
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_q.tasks import async_task  # noqa: E402

from alerts.dispatch import outbox, routing  # noqa: E402
from alerts.dispatch.channels.base import Outgoing  # noqa: E402
from alerts.dispatch.models import Lane  # noqa: E402
from bench.__main__ import Figure, figure, save  # noqa: E402
from bench.mailroom import provider, release, senders, write  # noqa: E402
from consular.processes import manage  # noqa: E402
from tests.tally import Tally  # noqa: E402

MESSAGES = int(os.environ.get("MUSTER_BENCH_MESSAGES", "20000"))
ROUNDS = 2
QUEUE_TASKS = 400
THREADS = 32
LATENCY_S = 0.1
PEOPLE = 5_000
PEOPLE_GOAL_S = 10.0
LIMIT = 1_000  # parts a second
URGENT = 2_000
URGENT_GOAL_S = 4.0
SINGLE = 20
SINGLE_GOAL_S = 2.0


def send_bare(number: int) -> str:
    """Make one request with the transport alone; also the queue's task."""
    return routing.transport_for("simulated-sms").send(
        Outgoing(
            uid=f"{number:032x}",
            attempt=1,
            mode="exercise",
            to=f"+{12_020_000_000 + number}",
            body=f"Are you safe? Answer at {settings.PUBLIC_URL}/c/{number:023d}",
            callback_url=f"http://127.0.0.1:9/hooks/twilio/status/{number}/1",
        )
    )


def bare(count: int) -> float:
    """Return requests a second of the same client with the same texts, no ledger."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send_bare, range(count)))
    return count / (time.perf_counter() - begun)


def through_ledger(key: str, count: int, tally: Tally, share: float = 1.0) -> float:
    """Return seconds from a release until a share of its messages was accepted."""
    write(key, count, Lane.DANGER)
    with senders(1):
        before = tally.now()
        begun = release(key)
        took_s = tally.wait(before + int(count * share)) - begun
        tally.wait(before + count)
    return took_s


def through_queue(count: int, tally: Tally) -> float:
    """Return messages a second with one django-q2 task a message, two workers."""
    before = tally.now()
    for number in range(count):
        async_task("bench.dispatch.send_bare", number)
    queue = subprocess.Popen(manage("qcluster"), env=dict(os.environ))
    try:
        begun = tally.wait(before + 1)
        return (count - 1) / (tally.wait(before + count) - begun)
    finally:
        queue.terminate()
        queue.wait()


def at_once(tally: Tally, name: str) -> list[Figure]:
    """Measure the rate beside its peers, in turn, so that noise falls on all."""
    peers, rates = [], []
    for number in range(ROUNDS):
        peers.append(bare(MESSAGES))
        took_s = through_ledger(f"alert:{number}", MESSAGES, tally)
        rates.append(MESSAGES / took_s)
    best = max(rates)
    goal = 1_000 if connection.vendor == "postgresql" else 400
    task = through_queue(QUEUE_TASKS, tally)
    what = f"{MESSAGES:,}, {name}"
    return [
        figure(what, best, "msg/s", "the bare SDK client", max(peers), 0.6),
        figure(what, best, "msg/s", "the goal", goal, 1.0),
        figure(what, best, "msg/s", "a django-q2 task a message", task, 1.0),
    ]


def behind_a_backlog(tally: Tally, name: str) -> list[Figure]:
    """Measure how fast danger overtakes what a limited sender has before it."""
    write("alert:backlog", max(MESSAGES, LIMIT * 30), Lane.BULK, million=1)
    write("alert:urgent", URGENT, Lane.DANGER, million=2)
    for number in range(SINGLE):
        write(f"alert:single-{number}", 1, Lane.DANGER, million=3)
    urgent = Tally(tally.path, '"to": "+12022')
    single = Tally(tally.path, '"to": "+12023')
    with senders(1, SIMULATED_SMS_RATE=str(LIMIT)):
        release("alert:backlog")
        time.sleep(2.0)
        begun = release("alert:urgent")
        out_s = urgent.wait(URGENT) - begun
        waits = sorted(_alone(single, number) for number in range(SINGLE))
        outbox.stop("alert:backlog", timezone.now())
    late_s = waits[int(0.95 * SINGLE)]
    what = f"danger behind a backlog, {name}"
    one = f"one urgent message meanwhile, {name}"
    return [
        figure(what, URGENT_GOAL_S / out_s, "×", f"{out_s:.1f} s, 4 s wanted", 1, 1),
        figure(one, SINGLE_GOAL_S / late_s, "×", f"{late_s:.2f} s, 2 s wanted", 1, 1),
    ]


def _alone(tally: Tally, number: int) -> float:
    time.sleep(0.2)
    begun = release(f"alert:single-{number}")
    return tally.wait(number + 1) - begun


def slow(tally: Tally, name: str) -> list[Figure]:
    """Measure with a provider that takes 100 ms, as real ones do."""
    count = min(MESSAGES, 5_000)
    peer = bare(count)
    rate = count / through_ledger("alert:slow", count, tally)
    ideal = THREADS / LATENCY_S
    what = f"100 ms a request, {name}"
    return [
        figure(what, rate, "msg/s", "threads ÷ latency", ideal, 0.8),
        figure(what, rate, "msg/s", "the bare SDK client", peer, 0.8),
    ]


def most_of(tally: Tally, name: str) -> list[Figure]:
    """Measure how soon 95 of 100 people have been written to."""
    took_s = through_ledger("alert:most", PEOPLE, tally, 0.95)
    value = PEOPLE_GOAL_S / took_s
    said = f"{took_s:.1f} s, 10 s wanted"
    return [figure(f"95 % of {PEOPLE:,}, {name}", value, "×", said, 1, 1)]


def main() -> int:
    """Measure all of them, and say on which database."""
    call_command("migrate", verbosity=0)
    name = {"postgresql": "PostgreSQL"}.get(connection.vendor, "SQLite")
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with provider(folder) as tally:
            for measure in (at_once, most_of, behind_a_backlog):
                found += measure(tally, name)
        with provider(folder, latency_ms=LATENCY_S * 1000, latency_spread=0) as tally:
            found += slow(tally, name)
    save(f"dispatch-{connection.vendor}", found)
    return 0


if __name__ == "__main__":
    threading.stack_size(512 * 1024)
    sys.exit(main())
