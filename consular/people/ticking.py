"""Look every second for notices to write, and once a day for questions to ask."""

from datetime import datetime

from consular.people import keying
from consular.people.lists import grouping, taking
from consular.people.managing import asking, errands
from consular.people.protecting import guarding
from consular.rhythm import Every

FLOODS = Every(10)
WAITING = Every(5)
QUESTIONS = Every(30, at=7)  # it asks whether today was done


def tick(now: datetime) -> None:
    """Do what is due; each thing is done once, whoever ticks."""
    while errands.run(now) >= errands.AT_ONCE:
        pass
    if WAITING(now):
        errands.resume(now)
    grouping.tell(now)
    keying.run(now)  # one batch a tick: confirmations do not wait for it
    if FLOODS(now):
        guarding.tell(now)
    if QUESTIONS(now) and asking.is_due(now):
        asking.run(now)
    taking.run(now)  # last: what strangers upload may hold up nothing but lists
