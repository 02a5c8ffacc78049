"""Look every second for answers that were not read, and for steps that are due."""

from datetime import datetime

from alerts.checkins import ladders, retention
from alerts.checkins.answers import inbox
from alerts.checkins.board import counting
from alerts.checkins.casework import escalating, opening
from alerts.checkins.relatives import enquiring
from consular.rhythm import Every

RETENTION = Every(20)  # it asks whether today was done
CASES = Every(5)
LADDERS = Every(3)  # an answer stops a further step within ten seconds


def tick(now: datetime) -> None:
    """Read what is new; each answer is read once, whoever ticks."""
    while inbox.read_new(now) == inbox.AT_ONCE:
        pass
    if LADDERS(now):
        ladders.climb(now)
    counting.tick(now)
    if CASES(now):
        opening.by_silence(now)
        escalating.escalate(now)
        enquiring.look(now)
        enquiring.pass_on(now)
    if RETENTION(now) and retention.is_due(now):
        retention.run(now)
