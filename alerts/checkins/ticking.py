"""Look every second for what is due in checkins."""

from datetime import datetime


def tick(now: datetime) -> None:
    """Do, or hand to the queue, what is due now; twice is the same as once."""
