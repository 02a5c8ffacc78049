"""Change who belongs to a party: each member stays the row they are.

Their answers, and a case that is open for them, hang on that row. So it does not go
while an alert that is not over needs it (`settings.PERSONS_NEEDED`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db.models import F, Max
from django.utils.module_loading import import_string

from consular.people.models import Person, Registration
from consular.people.registering import rows
from consular.people.registering.entries import Entry, PersonEntry
from consular.people.registering.recognising import recognised


def staying(
    registration: Registration, said: Sequence[PersonEntry], now: datetime
) -> list[Person]:
    """Return whom a change would take out, and who stays all the same."""
    known = list(registration.persons.all())
    return _needed(_missing(known, recognised(known, said)), now)


def set_apart(registration: Registration, now: datetime) -> list[Person]:
    """Return whom a change has taken out, and who is still on the list.

    They are needed, and are in none of the party's stays.
    """
    stays = list(registration.stays.current().prefetch_related("persons"))
    there = {person for stay in stays for person in stay.persons.all()}
    if not there or not all(stay.persons.all() for stay in stays):
        return []
    rest = [person for person in registration.persons.all() if person not in there]
    return _needed(rest, now)


def change(
    registration: Registration, said: Sequence[PersonEntry], now: datetime
) -> list[Person]:
    """Write the members as they are said; return them in that order.

    Who is needed and not among them any more stands behind them.
    """
    known = list(registration.persons.all())
    found = recognised(known, said)
    missing = _missing(known, found)
    kept = _needed(missing, now)
    party = [person or Person(registration=registration) for person in found]
    for person, entry in zip(party, said, strict=True):
        _take_over(person, entry)
    for person in missing:
        if person not in kept:
            person.delete()
    _place(registration, party, kept)
    rows.guard(party, list(said))
    return party


def without(registration: Registration, entry: Entry) -> Entry:
    """Return an entry whose stays name their persons, where not all of them are there.

    A stay that names nobody is that of the whole party, also of who was set apart.
    """
    size = len(entry.persons)
    if registration.persons.count() == size:
        return entry
    everybody = tuple(range(size))
    stays = [replace(stay, persons=stay.persons or everybody) for stay in entry.stays]
    return replace(entry, stays=stays)


def _missing(known: Sequence[Person], found: Sequence[Person | None]) -> list[Person]:
    seen = {person.pk for person in found if person is not None}
    return [person for person in known if person.pk not in seen]


def _needed(persons: Sequence[Person], now: datetime) -> list[Person]:
    if not persons:
        return []
    ids = {person.pk for person in persons}
    needed = import_string(settings.PERSONS_NEEDED)(ids, now)
    return [person for person in persons if person.pk in needed]


def _take_over(person: Person, entry: PersonEntry) -> None:
    person.given_name, person.family_name = entry.given_name, entry.family_name
    person.birth_year, person.is_minor = entry.birth_year, entry.is_minor
    person.is_national, person.needs = entry.is_national, entry.needs
    person.guardian_name = entry.guardian_name


def _place(
    registration: Registration, party: Sequence[Person], kept: Sequence[Person]
) -> None:
    """Write each at their place; no two stand at one on the way there."""
    ordered = [*party, *kept]
    highest = registration.persons.aggregate(last=Max("position"))["last"] or 0
    if any(each.position != at for at, each in enumerate(ordered) if each.pk):
        step = max(highest, len(ordered)) + 1
        registration.persons.update(position=F("position") + step)
    for position, person in enumerate(ordered):
        person.position = position
        person.save()
