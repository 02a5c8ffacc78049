"""The right to settle an alert, for some seconds, and the fence that it is."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from alerts.incidents.models import Alert

LEASE = timedelta(seconds=15)
# The first lease, in which everyone is matched; a busy machine takes its time, and
# whoever took over meanwhile would begin anew and be late as well.
LOOKING = timedelta(seconds=60)
PEOPLE_A_SECOND = 5_000


class LostError(Exception):
    """Say that the alert is no longer ours to settle: stopped, or another's lease."""


class Lease:
    """The right to settle an alert, renewed with every transaction.

    Several threads may share it: each has its turn at the fence.
    """

    def __init__(self, alert: Alert, now: datetime) -> None:
        self.alert, self.now, self.began = alert, now, time.monotonic()
        self.until: datetime | None = None
        self._turns = threading.Lock()

    def clock(self) -> datetime:
        """Return the time it is by now, to the second."""
        return self.now + timedelta(seconds=int(time.monotonic() - self.began))

    def take(self) -> None:
        """Take a free lease, or one that ran out."""
        free = Q(lease_until=None) | Q(lease_until__lte=self.now)
        people = int(self.alert.draft.preview.get("people", 0))
        longer = timedelta(seconds=people / PEOPLE_A_SECOND)
        self._move(Alert.objects.filter(free), LOOKING + longer)

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """Run a transaction, and commit it if the alert is still ours at its end.

        The alert's row is held for the moment of the commit only, when nothing is left
        to wait for: what is written is looked at as it is written. A stop, or another
        worker, that came before undoes the transaction; one that comes in that moment
        waits, and finds what it wrote.
        """
        with ExitStack() as turn, transaction.atomic():
            yield
            turn.enter_context(self._turn())  # and let go after the commit
            self._renew()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Run a transaction that holds the alert's row from its beginning."""
        with self._turn(), transaction.atomic():
            self._renew()
            yield

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._turns:
            before = self.until
            try:
                yield
            except BaseException:  # rolled back, and the lease with it
                self.until = before
                raise

    def _renew(self) -> None:
        self._move(Alert.objects.filter(lease_until=self.until), LEASE)

    def _move(self, rows: "QuerySet[Alert]", lease: timedelta) -> None:
        passed = timedelta(seconds=time.monotonic() - self.began)
        until = self.now + passed + lease
        mine = rows.filter(pk=self.alert.pk, state=Alert.State.SETTLING)
        if not mine.update(lease_until=until):
            raise LostError(str(self.alert))
        self.until = until
