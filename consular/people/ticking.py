"""Look every second for notices to write, and once a day for questions to ask."""

from datetime import datetime

from consular.people import keying
from consular.people.lists import grouping, taking
from consular.people.managing import asking, errands
from consular.people.protecting import guarding

FLOODS_EVERY_S = 10
WAITING_EVERY_S = 5
QUESTIONS_EVERY_S = 30  # it asks whether today was done


def tick(now: datetime) -> None:
    """Do what is due; each thing is done once, whoever ticks."""
    while errands.run(now) >= errands.AT_ONCE:
        pass
    if now.second % WAITING_EVERY_S == 0:
        errands.resume(now)
    grouping.tell(now)
    keying.run(now)  # one batch a tick: confirmations do not wait for it
    if now.second % FLOODS_EVERY_S == 0:
        guarding.tell(now)
    if now.second % QUESTIONS_EVERY_S == 7 and asking.is_due(now):
        asking.run(now)
    taking.run(now)  # last: what strangers upload may hold up nothing but lists
