"""Invented registrations: parties of 1 to 6 over the world, enough near the event.

All are drawn from one seeded generator, so that the same seed and day give the same
people. Names come from lists, numbers from ranges that are kept for fiction, mail
addresses from `example.org`.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, islice
from typing import Any

from django.conf import settings

from alerts.exercises import names, numbers
from alerts.exercises.clearing import INVENTED
from consular.modes import Mode
from consular.people.models import Contact, Registration, Stay
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)
from consular.people.stays import loading
from geo import gazetteer
from geo.circles import distance_m
from geo.gazetteer import Place

EPICENTRE = (-86.3789, 12.5138)
NEAR_M = 100_000.0
NEAR_SHARE, NEAR_LEAST = 450 / 20_000, 120
AT_ONCE = 400

LANGUAGES = {
    "en": 46,
    "es": 16,
    "fr": 9,
    "de": 7,
    "pt": 7,
    "ar": 6,
    "ru": 5,
    "zh": 4,
}
PARTY_SIZES = {1: 44, 2: 29, 3: 10, 4: 10, 5: 5, 6: 2}
PRECISIONS = {"town": 58, "exact": 34, "region": 4, "country": 4}
STAYS_OF_A_TRIP = {1: 55, 2: 25, 3: 14, 4: 6}
RESIDENTS = 0.35
WHEN = {"now": 74, "later": 15, "over": 11}
NO_PHONE, NOTHING, NOTHING_VALID = 0.09, 0.012, 0.01
UNCONFIRMED, SHARED_PHONE, WITH_NEEDS = 0.04, 0.01, 0.03
METRES_A_DEGREE = 111_320.0


@dataclass(frozen=True, kw_only=True)
class Party:
    """One invented registration, and whether it was confirmed."""

    entry: Entry
    is_confirmed: bool


@dataclass
class Population:
    """A crowd that a seed and a day determine.

    Parameters
    ----------
    count : int
        How many registrations; about one in forty is near the event today.
    """

    count: int
    today: date
    seed: int = 1
    _rng: random.Random = field(init=False)
    _numbers: Iterator[str] = field(init=False)
    _last_phone: str = ""

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._numbers = numbers.reserved(self.seed)

    def parties(self) -> Iterator[Party]:
        """Draw all parties; those near the event are spread among the others."""
        near = max(round(self.count * NEAR_SHARE), min(NEAR_LEAST, self.count // 4))
        order = [True] * near + [False] * (self.count - near)
        self._rng.shuffle(order)
        for number, is_near in enumerate(order, start=1):
            yield self._party(number, is_near)

    def _party(self, number: int, is_near: bool) -> Party:
        language = self._pick(LANGUAGES)
        is_resident = self._rng.random() < RESIDENTS
        persons = self._persons(language)
        day = self.today.isoformat()
        entry = Entry(
            kind=Registration.Kind.RESIDENCE if is_resident else Registration.Kind.TRIP,
            mode=Mode.EXERCISE,
            language=language,
            persons=persons,
            contacts=self._contacts(number, persons),
            stays=self._stays(is_resident, is_near),
            consents={"messages": day, INVENTED: day},
        )
        return Party(
            entry=entry,
            is_confirmed=is_near or self._rng.random() >= UNCONFIRMED,
        )

    def _pick(self, weights: dict[Any, int]) -> Any:
        return self._rng.choices(list(weights), list(weights.values()))[0]

    def _persons(self, language: str) -> list[PersonEntry]:
        size = self._pick(PARTY_SIZES)
        family = self._rng.choice(names.family(language))
        children = 0 if size < 3 else self._rng.randint(0, size - 2)
        return [
            PersonEntry(
                given_name=self._rng.choice(names.given(language)),
                family_name=family,
                birth_year=self.today.year - self._age(is_minor),
                is_minor=is_minor,
                needs=self._needs(),
            )
            for is_minor in [False] * (size - children) + [True] * children
        ]

    def _age(self, is_minor: bool) -> int:
        return self._rng.randint(1, 17) if is_minor else self._rng.randint(19, 78)

    def _needs(self) -> str:
        has_needs = self._rng.random() < WITH_NEEDS
        return self._rng.choice(names.NEEDS) if has_needs else ""

    def _contacts(self, number: int, persons: list[PersonEntry]) -> list[ContactEntry]:
        point = self._rng.random()
        if point < NOTHING:
            return []
        if point < NOTHING + NOTHING_VALID:
            return [_phone(numbers.INVALID)]
        if point < NO_PHONE:
            return [_email(number)]
        found = [_phone(self._phone())]
        if self._rng.random() < 0.62:
            found.append(_email(number))
        if len(persons) > 1 and not persons[1].is_minor and self._rng.random() < 0.3:
            found.append(_phone(self._phone(), person=1))
        if self._rng.random() < 0.2:
            found.append(_phone(self._phone(), role=Contact.Role.EMERGENCY))
        return found

    def _phone(self) -> str:
        """Return a number of its own, or now and then the last party's."""
        if not self._last_phone or self._rng.random() >= SHARED_PHONE:
            self._last_phone = next(self._numbers)
        return self._last_phone

    @cached_property
    def _atlas(self) -> "Atlas":
        return Atlas()

    def _stays(self, is_resident: bool, is_near: bool) -> list[StayEntry]:
        atlas = self._atlas
        weighted = atlas.near if is_near else atlas.abroad
        town = weighted.draw(self._rng)
        if is_resident:
            since = self.today - timedelta(days=self._rng.randint(30, 2500))
            return [self._stay(town, since, None, is_near)]
        when = "now" if is_near else self._pick(WHEN)
        arrives_on = self.today + timedelta(days=self._arrival(when))
        stays = []
        for number in range(self._pick(STAYS_OF_A_TRIP)):
            nights = self._rng.randint(2, 12)
            if number == 0 and when == "now":  # still there tomorrow
                nights = max(nights, (self.today - arrives_on).days + 2)
            departs_on = arrives_on + timedelta(days=nights)
            stays.append(self._stay(town, arrives_on, departs_on, is_near))
            town, arrives_on = atlas.next_stop(town, self._rng), departs_on
        return stays

    def _arrival(self, when: str) -> int:
        days = {"now": (-9, 0), "later": (3, 90), "over": (-60, -45)}
        return self._rng.randint(*days[when])

    def _stay(
        self, town: Place, arrives_on: date, departs_on: date | None, is_near: bool
    ) -> StayEntry:
        precision = self._pick(PRECISIONS)
        if is_near and precision == Stay.Precision.COUNTRY:
            precision = Stay.Precision.TOWN
        lon, lat, radius_m, label = town.lon, town.lat, town.radius_m, town.label
        if precision == Stay.Precision.EXACT:
            lon, lat = self._address(town)
            radius_m, label = (
                50.0,
                f"{self._rng.randint(1, 240)} Example Street, {label}",
            )
        elif precision == Stay.Precision.REGION:
            radius_m, label = 40_000.0, town.region or label
        elif precision == Stay.Precision.COUNTRY:
            country = gazetteer.country(town.country)
            lon, lat, label = country.lon, country.lat, country.name
            radius_m = country.radius_m
        return StayEntry(
            place=label,
            country=town.country,
            lon=lon,
            lat=lat,
            precision=precision,
            radius_m=radius_m,
            arrives_on=arrives_on,
            departs_on=departs_on,
        )

    def _address(self, town: Place) -> tuple[float, float]:
        """Return a point in a town, nearer to its middle than to its edge."""
        distance = town.radius_m * self._rng.random() * 0.8
        angle = self._rng.uniform(0, 2 * math.pi)
        degrees = distance / METRES_A_DEGREE
        lat = min(max(town.lat + degrees * math.sin(angle), -89.0), 89.0)
        lon = town.lon + degrees * math.cos(angle) / math.cos(math.radians(lat))
        return round((lon + 180) % 360 - 180, 5), round(lat, 5)


class Weighted:
    """Towns that are drawn by their population; the large ones a little less."""

    def __init__(self, towns: list[Place]) -> None:
        self.towns = towns
        self._weights = list(accumulate(max(t.population, 1) ** 0.75 for t in towns))

    def draw(self, rng: random.Random) -> Place:
        """Draw one town."""
        return rng.choices(self.towns, cum_weights=self._weights)[0]


class Atlas:
    """The towns where invented people stay: near the event, abroad, in one country."""

    def __init__(self) -> None:
        towns = gazetteer.towns()
        near = [t for t in towns if _is_near(t)]
        self.near = Weighted(near)
        close = {id(town) for town in near}
        home = settings.MINISTRY_COUNTRY
        self.abroad = Weighted(
            [t for t in towns if t.country != home and id(t) not in close]
        )
        self._by_country: dict[str, list[Place]] = {}
        for town in towns:
            self._by_country.setdefault(town.country, []).append(town)

    def next_stop(self, town: Place, rng: random.Random) -> Place:
        """Return a town of the same country, one of its larger ones."""
        return rng.choice(self._by_country[town.country][:40])


def _is_near(town: Place) -> bool:
    # A degree is about 110 km there: most towns need no geodesic.
    if abs(town.lon - EPICENTRE[0]) > 1 or abs(town.lat - EPICENTRE[1]) > 1:
        return False
    return distance_m(town.lon, town.lat, *EPICENTRE) <= NEAR_M


def _phone(number: str, person: int = 0, role: str = Contact.Role.OWN) -> ContactEntry:
    index = None if role == Contact.Role.EMERGENCY else person
    kind = Contact.Kind.PHONE
    return ContactEntry(kind=kind, address=number, role=role, person=index)


def _email(number: int) -> ContactEntry:
    address = f"person{number}@example.org"
    return ContactEntry(kind=Contact.Kind.EMAIL, address=address, person=0)


def is_there() -> bool:
    """Tell whether a population was filled in before."""
    return Registration.objects.filter(consents__has_key=INVENTED).exists()


def is_others_place() -> bool:
    """Tell whether people registered here before an exercise ever came to play.

    Whoever registers while an exercise is played joins it and stays for the next run;
    a database that only others have filled is not to be cleared.
    """
    return not is_there() and Registration.objects.exists()


def fill(
    population: Population,
    now: datetime,
    on_progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Write a population, a few hundred parties at a time; return how many."""
    done, waiting = 0, population.parties()
    while chunk := list(islice(waiting, AT_ONCE)):
        for is_confirmed in (True, False):
            entries = [p.entry for p in chunk if p.is_confirmed is is_confirmed]
            loading.load(entries, now, confirmed=is_confirmed)
        done += len(chunk)
        on_progress(done)
    return done
