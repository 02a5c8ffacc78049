"""Look every second for what is due in the mail room."""

from datetime import datetime

from alerts.dispatch import posting, receipts, sweeping, unclear


def tick(now: datetime) -> None:
    """Apply receipts, release lost claims, resolve what is unclear, post, expire.

    Each step is one conditional change, so several processes may tick at once.
    """
    while receipts.apply_waiting(now) == receipts.AT_ONCE:
        pass
    sweeping.bury(now)
    sweeping.expire(now)
    posting.take_back_lost(now)
    unclear.resolve(now)
    posting.post_due(now)
