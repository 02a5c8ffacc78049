"""Register in the middle of a crisis: how many a second, and what it gives away.

The crisis form as `serve` serves it (gunicorn, two processes) on PostgreSQL, under an
open load: requests leave on time whether earlier ones were answered or not. One in
twenty is sent twice, as an impatient thumb does. Then the same while 300 boards poll
every five seconds. Then lost links are asked for, people register, type a code and fill
in the crisis form, for addresses that are on record and such that are not, in turns; a
guess from the time of the answer alone is scored, and how long the answers are is
compared. Last, a bot signs up from everywhere, and an officer is told. On SQLite the
two loads are run at twenty a second.

`SECONDS=600 BOARD_SECONDS=600 BOT=10000 ASKED=2000 python -m bench.citizens` is the
long run; `PEOPLE` are those whom the boards count. `python -m bench.citizens sqlite`
is SQLite alone.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench.__main__ import figure, save
from tests.postgres import Postgres

SECONDS = int(os.environ.get("SECONDS", "60"))
BOARD_SECONDS = int(os.environ.get("BOARD_SECONDS", str(SECONDS)))
PEOPLE = os.environ.get("PEOPLE", "3000")
RATE = int(os.environ.get("RATE", "50"))
SQLITE_RATE = 20
ASKED = int(os.environ.get("ASKED", "400"))
BOT = int(os.environ.get("BOT", "1000"))
THREADS = 48
TWICE = 20  # one in so many is sent a second time
LIMIT_S, BOARD_LIMIT_S, MOST_AUC, MOST_TEXTS = 2.0, 3.0, 0.55, 50
PLACES = ("Managua, Nicaragua", "León, Nicaragua", "Masaya, Nicaragua", "Nicaragua")
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def web(port: int) -> Iterator[None]:
    """Serve as `manage.py serve` does on a machine with two cores."""
    words = [sys.executable, "-m", "gunicorn", "consular.wsgi:application"]
    words += ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    words += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    words += ["--keep-alive", "30"]  # longer than a sender waits for its next turn
    with subprocess.Popen([*words, "--no-control-socket"]) as process:
        for _ in range(300):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        for _ in range(20):  # the port is open before a worker is ready to answer
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            link.request("GET", "/")
            link.getresponse().read()
            link.close()
        yield
        process.terminate()


def post(
    link: http.client.HTTPConnection, path: str, values: dict[str, str]
) -> tuple[int, int]:
    """Send a form on a connection that stays open; return status and length."""
    link.request("POST", path, urlencode(values), HEADERS)
    answer = link.getresponse()
    return answer.status, len(answer.read())


def entry(number: int, key: str) -> dict[str, str]:
    """Return what one person types."""
    return {
        "key": key,
        "given_name": f"Invented {number}",
        "family_name": "Person",
        "place": PLACES[number % len(PLACES)],
        "phone": f"+1{200 + number // 10_000 % 700:03}555{number % 10_000:04}",
        "needs": "insulin" if number % 9 == 0 else "",
        "warn": "on",
    }


def _planned(seconds: int, first: int) -> "Queue[tuple[float, int, str]]":
    """Return what is to be sent, in order: when, who, and the form's key."""
    due: Queue[tuple[float, int, str]] = Queue()
    begun = time.perf_counter() + 1
    for number in range(seconds * RATE):
        key = uuid.uuid4().hex
        for again in range(1 + (number % TWICE == 0)):
            at = begun + number / RATE + again * 0.05
            due.put((at, first + number, key))
    return due


def load(
    port: int, path: str, seconds: int, first: int = 0
) -> tuple[list[float], set[str]]:
    """Send on time for a while; return seconds from due to answered, and the keys.

    `first` is the number of the first who registers: nobody does in two loads.
    """
    due = _planned(seconds, first)
    taken: list[float] = []
    accepted: set[str] = set()

    def send() -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            try:
                at, number, key = due.get_nowait()
            except Empty:
                return
            time.sleep(max(0.0, at - time.perf_counter()))
            if post(link, path, entry(number, key))[0] == 200:
                taken.append(time.perf_counter() - at)
                accepted.add(key)

    threads = [threading.Thread(target=send) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, accepted


def separability(known: list[float], unknown: list[float]) -> float:
    """Return how well times tell two groups apart: 0.5 not at all, 1 always (AUC)."""
    both = np.concatenate([known, unknown])
    ranks = np.empty(len(both))
    ranks[np.argsort(both)] = np.arange(1, len(both) + 1)
    wins = ranks[: len(known)].sum() - len(known) * (len(known) + 1) / 2
    auc = float(wins / (len(known) * len(unknown)))
    return max(auc, 1 - auc)


def in_turns(
    port: int, known: str, ask: Callable[[Any, str], tuple[int, int]]
) -> tuple[float, bool]:
    """Ask for a known and an unknown address in turns.

    Returns
    -------
    tuple
        How their times part, and whether status and length of the answers do.
    """
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times: dict[bool, list[float]] = {True: [], False: []}
    answers: dict[bool, set[tuple[int, int]]] = {True: set(), False: set()}
    for number in range(ASKED + 20):
        for is_known in (True, False) if number % 2 else (False, True):
            address = known if is_known else f"n{number:04}@example.org"
            begun = time.perf_counter()
            answers[is_known].add(ask(link, address))
            if number >= 20:
                times[is_known].append(time.perf_counter() - begun)
    parted = separability(times[True], times[False])
    return parted, answers[True] != answers[False]


def measured(url: str, part: str, rate: int) -> dict[str, Any]:
    """Run `bench.citizens_inside` on a database; return what it found."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.citizens_inside", part],
        env=os.environ
        | {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "consular.settings",
            "MUSTER_FREE_FORMS": "100000000",
            "PEOPLE": PEOPLE,
            "RATE": str(rate),
            "MUSTER_ALLOWED_HOSTS": "127.0.0.1,testserver,localhost",
        },
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def of_loads(got: dict[str, Any], rate: int) -> list[dict[str, Any]]:
    """Return the figures of the two loads."""
    whole = got["accepted"] - got["lost"] - got["doubled"]
    seconds = SECONDS + BOARD_SECONDS
    taken, due = f"crisis forms taken in {seconds} s", seconds * rate
    rows = [
        figure(taken, got["accepted"], "forms", f"{rate} a second", due, 1.0),
        figure(
            "neither lost nor doubled", whole, "forms", "accepted", got["accepted"], 1.0
        ),
        figure("polls answered", got["polls"], "", "asked", got["asked"], 1.0),
    ]
    return rows + [
        figure(f"limit over {name}", limit, "s", "measured", got[key], 1.0)
        for name, limit, key in (
            ("the 95th percentile", LIMIT_S, "p95_s"),
            ("that while 300 boards poll", BOARD_LIMIT_S, "p95_boards_s"),
        )
    ]


def of_answers(got: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the figures of what answers give away, and of the bot."""
    limits = (
        *(
            (f"AUC, {name}", MOST_AUC, "", f"auc_{name}")
            for name in ("recover", "register", "verify", "crisis")
        ),
        (f"SMS of {BOT} bots", MOST_TEXTS, "SMS", "texts"),
    )
    rows = [
        figure(f"limit over {name}", limit, unit, "measured", got[key], 1.0)
        for name, limit, unit, key in limits
    ]
    told = figure("an officer is told of it", got["alarms"], "alarm", "one", 1, 1.0)
    alike = figure("pages that answer alike", got["alike"], "pages", "all", 4, 1.0)
    return [*rows, told, alike]


def main(only: list[str]) -> None:
    """Start a server, measure in a child, tell."""
    if only != ["sqlite"]:
        with Postgres() as url:
            got = measured(url, "whole", RATE)
        save("citizens", [*of_loads(got, RATE), *of_answers(got)])
    with tempfile.TemporaryDirectory(prefix="muster-citizens-") as folder:
        got = measured(f"sqlite:///{folder}/muster.sqlite3", "loads", SQLITE_RATE)
    save("citizens-sqlite", of_loads(got, SQLITE_RATE))


if __name__ == "__main__":
    main(sys.argv[1:])
