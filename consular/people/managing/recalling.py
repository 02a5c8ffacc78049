"""Read back what a party said last, to show it, change it or hand it out."""

from collections.abc import Iterator

from consular.people.models import Registration
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)


def entry_of(registration: Registration) -> Entry:
    """Return what a party said last, as an entry that can be changed."""
    party = list(registration.persons.all())
    places = {person.pk: index for index, person in enumerate(party)}
    return Entry(
        kind=registration.kind,
        mode=registration.mode,
        language=registration.language,
        persons=[
            PersonEntry(
                given_name=person.given_name,
                family_name=person.family_name,
                birth_year=person.birth_year,
                is_minor=person.is_minor,
                is_national=person.is_national,
                guardian=places.get(person.guardian_id or 0),
                guardian_name=person.guardian_name,
                needs=person.needs,
                row_id=person.pk,
            )
            for person in party
        ],
        contacts=[
            ContactEntry(
                kind=contact.kind,
                address=contact.address,
                role=contact.role,
                person=places.get(contact.person_id or 0),
                name=contact.name,
                may_tell=contact.may_tell,
            )
            for contact in registration.contacts.all()
        ],
        stays=list(_stay_entries(registration, places)),
        consents=registration.consents,
    )


def _stay_entries(
    registration: Registration, places: dict[int, int]
) -> Iterator[StayEntry]:
    said = registration.stays.current().filter(is_shared=False)
    for stay in said.prefetch_related("persons"):
        yield StayEntry(
            place=stay.place,
            country=stay.country,
            lon=stay.lon,
            lat=stay.lat,
            precision=stay.precision,
            radius_m=stay.radius_m,
            arrives_on=stay.arrives_on,
            departs_on=stay.departs_on,
            persons=tuple(places[person.pk] for person in stay.persons.all()),
        )
