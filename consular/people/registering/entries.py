"""What a party says when it registers, as values that forms and imports make."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from consular.people.models import Contact, Registration

KEPT_AFTER_RETURN = timedelta(days=90)
KEPT_RESIDENT = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class PersonEntry:
    """One member of the party; `guardian` is the index of who looks after a child.

    `row_id` is whom of the party it was read from, if it was.
    """

    given_name: str
    family_name: str = ""
    birth_year: int | None = None
    is_minor: bool = False
    is_national: bool = True
    guardian: int | None = None
    guardian_name: str = ""
    needs: str = ""
    row_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class ContactEntry:
    """One address, normalised (`addresses.normalise`); `person` is an index or None."""

    kind: str
    address: str
    role: str = Contact.Role.OWN
    person: int | None = None
    name: str = ""
    may_tell: str = Contact.Told.UNREACHED


@dataclass(frozen=True, kw_only=True)
class StayEntry:
    """One place between two days; an empty `persons` means the whole party."""

    place: str
    country: str
    lon: float
    lat: float
    precision: str
    arrives_on: date
    departs_on: date | None = None
    radius_m: float = 0
    persons: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """All that a party says when it registers."""

    kind: str = Registration.Kind.TRIP
    mode: str
    language: str = "en"
    persons: list[PersonEntry]
    contacts: list[ContactEntry]
    stays: list[StayEntry]
    consents: dict[str, str] = field(default_factory=dict)


def expires_on(kind: str, stays: list[StayEntry], today: date) -> date:
    """Return the day on which everything is deleted: 90 days after the last stay."""
    ends = [stay.departs_on for stay in stays]
    if kind == Registration.Kind.RESIDENCE or None in ends:
        return today + KEPT_RESIDENT
    return max([day for day in ends if day] or [today]) + KEPT_AFTER_RETURN
