"""The invented population: the same for a seed, and shaped like a ministry's."""

from collections import Counter
from datetime import datetime

import pytest

from alerts.exercises import numbers, population
from alerts.exercises.population import EPICENTRE, NEAR_M, Party, Population
from consular.people.models import Person, Registration, Stay
from geo.circles import distance_m
from tests.conftest import NOON

TODAY = NOON.date()


def drawn(count: int = 2000, seed: int = 1) -> list[Party]:
    return list(Population(count, TODAY, seed).parties())


PARTIES = drawn()


def test_a_seed_gives_the_same_people_again():
    assert drawn(300) == drawn(300)
    assert drawn(300) != drawn(300, seed=2)


def test_enough_are_near_the_epicentre_today():
    near = [
        stay
        for party in PARTIES
        for stay in party.entry.stays
        if stay.arrives_on <= TODAY
        and (stay.departs_on is None or stay.departs_on > TODAY)
        and distance_m(stay.lon, stay.lat, *EPICENTRE) <= NEAR_M
    ]
    assert 100 <= len(near) <= 160


def test_parties_have_one_to_six_members_and_one_to_four_stays():
    assert {len(party.entry.persons) for party in PARTIES} == {1, 2, 3, 4, 5, 6}
    assert {len(party.entry.stays) for party in PARTIES} == {1, 2, 3, 4}
    kinds = Counter(party.entry.kind for party in PARTIES)
    assert 0.3 < kinds[Registration.Kind.RESIDENCE] / len(PARTIES) < 0.4


def test_every_language_and_precision_occurs():
    assert len({party.entry.language for party in PARTIES}) == 8
    stays = [stay for party in PARTIES for stay in party.entry.stays]
    assert {stay.precision for stay in stays} == set(Stay.Precision.values)
    assert len({stay.country for stay in stays}) > 80


def test_about_eight_in_a_hundred_have_no_phone_and_some_nothing_valid():
    kinds = [{c.kind for c in party.entry.contacts} for party in PARTIES]
    assert 0.06 < sum("phone" not in each for each in kinds) / len(kinds) < 0.1
    invalid = [
        party
        for party in PARTIES
        if [c.address for c in party.entry.contacts] == [numbers.INVALID]
    ]
    assert invalid


@pytest.mark.parametrize("party", PARTIES[::100], ids=str)
def test_addresses_belong_to_nobody(party: Party):
    for contact in party.entry.contacts:
        if contact.kind == "email":
            assert contact.address.endswith("@example.org")
        else:
            assert contact.address == numbers.INVALID or (
                contact.address[2:].startswith(contact.address[2:5] + "55501")
                or contact.address.startswith(("+447700900", "+49171392", "+3363998"))
            )


def test_some_are_unconfirmed_and_some_come_later_or_have_left():
    assert any(not party.is_confirmed for party in PARTIES)
    first = [party.entry.stays[0] for party in PARTIES]
    assert any(stay.arrives_on > TODAY for stay in first)
    assert any(stay.departs_on and stay.departs_on < TODAY for stay in first)


def test_twenty_thousand_have_numbers_enough():
    given = numbers.reserved(1)
    assert len({next(given) for _ in range(40_000)}) == 40_000


@pytest.mark.django_db
def test_a_population_is_written_in_portions(now: datetime):
    told: list[int] = []
    assert not population.is_there()
    assert population.fill(Population(900, TODAY), now, told.append) == 900
    assert population.is_there()
    assert told == [400, 800, 900]
    assert Registration.objects.count() == 900
    assert Registration.objects.filter(confirmed_at=None).exists()
    assert Person.objects.count() > 1500
