"""A party that says it has left: what that ends, and what it does not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from consular.people.managing import moving, recalling
from consular.people.models import Registration
from consular.people.registering import enrolling
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db
TODAY = NOON.date()


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def travelling(*stops: tuple[int, int | None]) -> Registration:
    stays = [
        factories.make_stay_entry(
            arrives_on=day(first), departs_on=None if last is None else day(last)
        )
        for first, last in stops
    ]
    return factories.make_registration(phone="+12025550101", party=2, stays=stays)


def ends(party: Registration) -> list[date]:
    return [stay.ends_on for stay in party.stays.current()]


def test_a_stop_that_begins_tomorrow_is_not_left() -> None:
    party = travelling((-5, 1), (1, 9))
    moving.leave(party, TODAY, NOON)
    assert ends(party) == [TODAY, day(10)]


@pytest.mark.parametrize("stop", [(-5, 0), (-5, 1), (0, 5), (-400, None)])
def test_a_stop_where_they_are_is_left_today(stop: tuple[int, int | None]) -> None:
    party = travelling(stop)
    moving.leave(party, TODAY, NOON)
    assert ends(party) == [TODAY]


def test_a_change_afterwards_does_not_bring_them_back() -> None:
    party = travelling((-5, 4), (6, 9))
    moving.leave(party, TODAY, NOON)
    entry = recalling.entry_of(party)
    moved = replace(entry.stays[0], lon=entry.stays[0].lon + 1e-6)
    said = replace(entry, language="fr", stays=[moved, entry.stays[1]])
    enrolling.change(party, said, NOON)
    assert ends(party) == [TODAY, day(10)]
    back = replace(entry, stays=[replace(entry.stays[0], departs_on=day(2))])
    enrolling.change(party, back, NOON)
    assert ends(party) == [day(3)]
