"""Where somebody shared that they are is a stay of its own, for 72 hours."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from consular.people import whereabouts
from consular.people.managing import locating, recalling
from consular.people.models import Registration, Stay
from consular.people.registering import enrolling
from consular.people.whereabouts import Question
from geo import circles
from geo.limits import ShapeError
from tests.factories import NOON, TODAY, make_registration, make_stay_entry

pytestmark = pytest.mark.django_db
MANAGUA = circles.circle(-86.25, 12.13, 20_000)


def people(days_on: int = 0, **include: bool) -> whereabouts.People:
    day = TODAY + timedelta(days=days_on)
    asked = Question(shape=MANAGUA, starts_on=day, ends_on=day, mode="exercise")
    return whereabouts.people_in(asked, include)


@pytest.fixture
def party() -> Registration:
    """Two people who registered a trip to the other side of the world."""
    return make_registration(20, 20, party=2)


def test_who_shares_a_location_is_inside_by_it(party: Registration) -> None:
    assert len(people()) == 0
    locating.share(party, -86.25, 12.13, 15, NOON)
    found = people()
    assert (len(found), found.is_shared.tolist()) == (2, [True, True])
    party.refresh_from_db()
    assert party.revision == 2


def test_a_newer_location_takes_its_place(party: Registration) -> None:
    locating.share(party, -86.25, 12.13, 15, NOON)
    locating.share(party, 50, 50, 15, NOON + timedelta(hours=1))
    assert len(people()) == 0
    assert party.stays.filter(is_shared=True).count() == 2


def test_it_holds_for_three_days_and_no_longer(party: Registration) -> None:
    locating.share(party, -86.25, 12.13, 15, NOON)
    assert len(people(3)) == 2
    assert len(people(5)) == 0


@pytest.mark.parametrize(
    "zone", ["Pacific/Kiritimati", "Pacific/Fiji", "Asia/Tokyo", "UTC", "Etc/GMT+12"]
)
@pytest.mark.parametrize("hour", [0, 11, 13, 23])
def test_it_holds_for_72_hours_by_the_clock_of_the_place(
    party: Registration, zone: str, hour: int
) -> None:
    at = NOON.replace(hour=hour, minute=59)
    locating.share(party, -86.25, 12.13, 15, at)
    for hours in (0, 71):
        local = (at + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).date()
        assert len(people((local - TODAY).days)) == 2
    assert len(people(5)) == 0


def test_a_change_of_the_trip_keeps_it(party: Registration) -> None:
    locating.share(party, -86.25, 12.13, 15, NOON)
    entry = recalling.entry_of(party)
    assert len(entry.stays) == 1
    enrolling.change(party, entry, NOON + timedelta(hours=1))
    assert len(people()) == 2


def test_a_vague_location_reaches_as_far_as_it_may_be_wrong(
    party: Registration,
) -> None:
    beyond = 12.13 + 23_000 / 110_600
    locating.share(party, -86.25, beyond, 900, NOON)
    assert len(people()) == 0
    locating.share(party, -86.25, beyond, 5_000, NOON)
    assert len(people()) == 2
    assert locating.share(party, -86.25, 12.13, 90_000, NOON) is None


def test_officers_can_leave_it_out_and_take_it_alone(party: Registration) -> None:
    locating.share(party, -86.25, 12.13, 15, NOON)
    make_registration(stays=[make_stay_entry()])
    assert len(people(shared=False)) == 1
    assert len(people(trip=False)) == 2


def test_a_place_that_is_not_on_earth_is_refused(party: Registration) -> None:
    locating.share(party, -86.25, 12.13, 15, NOON)
    with pytest.raises(ShapeError):
        locating.share(party, 12.13, -186.25, 15, NOON)
    assert Stay.objects.current().filter(is_shared=True).count() == 1
