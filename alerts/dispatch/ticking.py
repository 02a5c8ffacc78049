"""Look every second for what is due in the mail room."""

from datetime import datetime

from alerts.dispatch import (
    alarms,
    health,
    posting,
    receipts,
    suspects,
    sweeping,
    unclear,
)


def tick(now: datetime) -> None:
    """Apply receipts, release lost claims, end what is over, look at the outcome.

    Each step is one conditional change, so several processes may tick at once. None of
    them talks to a provider: a provider that hangs must not hold this up.
    """
    while receipts.apply_waiting(now) == receipts.AT_ONCE:
        pass
    sweeping.bury(now)
    sweeping.end(now)
    posting.take_back_lost(now)
    health.shift(now)
    if now.second % alarms.EVERY_S == 0:
        alarms.look(now)


def errands(owner: str, now: datetime) -> int:
    """Talk to providers about what is few: what is unclear, suspects, public posts.

    Whoever calls it sees to the heartbeat of `owner` meanwhile.
    """
    unclear.resolve(now)
    sent = 0
    while suspects.send_one(owner, now):
        sent += 1
    return sent + posting.post_due(now)
