"""Load registrations and stays by the thousand: imports, invented crowds.

Values come in as for `enrolling.enrol`, the same rows go out, through `copying`: no
object a row, cells computed for all points at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import ArrayLike

from consular import copying, modes
from consular.people.managing import linking
from consular.people.models import Contact, Link, Person, Registration, Stay
from consular.people.registering import addresses, enrolling
from consular.people.registering.entries import Entry, expires_on
from consular.people.registering.rows import A_DAY, OPEN_END
from consular.people.stays import towns
from geo import cells

PARTIES_AT_ONCE = 400
PERSON = (
    "given_name",
    "family_name",
    "birth_year",
    "is_minor",
    "is_national",
    "guardian_name",
    "needs",
)
STAYS_AT_ONCE = 10_000  # a transaction: others write in between


@dataclass(frozen=True, kw_only=True)
class StayColumns:
    """Stays of one mode as columns of one length.

    `people` says how many are there; `departs_on` is None for an open end.
    """

    mode: str
    registration_ids: Sequence[int]
    places: Sequence[str]
    countries: Sequence[str]
    lons: ArrayLike
    lats: ArrayLike
    precisions: Sequence[str]
    radii_m: Sequence[float]
    people: Sequence[int]
    arrives_on: Sequence[date]
    departs_on: Sequence[date | None]


def load(entries: Iterable[Entry], now: datetime, *, confirmed: bool) -> int:
    """Write many parties, a few hundred a transaction; return how many.

    Raises
    ------
    ModeError
        When an exercise installation is asked for a live registration.
    """
    done, waiting = 0, iter(entries)
    while chunk := list(islice(waiting, PARTIES_AT_ONCE)):
        with transaction.atomic():
            for mode in {entry.mode for entry in chunk}:
                _Parties([each for each in chunk if each.mode == mode], now).write(
                    confirmed
                )
        done += len(chunk)
    return done


def stays(given: StayColumns, now: datetime) -> list[int]:
    """Write stays of registrations that are there; return their primary keys.

    Raises
    ------
    ModeError
        When an exercise installation is asked for live stays.
    """
    mode = modes.allowed(given.mode)
    own = cells.cells_of(given.lons, given.lats)
    written: list[int] = []
    for start in range(0, len(own), STAYS_AT_ONCE):
        part = slice(start, start + STAYS_AT_ONCE)
        columns = {
            "registration_id": list(given.registration_ids[part]),
            "mode": mode,
            "place": list(given.places[part]),
            "country": list(given.countries[part]),
            "lon": np.asarray(given.lons)[part].tolist(),
            "lat": np.asarray(given.lats)[part].tolist(),
            "precision": list(given.precisions[part]),
            "radius_m": _radii(given.precisions[part], given.radii_m[part]),
            "people": list(given.people[part]),
            "cell": own[part].tolist(),
            "created_at": now,
            **_days(given.arrives_on[part], given.departs_on[part]),
        }
        with transaction.atomic():
            ids = copying.numbers(Stay, len(own[part]))
            copying.write(Stay, len(ids), {"id": ids, **columns})
            _note_towns(columns)
        written += ids
    return written


def _note_towns(columns: dict[str, Any]) -> None:
    names = ("cell", "lon", "lat", "radius_m")
    spots = zip(*(columns[name] for name in names), strict=True)
    precisions = columns["precision"]
    towns.note(
        spot
        for spot, precision in zip(spots, precisions, strict=True)
        if precision == Stay.Precision.TOWN
    )


def _days(
    arrives_on: Sequence[date], departs_on: Sequence[date | None]
) -> dict[str, list[Any]]:
    """Return the days as said, and as they are matched."""
    return {
        "arrives_on": list(arrives_on),
        "departs_on": list(departs_on),
        "starts_on": [day - A_DAY for day in arrives_on],
        "ends_on": [OPEN_END if day is None else day + A_DAY for day in departs_on],
    }


def _radii(precisions: Sequence[str], radii_m: Sequence[float]) -> list[float]:
    exact = Stay.Precision.EXACT
    pairs = zip(precisions, radii_m, strict=True)
    return [0.0 if each == exact else radius_m for each, radius_m in pairs]


def _references(count: int) -> list[str]:
    """Make up references that nobody has: of a million, two are often the same."""
    found: set[str] = set()
    while len(found) < count:
        drawn = {enrolling.new_reference() for _ in range(count - len(found))}
        taken = Registration.objects.filter(reference__in=drawn)
        found |= drawn.difference(taken.values_list("reference", flat=True))
    return list(found)


class _Parties:
    """Parties of one mode, and the rows that they become."""

    def __init__(self, entries: list[Entry], now: datetime) -> None:
        self.entries, self.now = entries, now
        self.mode = modes.allowed(entries[0].mode)
        self.ids = copying.numbers(Registration, len(entries))
        self.references = _references(len(entries))
        self.persons = [
            (number, position, person)
            for number, entry in zip(self.ids, entries, strict=True)
            for position, person in enumerate(entry.persons)
        ]
        self.person_ids = copying.numbers(Person, len(self.persons))
        self.person_of = {
            (number, position): person_id
            for (number, position, _), person_id in zip(
                self.persons, self.person_ids, strict=True
            )
        }

    def write(self, confirmed: bool) -> None:
        """Write everything."""
        at = self.now if confirmed else None
        self._write_registrations(at)
        self._write_persons()
        self._write_contacts(at)
        self._write_stays()
        self._write_links()

    def _write_registrations(self, confirmed_at: datetime | None) -> None:
        today = self.now.date()
        columns = {
            "id": self.ids,
            "reference": self.references,
            "kind": [entry.kind for entry in self.entries],
            "mode": self.mode,
            "language": [entry.language for entry in self.entries],
            "consents": [entry.consents for entry in self.entries],
            "confirmed_at": confirmed_at,
            "expires_on": [
                expires_on(entry.kind, entry.stays, today) for entry in self.entries
            ],
            "created_at": self.now,
            "changed_at": self.now,
        }
        copying.write(Registration, len(self.ids), columns)

    def _write_persons(self) -> None:
        columns: dict[str, list[Any]] = {
            "id": self.person_ids,
            "registration_id": [number for number, _, _ in self.persons],
            "position": [position for _, position, _ in self.persons],
        }
        columns["guardian_id"] = [
            None if each.guardian is None else self.person_of[number, each.guardian]
            for number, _, each in self.persons
        ]
        for name in PERSON:
            columns[name] = [getattr(person, name) for _, _, person in self.persons]
        copying.write(Person, len(self.persons), columns)

    def _write_contacts(self, verified_at: datetime | None) -> None:
        rows = {}
        for number, entry in zip(self.ids, self.entries, strict=True):
            for each in entry.contacts:
                key = addresses.address_key(each.kind, each.address)
                rows[number, each.kind, each.role, key] = each
        columns = {
            "registration_id": [number for number, _, _, _ in rows],
            "kind": [kind for _, kind, _, _ in rows],
            "role": [role for _, _, role, _ in rows],
            "address_key": [key for _, _, _, key in rows],
            "person_id": [
                None if each.person is None else self.person_of[number, each.person]
                for (number, _, _, _), each in rows.items()
            ],
            "address": [each.address for each in rows.values()],
            "name": [each.name for each in rows.values()],
            "may_tell": [each.may_tell for each in rows.values()],
            "verified_at": verified_at,
        }
        copying.write(Contact, len(rows), columns)

    def _write_stays(self) -> None:
        listed = [
            (number, len(entry.persons), stay)
            for number, entry in zip(self.ids, self.entries, strict=True)
            for stay in entry.stays
        ]
        given = [stay for _, _, stay in listed]
        ids = stays(
            StayColumns(
                mode=self.mode,
                registration_ids=[number for number, _, _ in listed],
                places=[stay.place for stay in given],
                countries=[stay.country for stay in given],
                lons=[stay.lon for stay in given],
                lats=[stay.lat for stay in given],
                precisions=[stay.precision for stay in given],
                radii_m=[stay.radius_m for stay in given],
                people=[len(set(stay.persons)) or party for _, party, stay in listed],
                arrives_on=[stay.arrives_on for stay in given],
                departs_on=[stay.departs_on for stay in given],
            ),
            self.now,
        )
        through = [
            (stay_id, self.person_of[number, index])
            for stay_id, (number, _, stay) in zip(ids, listed, strict=True)
            for index in stay.persons
        ]
        columns = {
            "stay_id": [stay_id for stay_id, _ in through],
            "person_id": [person_id for _, person_id in through],
        }
        copying.write(Stay.persons.through, len(through), columns)

    def _write_links(self) -> None:
        rows = [
            (number, purpose, linking.token_key(number, reference, purpose))
            for number, reference in zip(self.ids, self.references, strict=True)
            for purpose in Link.Purpose.values
        ]
        columns = {
            "registration_id": [number for number, _, _ in rows],
            "purpose": [purpose for _, purpose, _ in rows],
            "token_key": [key for _, _, key in rows],
            "created_at": self.now,
        }
        copying.write(Link, len(rows), columns)
