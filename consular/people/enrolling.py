"""Write registrations: enrol, change, confirm; and the links to do so.

Values come in, rows go out, in transactions of at most 2,000 rows. A change keeps the
earlier version of a stay.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction

from consular import modes, sealing
from consular.people import addresses, towns
from consular.people.models import Contact, Link, Person, Registration, Stay
from geo import cells

AT_ONCE = 400  # registrations a transaction: about 2,000 rows of each kind
OPEN_END = date(9999, 12, 31)
A_DAY = timedelta(days=1)
KEPT_AFTER_RETURN = timedelta(days=90)
KEPT_RESIDENT = timedelta(days=365)
UNVERIFIED = {Registration.Kind.CRISIS}


@dataclass(frozen=True, kw_only=True)
class PersonEntry:
    """One member of the party."""

    given_name: str
    family_name: str = ""
    birth_year: int | None = None
    is_minor: bool = False
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class ContactEntry:
    """One address, normalised (`addresses.normalise`); `person` is an index or None."""

    kind: str
    address: str
    role: str = Contact.Role.OWN
    person: int | None = None


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


def new_reference() -> str:
    """Make up a reference code such as `K7Q2-4MWX`."""
    return f"{sealing.new_code(4)}-{sealing.new_code(4)}"


def enrol(
    entries: Iterable[Entry],
    now: datetime,
    *,
    confirmed: bool,
    form_key: str | None = None,
) -> list[Registration]:
    """Write many parties, a few hundred a transaction; return them in order.

    `form_key` is that of the form a single party came by.

    Raises
    ------
    ModeError
        When an exercise installation is asked for a live registration.
    """
    done: list[Registration] = []
    waiting = iter(entries)
    while chunk := list(islice(waiting, AT_ONCE)):
        with transaction.atomic():
            done += _write(chunk, now, confirmed, form_key)
    return done


def _write(
    entries: list[Entry], now: datetime, confirmed: bool, form_key: str | None
) -> list[Registration]:
    registrations = Registration.objects.bulk_create(
        Registration(
            reference=new_reference(),
            kind=entry.kind,
            mode=modes.allowed(entry.mode),
            language=entry.language,
            consents=entry.consents,
            confirmed_at=now if confirmed else None,
            expires_on=expires_on(entry.kind, entry.stays, now.date()),
            form_key=form_key,
            created_at=now,
            changed_at=now,
        )
        for entry in entries
    )
    pairs = list(zip(registrations, entries, strict=True))
    parties = _write_persons(pairs)
    _write_contacts(pairs, parties, now if confirmed else None)
    _write_stays(pairs, parties, now)
    _write_links(registrations, now)
    return registrations


Pairs = list[tuple[Registration, Entry]]
Parties = dict[int, list[Person]]


def _write_persons(pairs: Pairs) -> Parties:
    rows = Person.objects.bulk_create(
        Person(
            registration=registration,
            position=position,
            given_name=person.given_name,
            family_name=person.family_name,
            birth_year=person.birth_year,
            is_minor=person.is_minor,
            needs=person.needs,
        )
        for registration, entry in pairs
        for position, person in enumerate(entry.persons)
    )
    parties: Parties = {registration.pk: [] for registration, _ in pairs}
    for row in rows:
        parties[row.registration_id].append(row)
    return parties


def _write_contacts(pairs: Pairs, parties: Parties, verified: datetime | None) -> None:
    rows = {}
    for registration, entry in pairs:
        for contact in entry.contacts:
            key = addresses.address_key(contact.kind, contact.address)
            party = parties[registration.pk]
            rows[registration.pk, contact.kind, contact.role, key] = Contact(
                registration=registration,
                person=None if contact.person is None else party[contact.person],
                kind=contact.kind,
                role=contact.role,
                address=contact.address,
                address_key=key,
                # A crisis entry warns at once; who owns its address is asked later.
                verified_at=None if entry.kind in UNVERIFIED else verified,
            )
    Contact.objects.bulk_create(rows.values())


def _write_stays(pairs: Pairs, parties: Parties, now: datetime) -> None:
    listed = [(reg, stay) for reg, entry in pairs for stay in entry.stays]
    if not listed:
        return
    found = cells.cells_of(
        [stay.lon for _, stay in listed], [stay.lat for _, stay in listed]
    )
    rows = Stay.objects.bulk_create(
        _stay(registration, stay, int(cell), len(parties[registration.pk]), now)
        for (registration, stay), cell in zip(listed, found, strict=True)
    )
    towns.note(
        (row.cell, row.lon, row.lat, row.radius_m)
        for row in rows
        if row.precision == Stay.Precision.TOWN
    )
    through = Stay.persons.through
    through.objects.bulk_create(
        through(stay_id=row.pk, person_id=parties[registration.pk][index].pk)
        for row, (registration, stay) in zip(rows, listed, strict=True)
        for index in stay.persons
    )


def _stay(
    registration: Registration, stay: StayEntry, cell: int, party: int, now: datetime
) -> Stay:
    last = stay.departs_on
    return Stay(
        registration=registration,
        mode=registration.mode,
        people=len(set(stay.persons)) or party,
        place=stay.place,
        country=stay.country,
        lon=stay.lon,
        lat=stay.lat,
        precision=stay.precision,
        radius_m=0 if stay.precision == Stay.Precision.EXACT else stay.radius_m,
        cell=cell,
        arrives_on=stay.arrives_on,
        departs_on=last,
        # Widened by a day on each side: "today" there may be another day than here.
        starts_on=stay.arrives_on - A_DAY,
        ends_on=OPEN_END if last is None else last + A_DAY,
        created_at=now,
    )


def _write_links(registrations: list[Registration], now: datetime) -> None:
    Link.objects.bulk_create(
        Link(
            registration=registration,
            purpose=purpose,
            token_key=token_key(registration.pk, registration.reference, purpose),
            created_at=now,
        )
        for registration in registrations
        for purpose in Link.Purpose.values
    )


def token_key(number: int, reference: str, purpose: str) -> str:
    """Return the key under which a registration's link for one purpose is found."""
    return sealing.token_key(_token_of(number, reference, purpose))


def _token_of(number: int, reference: str, purpose: str) -> str:
    return sealing.token(purpose, f"{number}:{reference}")


def _token(registration: Registration, purpose: str) -> str:
    return _token_of(registration.pk, registration.reference, purpose)


def link(registration: Registration, purpose: str) -> str:
    """Return the address of a link for one purpose."""
    path = "r" if purpose == Link.Purpose.MANAGE else "confirm"
    return f"{settings.PUBLIC_URL}/{path}/{_token(registration, purpose)}/"


def opened(token: str, purpose: str) -> Registration | None:
    """Return the registration that a token is good for, if any."""
    found = Link.objects.filter(
        token_key=sealing.token_key(token), purpose=purpose, revoked_at=None
    ).select_related("registration")
    return next((row.registration for row in found), None)


@transaction.atomic
def confirm(registration: Registration, now: datetime) -> bool:
    """Note that its owner opened the confirmation link; tell whether it was new."""
    row = Registration.objects.filter(pk=registration.pk, confirmed_at=None)
    is_new = row.update(
        confirmed_at=now, changed_at=now, revision=registration.revision + 1
    )
    registration.contacts.filter(verified_at=None, role=Contact.Role.OWN).update(
        verified_at=now
    )
    return bool(is_new)


@transaction.atomic
def change(registration: Registration, entry: Entry, now: datetime) -> Registration:
    """Write what a party says now over what it said; earlier stays are kept.

    Persons stay the same rows in the order given, so that their answers stay theirs.
    """
    row = Registration.objects.select_for_update().get(pk=registration.pk)
    row.kind, row.language = entry.kind, entry.language
    row.consents = {
        name: row.consents.get(name, day) for name, day in entry.consents.items()
    }
    row.expires_on = expires_on(entry.kind, entry.stays, now.date())
    row.changed_at, row.revision = now, row.revision + 1
    row.save()
    pairs = [(row, entry)]
    parties = {row.pk: _change_persons(row, entry.persons)}
    verified = {
        contact.address_key: contact.verified_at for contact in row.contacts.all()
    }
    row.contacts.all().delete()
    _write_contacts(pairs, parties, None)
    for contact in row.contacts.filter(address_key__in=verified):
        contact.verified_at = verified[contact.address_key]
        contact.save(update_fields=["verified_at"])
    row.stays.filter(replaced_at=None, is_shared=False).update(replaced_at=now)
    _write_stays(pairs, parties, now)
    return row


def _change_persons(
    registration: Registration, entries: list[PersonEntry]
) -> list[Person]:
    known = {person.position: person for person in registration.persons.all()}
    party = []
    for position, entry in enumerate(entries):
        person = known.pop(position, None) or Person(
            registration=registration, position=position
        )
        person.given_name, person.family_name = entry.given_name, entry.family_name
        person.birth_year, person.is_minor = entry.birth_year, entry.is_minor
        person.needs = entry.needs
        person.save()
        party.append(person)
    for person in known.values():
        person.delete()
    return party


@transaction.atomic
def leave(registration: Registration, today: date, now: datetime) -> None:
    """End every stay that is under way today: the party says it has left."""
    for stay in registration.stays.current().filter(
        starts_on__lte=today, ends_on__gt=today
    ):
        values = {
            name: getattr(stay, name)
            for name in ("place", "country", "lon", "lat", "precision", "radius_m")
        }
        entry = StayEntry(
            **values, arrives_on=min(stay.arrives_on, today), departs_on=today
        )
        Stay.objects.filter(pk=stay.pk).update(replaced_at=now)
        ended = _stay(registration, entry, stay.cell, stay.people, now)
        ended.is_shared = stay.is_shared
        ended.ends_on = today  # not widened: they said so themselves
        ended.save()
        ended.persons.set(stay.persons.all())
    Registration.objects.filter(pk=registration.pk).update(
        changed_at=now, revision=registration.revision + 1
    )


@transaction.atomic
def add_stay(registration: Registration, stay: StayEntry, now: datetime) -> None:
    """Write one more stay beside those there are; nothing else of the party changes."""
    row = Registration.objects.select_for_update().get(pk=registration.pk)
    entry = Entry(mode=row.mode, persons=[], contacts=[], stays=[stay])
    _write_stays([(row, entry)], {row.pk: list(row.persons.all())}, now)
    row.expires_on = max(row.expires_on, expires_on(row.kind, entry.stays, now.date()))
    row.changed_at, row.revision = now, row.revision + 1
    row.save(update_fields=["expires_on", "changed_at", "revision"])
