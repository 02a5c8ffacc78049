"""Write the chunks of an audience one after the other, or, of a large one, abreast.

Abreast, this thread prepares a chunk while clerks write those before it, each in a
transaction of its own. The order in which they are committed does not matter: a chunk
is kept back until what shares an address with it is written, so that no two write the
same address or message.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, IntegrityError, connection

from alerts.dispatch.book import Place
from alerts.incidents.audiences import listing, matching
from alerts.incidents.audiences.leasing import Lease
from alerts.incidents.audiences.listing import Codes, Parties
from alerts.incidents.audiences.matching import Match
from alerts.incidents.audiences.posting import Post
from alerts.incidents.models import Alert
from consular import copying
from consular.clerks import Clerks
from consular.people.models import Registration

CLERKS = 2
MOST_WAITING = 6  # chunks that are prepared and not yet written
DEADLOCK = "40P01"  # PostgreSQL's word


@dataclass(frozen=True)
class Waiting:
    """A chunk that was handed to the clerks, and the addresses it writes to."""

    chunk: list[Match]
    places: set[Place]
    done: "Future[None]"


@contextmanager
def clerks(is_large: bool) -> Iterator[Clerks | None]:
    """Give clerks where they are worth it and can be had.

    SQLite has one writer at a time; what is in a transaction already is seen by its
    own connection only.
    """
    if (
        is_large
        and connection.vendor == "postgresql"
        and not connection.in_atomic_block
    ):
        with Clerks(CLERKS) as found:
            yield found
    else:
        yield None


class Writing:
    """Write chunks in transactions that the alert's lease fences."""

    def __init__(
        self, alert: Alert, lease: Lease, post: Post, clerks: Clerks | None
    ) -> None:
        self.alert, self.lease, self.post, self.clerks = alert, lease, post, clerks
        self.codes = Codes(alert)
        self._waiting: deque[Waiting] = deque()
        self._places: set[Place] = set()  # of all that wait
        self._undone: list[list[Match]] = []

    def addresses_of(self, part: list[Match]) -> Parties:
        """Read the addresses of some registrations, and rely on them."""
        addressed = self._addresses(part)
        self.post.rely_on(addressed, self._places)
        return addressed

    def write(self, chunk: list[Match], addressed: Parties) -> None:
        """Write a chunk, or hand it to the clerks; what was undone is done again.

        Raises
        ------
        LostError
            When the alert is no longer ours.
        """
        if self.clerks is None:
            self._write_here(chunk, addressed)
            return
        places = _places(chunk, addressed)
        while len(self._waiting) >= MOST_WAITING:
            self._take_back()
        if self._undone or not self._places.isdisjoint(places):
            self.wait()
        if self.post.known is None:
            self._write_here(chunk, addressed)
            return
        batch = copying.Batch()
        listing.write(self.alert, chunk, self.codes, self.post, addressed, batch)
        done = self.clerks.hand(lambda: self._commit(batch))
        self._waiting.append(Waiting(chunk, places, done))
        self._places |= places

    def wait(self) -> None:
        """Wait until all is written; do again, alone, what was undone."""
        while self._waiting:
            self._take_back()
        undone, self._undone = self._undone, []
        for chunk in undone:
            self._write_again(chunk)

    def _take_back(self) -> None:
        first = self._waiting.popleft()
        self._places -= first.places
        try:
            first.done.result()
        except DatabaseError as error:
            if not _is_others(error):
                raise
            self._undone.append(first.chunk)

    def _commit(self, batch: copying.Batch) -> None:
        with self.lease.fenced():
            copying.need_not_last()
            batch.write()

    def _write_here(self, chunk: list[Match], addressed: Parties) -> None:
        try:
            with self.lease.fenced():
                copying.need_not_last()
                batch = copying.Batch() if self.post.known is not None else None
                listing.write(
                    self.alert, chunk, self.codes, self.post, addressed, batch
                )
                if batch is not None:
                    batch.write()
        except DatabaseError as error:
            if not _is_others(error):
                raise
            self._write_again(chunk)

    def _write_again(self, chunk: list[Match]) -> None:
        """Write a chunk of which somebody was erased, or changed, since we looked."""
        self.post.look_again()
        with self.lease.fenced():
            copying.need_not_last()
            rest = self._looked_at_again(chunk)
            listing.write(
                self.alert, rest, self.codes, self.post, self._addresses(rest)
            )

    def _looked_at_again(self, chunk: list[Match]) -> list[Match]:
        """Match some registrations again; those that are gone are not among them."""
        numbers = [match.registration_id for match in chunk]
        rows = Registration.objects.select_for_update(no_key=True)
        held = rows.filter(pk__in=numbers).order_by("pk")
        there = set(held.values_list("pk", flat=True))
        inside = {m.registration_id: m for m in matching.of(self.alert, there)}
        return [
            inside.get(match.registration_id, match)
            for match in chunk
            if match.registration_id in (there if not match.is_included else inside)
        ]

    def _addresses(self, part: list[Match]) -> Parties:
        return self.post.addresses_of(
            match.registration_id for match in part if match.is_included
        )


def _places(chunk: list[Match], addressed: Parties) -> set[Place]:
    return {
        (reach.channel, reach.address_key)
        for match in chunk
        if match.is_included
        for reach in addressed[match.registration_id].reachable
    }


def _is_others(error: DatabaseError) -> bool:
    """Tell whether what others wrote in this moment undid a transaction."""
    code = getattr(error.__cause__, "pgcode", None)
    return isinstance(error, IntegrityError) or code == DEADLOCK
