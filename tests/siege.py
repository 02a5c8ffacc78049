"""Kill everything at random while a large alert leaves: `python -m tests.siege`.

`manage.py serve` runs web, two senders and the queue, as it does in service; random
processes of them are killed, PostgreSQL is ended as by a crash and started again, and
the provider may fail in every way it can. What arrived is read from the provider's own
journal. Prints one JSON object; its exit code says whether nothing was lost.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.exercises import journal
from alerts.exercises.provider.faults import Faults
from tests.postgres import Postgres
from tests.scratch import Scratch
from tests.tally import Tally

# What is under siege must not lose a commit that it was told of.
HONEST = {"synchronous_commit": "on", "full_page_writes": "on"}
PARTS = {b"gunicorn": "web", b"dispatch": "dispatch", b"qcluster": "queue"}
FINAL = {"delivered", "undelivered", "accepted"}
LONGEST_S = 120.0
STILL_ROUNDS = 5  # of two seconds: a web that was killed has to start again
MOST_DOUBLES = 0.001
MOST_ASKED = 1.6
FILL = """
from datetime import timedelta
from django.utils import timezone
from alerts.dispatch import outbox
from alerts.dispatch.models import Lane, Message
now = timezone.now()
cause = outbox.open_cause("alert:1", mode="exercise", lane=Lane.DANGER, now=now,
    not_after=now + timedelta(hours=3), on_unclear="resend")
text = outbox.text("sms", "en", "Are you safe? {{link}}")
for first in range(0, {count}, 2000):
    outbox.write_many(cause, [outbox.Letter(channel="sms", text=text, link_path="c",
        address=f"+1202{{5550000 + n}}", rank=n)
        for n in range(first, min(first + 2000, {count}))], now)
outbox.release("alert:1", timezone.now())
answer = [str(uid) for uid in Message.objects.values_list("uid", flat=True)]
"""
STATES = """
from django.db.models import Count, Sum
from alerts.dispatch.models import Attempt, Message, Receipt
rows = Message.objects.order_by().values_list("state")
answer = {"states": dict(rows.annotate(n=Count("id"))), "attempts":
    Attempt.objects.count(), "receipts": Receipt.objects.count(),
    "repeats": Message.objects.aggregate(n=Sum("repeats"))["n"]}
"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> Iterator[int]:
    """Yield every process below one."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from descendants(child)


@dataclass
class Siege:
    """A besieged installation: who was killed, and what is to be killed still."""

    serving: int
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def kill_one(self) -> None:
        """Kill a random process of a random part."""
        found: dict[str, list[int]] = {}
        for pid in descendants(self.serving):
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                for word, part in PARTS.items():
                    if word in line:
                        found.setdefault(part, []).append(pid)
        if found:
            part = self.chance.choice(sorted(found))
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.chance.choice(found[part]), signal.SIGKILL)
                self.killed[part] += 1


def besieged(room: Scratch, options: Any, path: Path, crash: Any) -> dict[str, Any]:
    """Send, kill, wait for the end; return what is known of it."""
    uids = room.ask(FILL.format(count=options.messages))
    serving = room.start("serve", "--dispatchers", "2", "--port", str(options.port))
    siege = Siege(serving.pid, random.Random(options.seed))
    begun, tally = time.monotonic(), Tally(path)
    events = ["kill"] * options.kills + ["crash"] * options.restarts
    siege.chance.shuffle(events)
    try:
        for number, event in enumerate(events, 1):
            tally.wait(options.messages * number // (len(events) + 2), 600)
            siege.kill_one() if event == "kill" else crash()
        tally.wait(int(options.messages * 0.999), 600)
        out_s = round(time.monotonic() - begun, 1)
        until_final(room, options.messages)
        took_s = round(time.monotonic() - begun, 1)
    finally:
        end(serving)
    # Receipts came in to the last moment: only now do ledger and journal stand still.
    said: dict[str, Any] = room.ask(STATES)
    return judged(uids, said, path, options) | {
        "killed": dict(siege.killed),
        "crashes": options.restarts,
        "out_after_s": out_s,
        "seconds": took_s,
    }


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process, if need be by force."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(30)
    process.kill()
    process.wait()


def until_final(room: Scratch, count: int) -> None:
    """Wait until every message has ended."""
    pause, by_s = threading.Event(), time.monotonic() + LONGEST_S
    said, same = room.ask(STATES), 0
    while time.monotonic() < by_s:
        ended = sum(said["states"].get(state, 0) for state in FINAL)
        few = said["states"].get("accepted", 0) <= count // 100
        # Where receipts are lost for good, it ends when no more come.
        if ended == count and (few or same >= STILL_ROUNDS):
            break
        pause.wait(2)
        now = room.ask(STATES)
        said, same = now, same + 1 if now == said else 0


def judged(
    uids: list[str], said: dict[str, Any], path: Path, options: Any
) -> dict[str, Any]:
    """Compare the ledger with the provider's journal."""
    book = journal.read(path)
    copies = book.copies("sms")
    faults = Faults.parse(options.faults)
    doubles = book.duplicates("sms")
    asked = len(book.accepted("sms")) + len(book.of("refused"))
    receipts = {(r["sid"], r["word"]) for r in book.of("receipt") if r["status"] == 204}
    facts = {
        "messages": options.messages,
        "lost": len(book.lost(uids, "sms")),
        "duplicates": doubles,
        "most_copies": max(copies.values(), default=0),
        "requests_a_message": round(asked / options.messages, 2),
        "refused_for_now": len(book.told_to_wait()),
        "came_back_too_soon": book.too_soon(faults.retry_after_s),
        "faults": sum(book.faults().values()),
        "receipts_answered": len(receipts),
        **said,
    }
    open_rows = {s: n for s, n in said["states"].items() if s not in FINAL}
    facts["holds"] = (
        facts["lost"] == 0
        and not open_rows
        and doubles <= options.messages * MOST_DOUBLES + 1
        and facts["most_copies"] <= 2
        and facts["requests_a_message"] <= MOST_ASKED
        and not facts["came_back_too_soon"]
        and said["receipts"] >= len(receipts)
    )
    return facts


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield the address of a database, and what crashes its server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'siege.sqlite3'}", lambda: None
        return
    server = Postgres(HONEST)
    with server as url:
        yield url, server.crash


def main() -> int:
    """Read the options, lay siege, print what came of it."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="postgresql")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--faults", default="{}")
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    options.port, provider_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="muster-siege-") as place:
        folder = Path(place)
        path = folder / "journal.jsonl"
        with database(options.database, folder) as (url, crash):
            room = Scratch(
                os.environ
                | {
                    "DATABASE_URL": url,
                    "MUSTER_DATA_DIR": place,
                    "MUSTER_HASHED_STATIC": "no",
                    "MUSTER_LOG_LEVEL": "CRITICAL",
                    "MUSTER_PUBLIC_URL": f"http://127.0.0.1:{options.port}",
                    "MUSTER_SIMULATED_PROVIDER_URL": f"http://127.0.0.1:{provider_port}",
                }
            )
            (folder / "static").mkdir()
            room.manage("migrate", "-v0")
            words = ["--journal", str(path), "--smtp-port", "0"]
            words += ["--port", str(provider_port), "--faults", options.faults]
            provider = room.start("simulated_provider", *words)
            try:
                said = besieged(room, options, path, crash)
            finally:
                end(provider)
    print(json.dumps({"database": options.database, **said}))
    return 0 if said["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
