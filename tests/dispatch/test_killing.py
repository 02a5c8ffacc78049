"""Kill the sender in the middle: nothing is lost, every duplicate is explained."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from alerts.exercises import journal
from alerts.exercises.provider.faults import Faults
from alerts.exercises.provider.office import Setup
from alerts.exercises.provider.server import running
from tests.scratch import Scratch, scratch

pytestmark = pytest.mark.processes
MESSAGES = int(os.environ.get("MUSTER_KILL_MESSAGES", "2000"))
LONGEST_S = 90

FILL = f"""
from datetime import timedelta
from django.utils import timezone
from alerts.dispatch import outbox
from alerts.dispatch.models import Lane
now = timezone.now()
cause = outbox.open_cause("alert:1", mode="exercise", lane=Lane.DANGER, now=now,
    not_after=now + timedelta(hours=1), opens_at=now, on_unclear="resend")
text = outbox.text("sms", "en", "Are you safe? {{link}}")
letters = [outbox.Letter(channel="sms", address=f"+1202{{5550000 + n}}", text=text,
    link_path="c", rank=n) for n in range({MESSAGES})]
answer = [str(m.uid) for m in outbox.write(cause, letters, now)]
"""
STATES = """
from django.db.models import Count, Sum
from alerts.dispatch.models import Message
answer = {"states": dict(Message.objects.values_list("state").annotate(n=Count("id"))),
    "repeats": Message.objects.aggregate(n=Sum("repeats"))["n"]}
"""


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for something outside; fail with its name when it does not come."""
    pause = threading.Event()
    for _ in range(LONGEST_S * 20):
        if done():
            return
        pause.wait(0.05)
    raise AssertionError(f"waited too long for {what}")


def accepted(path: Path) -> int:
    return len(journal.read(path).accepted("sms"))


def kill_at(scratch_db: Scratch, path: Path, number: int) -> None:
    """Start a sender and kill it once the provider has taken so many."""
    process = scratch_db.start("dispatch")
    until(lambda: accepted(path) >= number, f"{number} messages")
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_killed_sender_loses_nothing_and_counts_what_it_repeats(tmp_path):
    account = settings.ACCOUNTS["simulated-sms"]
    setup = Setup(
        journal=tmp_path / "journal.jsonl",
        public_url="http://127.0.0.1:9",
        account_sid=account["account_sid"],
        auth_token=account["auth_token"],
        faults=Faults(latency_ms=20),
    )
    with (
        running(setup) as provider,
        scratch(tmp_path, MUSTER_SIMULATED_PROVIDER_URL=provider.url) as room,
    ):
        uids = room.ask(FILL)
        assert len(set(uids)) == MESSAGES
        for number in (MESSAGES // 7, MESSAGES // 2, MESSAGES * 3 // 4):
            kill_at(room, setup.journal, number)
        last = room.start("dispatch")
        until(
            lambda: room.ask(STATES)["states"] == {"accepted": MESSAGES},
            "every message to be accepted",
        )
        last.send_signal(signal.SIGTERM)
        assert last.wait(timeout=20) == 0
        said = room.ask(STATES)
    taken = journal.read(setup.journal)
    assert taken.lost(uids, "sms") == set()
    assert taken.duplicates("sms") <= said["repeats"]
    assert taken.duplicates("sms") <= MESSAGES // 1000
