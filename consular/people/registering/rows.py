"""Write the rows of parties: persons, contacts, stays, many parties at a time."""

from datetime import date, datetime, timedelta

from alerts.dispatch import addresses as known
from consular.people.models import Contact, Person, Registration, Stay
from consular.people.registering import addresses
from consular.people.registering.entries import Entry, PersonEntry, StayEntry
from consular.people.stays import towns
from geo import cells

OPEN_END = date(9999, 12, 31)
A_DAY = timedelta(days=1)
UNVERIFIED = {Registration.Kind.CRISIS}

Pairs = list[tuple[Registration, Entry]]
Parties = dict[int, list[Person]]


def persons(pairs: Pairs) -> Parties:
    """Write the persons of parties; return them by registration."""
    written = Person.objects.bulk_create(
        Person(
            registration=registration,
            position=position,
            given_name=person.given_name,
            family_name=person.family_name,
            birth_year=person.birth_year,
            is_minor=person.is_minor,
            is_national=person.is_national,
            guardian_name=person.guardian_name,
            needs=person.needs,
        )
        for registration, entry in pairs
        for position, person in enumerate(entry.persons)
    )
    parties: Parties = {registration.pk: [] for registration, _ in pairs}
    for row in written:
        parties[row.registration_id].append(row)
    for registration, entry in pairs:
        guard(parties[registration.pk], entry.persons)
    return parties


def guard(party: list[Person], said: list[PersonEntry]) -> None:
    """Write who of the party looks after which child."""
    for person, entry in zip(party, said, strict=True):
        guardian = None if entry.guardian is None else party[entry.guardian]
        if person.guardian != guardian:
            person.guardian = guardian
            person.save(update_fields=["guardian"])


def contacts(
    pairs: Pairs, parties: Parties, verified: datetime | None, now: datetime
) -> None:
    """Write the addresses of parties."""
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
                name=contact.name,
                may_tell=contact.may_tell,
                # A crisis entry warns at once; who owns its address is asked later.
                verified_at=None if entry.kind in UNVERIFIED else verified,
            )
    Contact.objects.bulk_create(rows.values())
    known.given({row.address_key: row.address for row in rows.values()}, now)


def stays(pairs: Pairs, parties: Parties, now: datetime) -> None:
    """Write the stays of parties, and who of the party is there."""
    listed = [(reg, stay) for reg, entry in pairs for stay in entry.stays]
    if not listed:
        return
    found = cells.cells_of(
        [stay.lon for _, stay in listed], [stay.lat for _, stay in listed]
    )
    rows = Stay.objects.bulk_create(
        stay_row(registration, stay, int(cell), len(parties[registration.pk]), now)
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


def stay_row(
    registration: Registration, stay: StayEntry, cell: int, party: int, now: datetime
) -> Stay:
    """Return the row of one stay, not yet written."""
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
