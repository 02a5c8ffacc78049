"""Find persons of different registrations who may be one and the same.

Nothing is merged by it: it suggests, with its reasons, and an officer decides. Two
persons are compared when they share an address, or part of a name and the year of
birth; a name alone never suffices, for many share one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from consular import naming
from consular.people.models import Contact, NameKey, Person, Resemblance, Stay

REASONS = {
    "contact": "the same phone or e-mail",
    "name": "the same name",
    "spelling": "a name that is spelled differently",
    "swapped": "given and family name changed places",
    "married": "another family name",
    "year": "the same year of birth",
    "near_year": "years of birth that a slip of the pen parts",
    "place": "the same country on the same days",
}
_GENERATION = (
    12  # years: below it a wrong year of birth is a slip, above another person
)
_TOO_SHARED = 60  # persons with one address: an agency's, or made up by a bot
_TOO_COMMON = 400  # persons with one key and year who are looked at


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is compared of a person."""

    person: int
    registration: int
    given: str
    family: str
    birth_year: int | None
    contacts: frozenset[str]
    stays: tuple[tuple[str, date, date], ...] = ()


@dataclass(frozen=True)
class Likeness:
    """That two persons may be one, why, and how surely (0 to 1)."""

    score: float
    reasons: tuple[str, ...]


Match = tuple[Known, Known, Likeness]


def compare(one: Known, two: Known) -> Likeness | None:
    """Tell whether two persons may be one, or None when that is not likely enough.

    Examples
    --------
    >>> ada = dict(birth_year=1985, contacts=frozenset({"k"}))
    >>> one = Known(person=1, registration=1, given="Ada", family="Example", **ada)
    >>> two = Known(person=2, registration=2, given="Ada", family="Exampel", **ada)
    >>> compare(one, two).reasons
    ('contact', 'spelling', 'year')
    """
    if one.registration == two.registration:
        return None
    names = naming.alike((one.given, one.family), (two.given, two.family))
    year = _years(one.birth_year, two.birth_year)
    has_contact = bool(one.contacts & two.contacts)
    if year == "other":
        return None
    name = _name(names, year, has_contact=has_contact)
    is_there = _overlap(one.stays, two.stays)
    if not name or not (has_contact or (is_there and year == "year")):
        return None
    reasons = ["contact"] * has_contact + [name]
    reasons += [year] * (year in REASONS) + ["place"] * is_there
    sure = min(names.given, names.family if name != "married" else 0.9)
    score = sure * (0.8 + 0.1 * has_contact + 0.1 * (year == "year"))
    return Likeness(round(score, 4), tuple(reasons))


def _name(names: naming.Alike, year: str, *, has_contact: bool) -> str:
    """Say what the names have in common, or "" when it is too little."""
    least = min(names.given, names.family)
    if least == 1:
        return "swapped" if names.is_swapped else "name"
    if least >= naming.LIKE:
        return "swapped" if names.is_swapped else "spelling"
    if not has_contact:
        return "spelling" if least >= 0.9 and year == "year" else ""
    if least >= 0.84 and year in ("year", "near_year"):
        return "spelling"
    is_adult_s = names.given >= naming.LIKE and year == "year" and not names.is_swapped
    return "married" if is_adult_s else ""


def _years(one: int | None, two: int | None) -> str:
    """Compare years of birth: year, near_year, unknown or other."""
    if one is None or two is None:
        return "unknown"
    if one == two:
        return "year"
    is_slip = sorted(str(one)) == sorted(str(two)) or abs(one - two) == 1
    return "near_year" if is_slip else "other"


def _overlap(
    one: Sequence[tuple[str, date, date]], two: Sequence[tuple[str, date, date]]
) -> bool:
    return any(
        country == other and start < until and since < end
        for country, start, end in one
        for other, since, until in two
    )


def look(persons: Sequence[Person], now: datetime) -> int:
    """Look for the likes of persons that are new or were changed; return how many.

    What an officer has decided stays decided; an open suggestion that no longer holds
    is dropped.
    """
    ids = [person.pk for person in persons]
    open_ones = Resemblance.objects.filter(state=Resemblance.State.OPEN)
    open_ones.filter(Q(one__in=ids) | Q(two__in=ids)).delete()
    pairs = _pairs(persons)
    known = _known({each for pair in pairs for each in pair})
    likely = [
        (known[one], known[two], found)
        for one, two in pairs
        if one in known and two in known
        if (found := compare(known[one], known[two])) is not None
    ]
    rows = [
        Resemblance(
            one_id=one.person,
            two_id=two.person,
            reasons=list(found.reasons),
            score=found.score,
            found_at=now,
        )
        for one, two, found in best(likely)
    ]
    Resemblance.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def best(likely: Iterable[Match]) -> list[Match]:
    """Keep for each person the likeliest one of each other party.

    A party may hold two of one name, such as a father and his son.
    """
    kept: list[Match] = []
    taken: set[tuple[int, int]] = set()
    for one, two, found in sorted(likely, key=_surest_first):
        sides = {(one.person, two.registration), (two.person, one.registration)}
        if not sides & taken:
            taken |= sides
            kept.append((one, two, found))
    return kept


def _surest_first(match: Match) -> tuple[float, int, int]:
    one, two, found = match
    return -found.score, one.person, two.person


def _pairs(persons: Sequence[Person]) -> set[tuple[int, int]]:
    """Return who is worth comparing: (smaller, larger) numbers of persons."""
    by_mode: dict[str, list[Person]] = defaultdict(list)
    for person in persons:
        by_mode[person.registration.mode].append(person)
    pairs: set[tuple[int, int]] = set()
    for mode, group in by_mode.items():
        pairs |= _by_address(group, mode) | _by_name_and_year(group, mode)
    return pairs


def _pair(one: int, two: int) -> tuple[int, int]:
    return (one, two) if one < two else (two, one)


def _by_address(persons: Iterable[Person], mode: str) -> set[tuple[int, int]]:
    own: dict[int, list[int]] = defaultdict(list)
    for person in persons:
        own[person.registration_id].append(person.pk)
    contacts = Contact.objects.filter(role=Contact.Role.OWN)
    mine = contacts.filter(registration__in=own).values_list(
        "address_key", "registration_id"
    )
    by_key: dict[str, set[int]] = defaultdict(set)
    for key, registration in mine:
        by_key[key].add(registration)
    others = contacts.filter(address_key__in=by_key, registration__mode=mode)
    pairs = set()
    rows = list(others.values_list("address_key", "registration__persons__id"))
    sharing = Counter(key for key, _ in rows)
    theirs = {person for people in own.values() for person in people}
    for key, other in rows:
        if sharing[key] > _TOO_SHARED:
            continue
        for registration in by_key[key]:
            pairs |= {
                _pair(person, other)
                for person in own[registration]
                if other is not None and other not in own[registration]
            }
    return {pair for pair in pairs if theirs & set(pair)}


def _by_name_and_year(persons: Iterable[Person], mode: str) -> set[tuple[int, int]]:
    wanted: dict[tuple[str, int], list[int]] = defaultdict(list)
    years = {person.pk: person.birth_year for person in persons}
    keys = NameKey.objects.filter(person__in=years).values_list("key", "person_id")
    for key, person in keys:
        year = years[person]
        if year is not None:
            wanted[key, year].append(person)
    others = NameKey.objects.filter(
        key__in={key for key, _ in wanted},
        person__birth_year__in={year for _, year in wanted},
        person__registration__mode=mode,
    ).values_list("key", "person__birth_year", "person_id")
    group: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for key, year, other in others:
        if (key, year) in wanted:
            group[key, year].append(other)
    pairs = set()
    for at, mine in wanted.items():
        if len(group[at]) <= _TOO_COMMON:
            pairs |= {
                _pair(one, other) for one in mine for other in group[at] if one != other
            }
    return pairs


def _known(ids: set[int]) -> dict[int, Known]:
    """Read what is compared, a few rows a person."""
    persons = list(Person.objects.filter(pk__in=ids))
    registrations = {person.registration_id for person in persons}
    contacts: dict[int, set[str]] = defaultdict(set)
    for registration, key in Contact.objects.filter(
        registration__in=registrations, role=Contact.Role.OWN
    ).values_list("registration_id", "address_key"):
        contacts[registration].add(key)
    stays: dict[int, list[Any]] = defaultdict(list)
    for registration, *stay in Stay.objects.filter(
        registration__in=registrations, replaced_at=None
    ).values_list("registration_id", "country", "starts_on", "ends_on"):
        stays[registration].append(tuple(stay))
    return {
        person.pk: Known(
            person=person.pk,
            registration=person.registration_id,
            given=person.given_name,
            family=person.family_name,
            birth_year=person.birth_year,
            contacts=frozenset(contacts[person.registration_id]),
            stays=tuple(stays[person.registration_id]),
        )
        for person in persons
    }
