"""What is due every so often is done, however slow the ticks are."""

from datetime import timedelta
from itertools import pairwise

import pytest

from consular.rhythm import Every
from tests.factories import NOON

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("every_s", [2, 3, 5, 20, 60])
@pytest.mark.parametrize("period_s", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("start_s", [0, 1, 2])
def test_it_is_due_as_often_as_ticks_of_any_length_allow(every_s, period_s, start_s):
    due = Every(every_s)
    looks = range(start_s, start_s + 600, period_s)
    times = [at for at in looks if due(NOON + at * SECOND)]
    pauses = [after - before for before, after in pairwise(times)]
    assert times[0] - start_s <= every_s + period_s
    assert max(pauses) < every_s + period_s


def test_whose_second_is_another_one_waits_for_it():
    due = Every(30, at=7)
    assert [due(NOON + s * SECOND) for s in (0, 6, 7, 8, 36, 38)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]


def test_a_clock_that_was_set_back_is_not_waited_for():
    due = Every(5)
    assert not due(NOON + 58 * SECOND)
    assert not due(NOON + SECOND)
    assert due(NOON + 6 * SECOND)
