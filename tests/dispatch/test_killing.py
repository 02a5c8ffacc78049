"""Kill the sender in the middle: nothing is lost, every duplicate is explained."""

import os
import random
import signal
import threading
import time
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
MESSAGES = int(os.environ.get("MUSTER_KILL_MESSAGES", "6000"))
KILLS = int(os.environ.get("MUSTER_KILLS", "6"))
LONGEST_S = 90 + MESSAGES // 60

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
    by_s = time.monotonic() + LONGEST_S  # a look itself may take seconds
    while time.monotonic() < by_s:
        if done():
            return
        pause.wait(0.05)
    raise AssertionError(f"waited too long for {what}")


def accepted(path: Path) -> int:
    """Count what the provider took; cheap, since it is asked twenty times a second."""
    return path.read_bytes().count(b'"kind": "accepted"') if path.exists() else 0


class Crew:
    """Two senders; whoever is killed is replaced at once, as a supervisor does."""

    def __init__(self, room: Scratch) -> None:
        self.room = room
        self.senders = [room.start("dispatch") for _ in range(2)]

    def kill_one(self, which: int) -> None:
        victim = self.senders[which]
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.senders[which] = self.room.start("dispatch")

    def end(self) -> list[int]:
        for sender in self.senders:
            sender.send_signal(signal.SIGTERM)
        return [sender.wait(timeout=20) for sender in self.senders]


def test_killed_senders_lose_nothing_and_repeat_next_to_nothing(tmp_path):
    account = settings.ACCOUNTS["simulated-sms"]
    setup = Setup(
        journal=tmp_path / "journal.jsonl",
        public_url="http://127.0.0.1:9",
        account_sid=account["account_sid"],
        auth_token=account["auth_token"],
        faults=Faults(latency_ms=20),
    )
    chance = random.Random(5)
    with (
        running(setup) as provider,
        scratch(tmp_path, MUSTER_SIMULATED_PROVIDER_URL=provider.url) as room,
    ):
        uids = room.ask(FILL)
        assert len(set(uids)) == MESSAGES
        crew = Crew(room)
        for number in range(KILLS):
            mark = MESSAGES * (number + 1) // (KILLS + 2)
            until(lambda mark=mark: accepted(setup.journal) >= mark, f"{mark} messages")
            crew.kill_one(chance.randrange(2))
        until(lambda: accepted(setup.journal) >= MESSAGES, "the last message")
        until(
            lambda: room.ask(STATES)["states"] == {"accepted": MESSAGES},
            "every message to be accepted",
        )
        assert crew.end() == [0, 0]
        said = room.ask(STATES)
    taken = journal.read(setup.journal)
    assert taken.lost(uids, "sms") == set()
    assert taken.duplicates("sms") <= min(said["repeats"], MESSAGES // 1000)
    assert max(taken.copies("sms").values()) <= 2
