"""Look every second for answers that were stored and not read yet."""

from datetime import datetime

from alerts.checkins import inbox


def tick(now: datetime) -> None:
    """Read what is new; each answer is read once, whoever ticks."""
    while inbox.read_new(now) == inbox.AT_ONCE:
        pass
