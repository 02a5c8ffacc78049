"""The persons of stays, and whether their registration can be reached."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alerts.dispatch import addresses
from alerts.dispatch.models import Channel
from consular.people.models import Contact
from consular.people.stays.found import AREAS, POINTS, Degrees, Flags, Ids, Stays
from consular.people.stays.lookup import by_number, columns_of
from consular.sealing import Sealed

PRECISIONS = (*POINTS, *AREAS)
_WRITTEN_TO = (
    "dispatch_address a ON a.address_key = c.address_key"
    f" AND a.channel = CASE c.kind WHEN '{Contact.Kind.PHONE.value}'"
    f" THEN '{Channel.SMS.value}' ELSE '{Channel.EMAIL.value}' END"
)
_OWN = f"c.role = '{Contact.Role.OWN.value}'"


@dataclass(frozen=True, kw_only=True)
class People:
    """Persons as columns of one length, one row a person, in order of registrations.

    `stay_ids` is the stay that puts a person there, the most exact one if several do;
    `has_phone` and `has_email` tell whether the registration has such an address of its
    own that may be written to; `is_silenced` whether it has only such as may not: it
    opted out, or the address is gone.
    """

    registration_ids: Ids
    person_ids: Ids
    stay_ids: Ids
    lons: Degrees
    lats: Degrees
    precisions: NDArray[np.str_]
    kinds: NDArray[np.str_]
    languages: NDArray[np.str_]
    is_minor: Flags
    has_needs: Flags
    is_shared: Flags
    is_stale: Flags
    has_phone: Flags
    has_email: Flags
    is_silenced: Flags

    def __len__(self) -> int:
        return len(self.person_ids)

    def kept(self, mask: Flags | Ids) -> "People":
        """Return the persons that a mask, or a list of row numbers, keeps."""
        return People(**{name: column[mask] for name, column in vars(self).items()})

    def with_(self, other: "People") -> "People":
        """Return both, in the order of registrations."""
        both = {
            name: np.concatenate([column, vars(other)[name]])
            for name, column in vars(self).items()
        }
        order = np.argsort(both["registration_ids"], kind="stable")
        return People(**{name: column[order] for name, column in both.items()})

    def __iter__(self) -> Iterator[tuple[int, int, int, float, float]]:
        """Give (registration, person, stay, lon, lat) a person."""
        columns = (
            self.registration_ids,
            self.person_ids,
            self.stay_ids,
            self.lons,
            self.lats,
        )
        yield from zip(*(column.tolist() for column in columns), strict=True)

    @property
    def is_reachable(self) -> Flags:
        """Where the registration has an address of its own."""
        return self.has_phone | self.has_email


def people_of(stays: Stays) -> People:
    """Return the persons of stays, each by the most exact of them.

    Of two that are equally exact a location that was shared tells more than a plan.
    """
    numbers = np.unique(stays.registration_ids)
    persons = by_number(
        "SELECT id, registration_id, is_minor, needs <> '' FROM people_person"
        " WHERE registration_id IN ({ids}) ORDER BY registration_id, position",
        numbers,
    )
    person_ids, owners, minors, needs = columns_of(persons, 4)
    stay_rows, person_rows = _pairs(stays, person_ids, owners)
    exact = np.array([PRECISIONS.index(each) for each in stays.precisions], dtype=int)
    rank = 2 * exact + ~stays.is_shared
    order = np.lexsort([stays.ids[stay_rows], rank[stay_rows], person_rows])
    stay_rows, person_rows = stay_rows[order], person_rows[order]
    first = np.concatenate([[True], np.diff(person_rows) != 0])[: len(order)]
    stay_rows, person_rows = stay_rows[first], person_rows[first]
    phones, emails, silenced = _own_contacts(numbers)
    return People(
        registration_ids=stays.registration_ids[stay_rows],
        person_ids=person_ids[person_rows],
        stay_ids=stays.ids[stay_rows],
        lons=stays.lons[stay_rows],
        lats=stays.lats[stay_rows],
        precisions=stays.precisions[stay_rows],
        kinds=stays.kinds[stay_rows],
        languages=stays.languages[stay_rows],
        is_minor=minors[person_rows].astype(bool),
        has_needs=needs[person_rows].astype(bool),
        is_shared=stays.is_shared[stay_rows],
        is_stale=stays.is_stale[stay_rows],
        has_phone=np.isin(stays.registration_ids[stay_rows], phones),
        has_email=np.isin(stays.registration_ids[stay_rows], emails),
        is_silenced=np.isin(stays.registration_ids[stay_rows], silenced),
    )


def owners_of(person_ids: Ids) -> Ids:
    """Return the registrations of persons, each once."""
    rows = by_number(
        "SELECT registration_id FROM people_person WHERE id IN ({ids})", person_ids
    )
    return np.unique(columns_of(rows, 1)[0])


def _pairs(stays: Stays, person_ids: Ids, owners: Ids) -> tuple[Ids, Ids]:
    """Pair stays with persons, as row numbers: those it names, or the whole party."""
    named = by_number(
        "SELECT stay_id, person_id FROM people_stay_persons WHERE stay_id IN ({ids})",
        np.unique(stays.ids),
    )
    stay_numbers, person_numbers = columns_of(named, 2)
    whole = np.flatnonzero(~np.isin(stays.ids, stay_numbers))
    # Who came into a party since we looked is matched when its change is.
    known = np.isin(person_numbers, person_ids)
    stay_numbers, person_numbers = stay_numbers[known], person_numbers[known]
    by_id, by_person = np.argsort(stays.ids), np.argsort(person_ids)
    own_stays = by_id[np.searchsorted(stays.ids, stay_numbers, sorter=by_id)]
    own_persons = by_person[
        np.searchsorted(person_ids, person_numbers, sorter=by_person)
    ]
    first = np.searchsorted(owners, stays.registration_ids[whole], side="left")
    last = np.searchsorted(owners, stays.registration_ids[whole], side="right")
    sizes = last - first
    steps = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    party = np.repeat(first, sizes) + steps
    return (
        np.concatenate([own_stays, np.repeat(whole, sizes)]),
        np.concatenate([own_persons, party]),
    )


class OwnContact(NamedTuple):
    """An address of a party's own, sealed as it is stored.

    `is_silenced` tells that no alert may be sent to it; `address_id` is that of the
    mail room, where that has written to it before.
    """

    registration_id: int
    language: str
    kind: str
    address_key: str
    address: Sealed
    is_silenced: bool
    address_id: int | None


def contacts_of(numbers: Ids) -> list[OwnContact]:
    """Return the own addresses of registrations, in the order they were given."""
    rows = by_number(
        "SELECT c.registration_id, r.language, c.kind, c.address_key, c.address,"
        f" {addresses.SILENCED}, a.id FROM people_contact c JOIN people_registration r"
        f" ON r.id = c.registration_id LEFT JOIN {_WRITTEN_TO} WHERE {_OWN}"
        " AND c.registration_id IN ({ids}) ORDER BY c.id",
        numbers,
    )
    return [
        OwnContact(number, language, kind, key, Sealed(address), bool(is_out), known)
        for number, language, kind, key, address, is_out, known in rows
    ]


def sharing(numbers: Ids) -> list[tuple[int, int]]:
    """Pair registrations with the others that gave one of the same own addresses."""
    rows = by_number(
        "SELECT DISTINCT c.registration_id, o.registration_id FROM people_contact c"
        " JOIN people_contact o ON o.address_key = c.address_key"
        " AND o.registration_id <> c.registration_id"
        f" WHERE c.role = '{Contact.Role.OWN.value}'"
        f" AND o.role = '{Contact.Role.OWN.value}'"
        " AND c.registration_id IN ({ids})",
        numbers,
    )
    return [(own, other) for own, other in rows]


def _own_contacts(numbers: Ids) -> tuple[Ids, Ids, Ids]:
    """Return the registrations with a phone, with an e-mail address, with neither left.

    The last have addresses of their own, none of which an alert may be sent to.
    """
    rows = by_number(
        f"SELECT DISTINCT c.registration_id, c.kind, {addresses.SILENCED}"
        f" FROM people_contact c LEFT JOIN {_WRITTEN_TO} WHERE {_OWN}"
        " AND c.registration_id IN ({ids})",
        numbers,
    )
    phones, emails = (
        np.array([n for n, each, is_out in rows if each == kind and not is_out], int)
        for kind in (Contact.Kind.PHONE, Contact.Kind.EMAIL)
    )
    owners = np.array([number for number, _, _ in rows], np.int64)
    return phones, emails, np.setdiff1d(owners, np.concatenate([phones, emails]))
