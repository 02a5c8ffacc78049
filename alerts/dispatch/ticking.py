"""Look every second for what is due in the mail room."""

from collections.abc import Callable
from datetime import datetime

from alerts.dispatch.hearing import receipts, unclear
from alerts.dispatch.sending import diary, health, posting, suspects, sweeping
from alerts.dispatch.watching import alarms, daily
from consular.rhythm import Every, one_by_one

ALARMS = Every(5)
SUSPECTS_AT_ONCE = 5  # each takes a process of its own; what is unclear waits meanwhile


def tick(now: datetime) -> None:
    """Apply receipts, release lost claims, end what is over, look at the outcome.

    Each step is one conditional change, so several processes may tick at once. None of
    them talks to a provider: a provider that hangs must not hold this up.
    """
    one_by_one(
        now,
        _apply_receipts,
        diary.settle,
        sweeping.bury,
        sweeping.end,
        posting.take_back_lost,
        health.shift,
        *((alarms.look, daily.send) if ALARMS(now) else ()),
    )


def _apply_receipts(now: datetime) -> None:
    while receipts.apply_waiting(now) == receipts.AT_ONCE:
        pass


def errands(owner: str, clock: Callable[[], datetime]) -> int:
    """Talk to providers about what is few: what is unclear, suspects, public posts."""
    return ask(owner, clock) + post(clock)


def ask(owner: str, clock: Callable[[], datetime]) -> int:
    """Ask for what is unclear, and send suspects.

    Each may take seconds, so each looks at the clock. Whoever calls it sees to the
    heartbeat of `owner` meanwhile.
    """
    unclear.resolve(clock())
    sent = 0
    while sent < SUSPECTS_AT_ONCE and suspects.send_one(owner, clock):
        sent += 1
    return sent


def post(clock: Callable[[], datetime]) -> int:
    """Publish public posts: a provider of texts that hangs does not hold them up."""
    return posting.post_due(clock())
