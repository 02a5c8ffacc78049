"""Kill the sender in the middle: nothing is lost, every duplicate is explained."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
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

MAILS = int(os.environ.get("MUSTER_KILL_MAILS", "1500"))

FILL = """
from datetime import timedelta
from django.utils import timezone
from alerts.dispatch import outbox
from alerts.dispatch.models import Lane
now = timezone.now()
cause = outbox.open_cause("alert:1", mode="exercise", lane=Lane.DANGER, now=now,
    not_after=now + timedelta(hours=1), opens_at=now, on_unclear="resend")
text = outbox.text("CHANNEL", "en", "Are you safe? {link}", "Earthquake")
addresses = {"sms": "+1202{0}", "email": "p{0}@example.org"}
letters = [outbox.Letter(channel="CHANNEL", text=text, link_path="c", rank=n,
    address=addresses["CHANNEL"].format(5550000 + n)) for n in range(COUNT)]
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


@dataclass
class Besieged:
    """What came of messages whose senders were killed while they left."""

    uids: list[str]
    taken: journal.Journal
    repeats: int
    most: int  # requests that one sender has under way


def besiege(folder: Path, channel: str, count: int, kills: int) -> Besieged:
    """Send, kill senders at random, wait for the end."""
    account = settings.ACCOUNTS["simulated-sms"]
    setup = Setup(
        journal=folder / "journal.jsonl",
        public_url="http://127.0.0.1:9",
        account_sid=account["account_sid"],
        auth_token=account["auth_token"],
        faults=Faults(latency_ms=20),
    )
    chance = random.Random(5)
    fill = FILL.replace("CHANNEL", channel).replace("COUNT", str(count))
    with (
        running(setup) as provider,
        scratch(
            folder,
            MUSTER_SIMULATED_PROVIDER_URL=provider.url,
            MUSTER_SIMULATED_SMTP_PORT=str(provider.smtp_port),
        ) as room,
    ):
        uids = room.ask(fill)
        assert len(set(uids)) == count
        crew = Crew(room)
        for number in range(kills):
            mark = count * (number + 1) // (kills + 2)
            until(lambda mark=mark: accepted(setup.journal) >= mark, f"{mark} messages")
            crew.kill_one(chance.randrange(2))
        until(lambda: accepted(setup.journal) >= count, "the last message")
        until(
            lambda: room.ask(STATES)["states"] == {"accepted": count},
            "every message to be accepted",
        )
        assert crew.end() == [0, 0]
        said = room.ask(STATES)
    taken = journal.read(setup.journal)
    return Besieged(uids, taken, said["repeats"], settings.DISPATCH_THREADS)


def test_killed_senders_lose_nothing_and_repeat_next_to_nothing(tmp_path):
    found = besiege(tmp_path, "sms", MESSAGES, KILLS)
    assert found.taken.lost(found.uids, "sms") == set()
    assert found.taken.duplicates("sms") <= min(found.repeats, MESSAGES // 1000)
    assert max(found.taken.copies("sms").values()) <= 2


def test_of_mails_only_those_whose_answer_was_on_its_way_arrive_twice(tmp_path):
    """A mail server cannot be asked; what it had answered stands in the diary."""
    found = besiege(tmp_path, "email", MAILS, 2)
    print("mails", MAILS, "doubled", found.taken.duplicates("email"), found.repeats)
    assert found.taken.lost(found.uids, "email") == set()
    assert found.taken.duplicates("email") <= found.most  # of two kills
    assert max(found.taken.copies("email").values()) <= 2
