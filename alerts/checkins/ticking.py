"""Look every second for answers that were not read, and for steps that are due."""

import logging
from collections.abc import Callable
from datetime import datetime

from alerts.checkins import ladders, retention
from alerts.checkins.answers import inbox
from alerts.checkins.board import counting
from alerts.checkins.casework import escalating, opening
from alerts.checkins.reading import own_phrases
from alerts.checkins.relatives import enquiring
from consular.rhythm import Every, one_by_one

logger = logging.getLogger(__name__)
RETENTION = Every(20)  # it asks whether today was done
CASES = Every(5)
LADDERS = Every(3)  # an answer stops a further step within ten seconds


def read(now: datetime) -> None:
    """Read what is new, in a tick of its own: a call waits for no other step.

    Nor for the phrases, which take seconds to load and are loaded when nobody calls.
    """
    own_phrases.current()
    while inbox.read_new(now) == inbox.AT_ONCE:
        pass
    if waiting := inbox.without_key():
        logger.error("%d answers wait for a key that is not set here", waiting)


def tick(now: datetime) -> None:
    """Take the steps that are due, and count."""
    due: list[Callable[[datetime], object]] = []
    if LADDERS(now):
        due.append(ladders.climb)
    due.append(counting.tick)
    if CASES(now):
        due += [opening.by_silence, escalating.escalate, escalating.ring_for_replies]
        due += [enquiring.look, enquiring.take_back, enquiring.pass_on]
    if RETENTION(now):
        due.append(_end_what_is_over)
    one_by_one(now, *due)


def _end_what_is_over(now: datetime) -> None:
    if retention.is_due(now):
        retention.run(now)
