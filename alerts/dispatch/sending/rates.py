"""Share each sender's rate among all workers and machines: one row an account.

A bucket fills with parts (texts as the network counts them) at the account's `rate`
and holds a second's worth. Most of it is for everyone; the last share is kept for
danger and for notices, so that these find an open door behind any backlog.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from alerts.dispatch.models import Account, Lane

KEPT_FOR_DANGER = 0.15
UNLIMITED = 1_000_000
# What machines' clocks may differ by. Who is behind fills nothing that another one has
# filled already; a clock that was further ahead was wrong, and is not waited for.
APART = timedelta(seconds=5)


def rate_of(account: str) -> float:
    """Return how many parts a second an account may send; 0 is no limit."""
    return float(settings.ACCOUNTS[account].get("rate") or 0)


def rows() -> dict[str, Account]:
    """Return the rows of all configured accounts; a new one gets its row here."""
    found = {row.name: row for row in Account.objects.all()}
    missing = [name for name in settings.ACCOUNTS if name not in found]
    if missing:
        Account.objects.bulk_create(
            (Account(name=name) for name in missing),
            ignore_conflicts=True,
        )
        found = {row.name: row for row in Account.objects.all()}
    return {name: found[name] for name in settings.ACCOUNTS}


class Buckets:
    """The buckets of all accounts during one claim; use inside its transaction."""

    def __init__(self, accounts: Iterable[str], now: datetime) -> None:
        self.now = now
        limited = [name for name in accounts if rate_of(name)]
        locked = Account.objects.filter(name__in=limited).order_by("name")
        if connection.features.has_select_for_update:
            locked = locked.select_for_update()
        self.filled_at: dict[str, datetime] = {}
        self.level = {row.name: self._level(row) for row in locked}
        self.taken: dict[str, int] = {}

    def _level(self, row: Account) -> float:
        rate = rate_of(row.name)
        last = row.filled_at
        is_ahead = last is not None and self.now < last <= self.now + APART
        self.filled_at[row.name] = last if last and is_ahead else self.now
        since_s = 1.0
        if row.filled_at is not None:
            since_s = max((self.now - row.filled_at).total_seconds(), 0.0)
        return min(row.tokens + since_s * rate, max(rate, 2.0))

    def room(self, account: str, lane: int) -> int:
        """Return how many parts an account may take on now for a lane."""
        if account not in self.level:
            return UNLIMITED
        most = max(rate_of(account), 2.0)
        kept = 0.0 if lane <= Lane.NOTICE else KEPT_FOR_DANGER * most
        return max(int(self.level[account] - kept), 0)

    def take(self, account: str, parts: int) -> None:
        """Take parts; a bucket may run into debt by one message, and pays it back."""
        if account in self.level:
            self.level[account] -= parts
            self.taken[account] = self.taken.get(account, 0) + parts

    def keep(self) -> None:
        """Write the levels back."""
        for name in self.taken:
            Account.objects.filter(name=name).update(
                tokens=self.level[name], filled_at=self.filled_at[name]
            )
