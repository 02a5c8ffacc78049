"""Pick what is to leave next: lane by lane, queues in turn, within the rates.

A queue is what waits of one cause on one channel; all notices of a channel are one.
Queues take turns, so that no incident starves another, however slow the sender is; and
within a cause the nearest to the hazard go first.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from alerts.dispatch import routing
from alerts.dispatch.models import Account, Cause, Lane, Message, State
from alerts.dispatch.sending import budgets, health, rates
from consular import modes

BELIEVED = timedelta(seconds=0.5)
NOTICES_FROM_US = 900_000  # of each second
NOTICES_EVERY = timedelta(seconds=1)
NOTICES_SHARE = 4  # of what is claimed, so that danger has the rest
WAITING = "waiting_"  # before the name of a channel
EVERY = 0  # in place of a cause: the causes of all notices
Queue = tuple[int, str]


@dataclass
class Memory:
    """What a worker remembers between its claims.

    `empty` says of queues that were found empty until when that is believed, `served`
    of the others which was served last, `notices_at` when notices went first.
    """

    empty: dict[Queue, datetime] = field(default_factory=dict)
    served: dict[Queue, int] = field(default_factory=dict)
    turn: int = 0
    notices_at: datetime | None = None

    def found_empty(self, queue: Queue, now: datetime) -> None:
        """Note that nothing waits in a queue."""
        self.empty[queue] = now + BELIEVED

    def is_empty(self, queue: Queue, now: datetime) -> bool:
        """Tell whether a queue was found empty just now; a clock may be put back."""
        return now < self.empty.get(queue, now) <= now + BELIEVED

    def are_notices_due(self, now: datetime) -> bool:
        """Tell whether a few notices go first this time, and note it.

        They do in the last tenth of every second, and where that tenth was slept
        through, a second after they last did. Among them are the words to somebody who
        called for help and the codes of those who register; behind a large alert they
        would wait until all of it has left. Clocks may jump.
        """
        since = self.notices_at or now
        late = not since <= now < since + NOTICES_EVERY
        due = late or now.microsecond >= NOTICES_FROM_US
        self.notices_at = now if due else since
        return due

    def serve(self, queue: Queue) -> None:
        """Note that it was a queue's turn."""
        self.turn += 1
        self.served[queue] = self.turn

    def in_turn(self, queues: Iterable[Queue]) -> list[Queue]:
        """Return queues in the order of their turns."""
        return sorted(queues, key=lambda queue: self.served.get(queue, 0))


class Picker:
    """Pick what is to leave next, during one claim."""

    def __init__(
        self,
        accounts: dict[str, Account],
        channels: list[str],
        causes: QuerySet[Cause],
        now: datetime,
        memory: Memory,
    ) -> None:
        self.now = now
        self.memory = memory
        self.mode = modes.installation()
        self.channels = channels
        self.usable = health.usable(accounts, now)
        self.buckets = rates.Buckets(self.usable, now)
        self.open = causes
        self.causes: dict[int, list[int]] = defaultdict(list)
        alerts = causes.exclude(lane=Lane.NOTICE).order_by("id")
        for pk, lane in alerts.values_list("pk", "lane"):
            self.causes[lane].append(pk)
        self.over_budget = budgets.exhausted(now)
        self.taken: Counter[Queue] = Counter()

    def pick(self, most: int) -> Iterator[int]:
        """Yield ids, `most` at the most."""
        left = most
        if self.memory.are_notices_due(self.now):
            few = max(most // NOTICES_SHARE, 1)
            for pk in self._of_lane(Lane.NOTICE, few, self._room(Lane.NOTICE)):
                left -= 1
                yield pk
        for lane in Lane.values:
            if left <= 0:
                return
            if lane > Lane.NOTICE and self.over_budget:
                return
            for pk in self._of_lane(lane, left, self._room(lane)):
                left -= 1
                yield pk

    def _room(self, lane: int) -> dict[str, int]:
        """Return how many messages each channel has room for."""
        room: dict[str, int] = defaultdict(int)
        for name in self.usable:
            channel = settings.ACCOUNTS[name]["channel"]
            if channel in self.channels and not self._stands_by(name, channel):
                room[channel] += self.buckets.room(name, lane)
        for channel in self.channels:
            # What no account can send is picked too, to be refused aloud.
            if not routing.accounts(channel, self.mode):
                room.setdefault(channel, rates.UNLIMITED)
        return {channel: number for channel, number in room.items() if number > 0}

    def _stands_by(self, name: str, channel: str) -> bool:
        """Tell whether an account gets nothing while others of its channel work."""
        mode = settings.ACCOUNTS[name]["mode"]
        others = [n for n in routing.accounts(channel, mode) if n in self.usable]
        return not routing.weight_now(name, others, self.usable)

    def _queues(self, lane: int, room: dict[str, int]) -> list[Queue]:
        """Return what may have something waiting, in turn."""
        causes = self.causes[lane]
        if lane == Lane.NOTICE:  # one question, where nearly always none waits
            waiting = self._due(self._waiting(EVERY)).filter(channel__in=room)
            causes = [EVERY] if waiting.exists() else []
        queues = [(cause, channel) for cause in causes for channel in room]
        asked = [q for q in queues if not self.memory.is_empty(q, self.now)]
        return self.memory.in_turn(self._with_something_due(asked))

    def _with_something_due(self, queues: list[Queue]) -> list[Queue]:
        """Keep the queues in which something waits, by one question for all.

        Alerts stay open for days after their last message has left, so that nearly all
        queues are empty; asked one by one they take longer than the sending.
        """
        causes = {cause for cause, _ in queues if cause != EVERY}
        if not causes:
            return queues
        own = Message.objects.filter(cause=OuterRef("pk"))
        each = {
            f"{WAITING}{name}": Exists(self._due(own.filter(channel=name)))
            for name in {channel for _, channel in queues}
        }
        found = Cause.objects.filter(pk__in=causes).annotate(**each).values("pk", *each)
        rows = {row["pk"]: row for row in found}
        kept = []
        for queue in queues:
            cause, channel = queue
            if rows.get(cause, {}).get(f"{WAITING}{channel}", cause == EVERY):
                kept.append(queue)
            else:
                self.memory.found_empty(queue, self.now)
        return kept

    def _of_lane(self, lane: int, left: int, room: dict[str, int]) -> Iterator[int]:
        """Yield ids: of each queue its share, then what others have left."""
        taken = self.taken
        queues = self._queues(lane, room)
        while queues and left > 0:
            share = max(left // len(queues), 1)
            sharing = Counter(channel for _, channel in queues)
            parts = {name: max(room[name] // n, 1) for name, n in sharing.items()}
            full = []
            for queue in queues:
                cause, channel = queue
                most = min(share, parts[channel], room[channel], left)
                found = self._ids(self._waiting(cause), channel, most, taken[queue])
                taken[queue] += len(found)
                room[channel] -= len(found)
                left -= len(found)
                yield from found
                if found:
                    self.memory.serve(queue)
                if most and len(found) == most:
                    full.append(queue)
            queues = full

    def _waiting(self, cause: int) -> QuerySet[Message]:
        """Return what belongs to a queue's cause, in the order in which it leaves."""
        if cause == EVERY:
            notices = Message.objects.filter(lane=Lane.NOTICE, cause__in=self.open)
            return notices.order_by("id")
        return Message.objects.filter(cause=cause).order_by("rank", "id")

    def _due(self, rows: QuerySet[Message]) -> QuerySet[Message]:
        return rows.filter(
            state=State.QUEUED, is_suspect=False, not_before__lte=self.now
        )

    def _ids(
        self, rows: QuerySet[Message], channel: str, most: int, skip: int
    ) -> list[int]:
        if most <= 0:
            return []
        due = self._due(rows).filter(channel=channel)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        return list(due.values_list("pk", flat=True)[skip : skip + most])
