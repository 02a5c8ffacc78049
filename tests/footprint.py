"""Watch the memory of a sender over a large send: `python -m tests.footprint`.

One `manage.py dispatch` sends stretch after stretch of messages, each to numbers of its
own, as alerts come one after the other. Its resident memory after the first stretch is
compared with the most that it has after any later one. Prints one JSON object; its exit
code says whether it stayed flat.
"""

import json
import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from tests.scratch import Scratch
from tests.siege import database, end, free_port
from tests.tally import Tally

STRETCHES = 10
MOST_GROWTH = 0.05
LONGEST_S = 600.0
FILL = """
from datetime import timedelta
from django.utils import timezone
from alerts.dispatch import outbox
from alerts.dispatch.models import Lane
now = timezone.now()
cause = outbox.open_cause("alert:{first}", mode="exercise", lane=Lane.BULK, now=now,
    not_after=now + timedelta(hours=3))
text = outbox.text("sms", "en", "Are you safe? {{link}}{{reply}} or {{code}}{{/reply}}")
for start in range({first}, {first} + {count}, 2000):
    outbox.write_many(cause, [outbox.Letter(channel="sms", text=text, link_path="c",
        code="7K2Q", address=f"+1{{2012000000 + n * 7919}}", rank=n)
        for n in range(start, min(start + 2000, {first} + {count}))], now)
outbox.release("alert:{first}", timezone.now())
answer = True
"""


def resident_kb(pid: int) -> int:
    """Return the resident memory of a process, in kilobytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


def watched(
    room: Scratch,
    tally: Tally,
    count: int,
    turn: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> list[int]:
    """Send in stretches; return the sender's memory after each."""
    each, found = count // STRETCHES, []
    sender = room.start("dispatch")
    try:
        for number in range(STRETCHES):
            with turn():
                room.ask(FILL.format(first=number * each, count=each))
                tally.wait((number + 1) * each, LONGEST_S)
            found.append(resident_kb(sender.pid))
    finally:
        end(sender)
    return found


def judged(count: int, found: list[int]) -> dict[str, Any]:
    """Say by how much the memory grew, and whether that holds."""
    growth = max(found[1:]) / found[0] - 1
    return {
        "messages": count,
        "first_kb": found[0],
        "most_kb": max(found[1:]),
        "last_kb": found[-1],
        "growth": round(growth, 4),
        "holds": growth <= MOST_GROWTH,
    }


def measure(
    kind: str,
    count: int,
    turn: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> dict[str, Any]:
    """Set all up, and measure."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="muster-footprint-") as place:
        folder = Path(place)
        path = folder / "journal.jsonl"
        with database(kind, folder) as (url, _crash):
            changes = {
                "DATABASE_URL": url,
                "MUSTER_DATA_DIR": place,
                "MUSTER_HASHED_STATIC": "no",
                "MUSTER_LOG_LEVEL": "CRITICAL",
                "MUSTER_SIMULATED_PROVIDER_URL": f"http://127.0.0.1:{port}",
            }
            room = Scratch(os.environ | changes)
            room.manage("migrate", "-v0")
            words = ["--journal", str(path), "--smtp-port", "0", "--port", str(port)]
            words += ["--faults", json.dumps({"receipts_off": True})]
            provider = room.start("simulated_provider", *words)
            try:
                return judged(count, watched(room, Tally(path), count, turn))
            finally:
                end(provider)


def main() -> int:
    """Read the options, measure, print what came of it."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="postgresql")
    parser.add_argument("--messages", type=int, default=200_000)
    options = parser.parse_args()
    said = measure(options.database, options.messages)
    print(json.dumps({"database": options.database, **said}))
    return 0 if said["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
