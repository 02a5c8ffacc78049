"""Whatever two workers do in whatever order: nothing is lost, nothing unexplained."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from alerts.dispatch import outbox, routing
from alerts.dispatch.channels.base import (
    Outgoing,
    PermanentError,
    TemporaryError,
    UnclearError,
)
from alerts.dispatch.hearing import receipts, unclear
from alerts.dispatch.models import (
    FINAL,
    Account,
    Address,
    Attempt,
    Cause,
    Message,
    Receipt,
    State,
    Worker,
)
from alerts.dispatch.sending import claims, recording, requesting, sweeping
from alerts.dispatch.sending.jobs import Job
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
ROUNDS = 60  # until all must have come to an end
ENDS = {State.ACCEPTED, State.DELIVERED, State.REJECTED}


class Edge:
    """A provider that does what it is told next, and knows what it took."""

    mode, hook, gone = "exercise", "twilio", frozenset()
    states = {"delivered": "delivered"}
    next = "accept"
    took: Counter[str] = Counter()

    def __init__(self, account: str) -> None:
        self.account = account

    def send(self, outgoing: Outgoing) -> str:
        if Edge.next == "busy":
            raise TemporaryError("busy", "429", 1)
        if Edge.next == "refuse":
            raise PermanentError("no", "21211")
        if Edge.next != "drop":
            Edge.took[outgoing.uid] += 1
        if Edge.next in ("drop", "take and say nothing"):
            raise UnclearError("reset")
        return f"id-{outgoing.uid}"

    def look_up(self, outgoing: Outgoing) -> str:
        return f"id-{outgoing.uid}" if Edge.took[outgoing.uid] else ""


@dataclass
class Hand:
    """What one worker holds in its memory, between what it does."""

    name: str
    claimed: list[Job] = field(default_factory=list)
    begun: list[Job] = field(default_factory=list)
    landed: list[requesting.Result] = field(default_factory=list)


@dataclass
class World:
    """Two workers, their errands, and the time."""

    now: datetime = NOON
    hands: tuple[Hand, Hand] = (Hand("a"), Hand("b"))

    def beat(self, hand: Hand, _how: str) -> None:
        sweeping.beat(hand.name, self.now)

    def claim(self, hand: Hand, _how: str) -> None:
        sweeping.beat(hand.name, self.now)
        hand.claimed += claims.claim(hand.name, self.now, 2)

    def begin(self, hand: Hand, _how: str) -> None:
        going = claims.begin(hand.claimed[:2], hand.name, self.now)
        hand.claimed, hand.begun = hand.claimed[2:], hand.begun + going

    def send(self, hand: Hand, how: str) -> None:
        """Let one thread make its request, if the job may still leave."""
        Edge.next = how
        for job in hand.begun[:1]:
            hand.landed.append(requesting.send(job, lambda: self.now))
        hand.begun = hand.begun[1:]

    def record(self, hand: Hand, _how: str) -> None:
        recording.record(hand.landed, hand.name, self.now)
        hand.landed = []

    def die(self, hand: Hand, how: str) -> None:
        """Lose the memory; a process of the same name is started."""
        del how
        hand.claimed, hand.begun, hand.landed = [], [], []

    def bury(self, _hand: Hand, _how: str) -> None:
        sweeping.bury(self.now)

    def resolve(self, _hand: Hand, _how: str) -> None:
        unclear.resolve(self.now)

    def hear(self, _hand: Hand, _how: str) -> None:
        """Get a receipt for something that the provider took."""
        for uid in sorted(Edge.took)[:1]:
            receipts.store("simulated-sms", uid, f"id-{uid}", "delivered", "", self.now)
        receipts.apply_waiting(self.now)

    def wait(self, _hand: Hand, how: str) -> None:
        self.now += {"drop": 61, "busy": 4, "refuse": 2}.get(how, 0.4) * SECOND

    def stop(self, _hand: Hand, _how: str) -> None:
        outbox.stop("alert:1", self.now)

    def settle(self) -> None:
        """Let all go on until it has come to an end."""
        for hand in self.hands:
            self.record(hand, "")
        for _ in range(ROUNDS):
            self.now += 5 * SECOND
            sweeping.bury(self.now)
            Message.objects.update(is_suspect=False)  # nobody crashes any more
            unclear.resolve(self.now)
            for hand in self.hands:
                self.claim(hand, "")
                while hand.claimed:
                    self.begin(hand, "")
                while hand.begun:
                    self.send(hand, "accept")
                self.record(hand, "")
            sweeping.end(self.now)
            if not Message.objects.exclude(state__in=[*FINAL, State.ACCEPTED]).exists():
                return


DEEDS = [
    "claim",
    "begin",
    "send",
    "record",
    "beat",
    "bury",
    "wait",
    "resolve",
    "hear",
    "die",
]
HOW = ["accept", "drop", "take and say nothing", "busy", "refuse"]
STEPS = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.integers(0, 1), st.sampled_from(HOW)),
    max_size=40,
)


@pytest.fixture
def edge(settings):
    account = settings.ACCOUNTS["simulated-sms"]
    path = f"{Edge.__module__}.{Edge.__qualname__}"
    settings.ACCOUNTS = {"simulated-sms": account | {"transport": path}}
    routing.transport_for.cache_clear()
    yield
    routing.transport_for.cache_clear()


def begin_anew(**cause) -> World:
    for kind in (Receipt, Attempt, Message, Address, Cause, Account, Worker):
        kind.objects.all().delete()
    Edge.took = Counter()
    outbox.write(make_cause(**cause), letters(3), NOON)
    return World(hands=(Hand("a"), Hand("b")))


@given(steps=STEPS)
@profile(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_order_of_two_workers_loses_or_repeats_a_message(edge, steps):
    world = begin_anew()
    for deed, who, how in steps:
        getattr(world, deed)(world.hands[who], how)
    world.settle()
    for message in Message.objects.all():
        copies = Edge.took[str(message.uid)]
        assert message.state in ENDS, steps
        assert copies <= 1 + message.repeats, steps
        assert copies or message.state == State.REJECTED


@given(steps=STEPS, at=st.integers(0, 40))
@profile(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_after_a_stop_nothing_is_begun_whoever_holds_it(edge, steps, at):
    world = begin_anew()
    before = Counter()
    for number, (deed, who, how) in enumerate(steps):
        if number == at:
            world.stop(world.hands[0], "")
            world.wait(world.hands[0], "refuse")
            before = Counter(Edge.took)
        getattr(world, deed)(world.hands[who], how)
    if at >= len(steps):
        world.stop(world.hands[0], "")
        world.wait(world.hands[0], "refuse")
        before = Counter(Edge.took)
    world.settle()
    assert Edge.took == before
    left = Message.objects.filter(state__in=[State.QUEUED, State.CLAIMED])
    assert not left.exists()


def test_who_begins_while_being_buried_begins_nothing_that_others_may_claim(edge):
    world = begin_anew()
    slow = world.hands[0]
    world.claim(slow, "")
    world.now += 4 * SECOND
    begun: list[list[Job]] = []

    def wake() -> None:
        try:
            sweeping.beat(slow.name, world.now)
            begun.append(claims.begin(slow.claimed, slow.name, world.now))
        except OperationalError:  # a database in memory locks, and does not wait
            begun.append([])
        connection.close()

    woken = threading.Thread(target=wake)

    def in_the_middle(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and "dispatch_message" in sql and not woken.ident:
            woken.start()
            woken.join(0.5)  # it has to wait for us, or is done
        return execute(sql, params, many, context)

    with connection.execute_wrapper(in_the_middle):
        sweeping.bury(world.now)
    woken.join()
    free = set(Message.objects.filter(state=State.QUEUED).values_list("pk", flat=True))
    assert free.isdisjoint(job.message_id for job in begun[0])
    assert free or begun[0]
