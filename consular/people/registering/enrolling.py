"""Write registrations: enrol, change, confirm.

Values come in (`entries`), rows go out (`rows`), in transactions of at most 2,000 rows.
A change keeps the earlier version of a stay.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from django.db import transaction

from consular import modes, sealing
from consular.people.managing import assuring, linking, moving
from consular.people.models import Contact, Registration
from consular.people.registering import membership, rows
from consular.people.registering.entries import Entry, expires_on

AT_ONCE = 400  # registrations a transaction: about 2,000 rows of each kind


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
        with transaction.atomic(savepoint=False):
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
    parties = rows.persons(pairs)
    rows.contacts(pairs, parties, now if confirmed else None, now)
    rows.stays(pairs, parties, now)
    linking.write(registrations, now)
    return registrations


@transaction.atomic
def confirm(
    registration: Registration, now: datetime, contact: Contact | None = None
) -> bool:
    """Note that an owner answered by one address; tell whether that confirmed it.

    Without an address all of them count: an officer has checked them.
    """
    row = Registration.objects.filter(pk=registration.pk, confirmed_at=None)
    is_new = row.update(
        confirmed_at=now,
        assured_at=now,
        changed_at=now,
        revision=registration.revision + 1,
    )
    proven = registration.contacts.filter(verified_at=None, role=Contact.Role.OWN)
    if contact:
        proven = proven.filter(pk=contact.pk)
    proven.update(verified_at=now)
    return bool(is_new)


@transaction.atomic
def change(registration: Registration, entry: Entry, now: datetime) -> Registration:
    """Write what a party says now over what it said; earlier stays are kept.

    Persons stay the rows they are, so that their answers stay theirs. Who is taken out
    while an alert still needs them stays on the list, and in none of the stays.
    """
    row = Registration.objects.select_for_update().get(pk=registration.pk)
    row.kind, row.language = entry.kind, entry.language
    row.consents = {
        name: row.consents.get(name, day) for name, day in entry.consents.items()
    }
    row.expires_on = expires_on(entry.kind, entry.stays, now.date())
    row.changed_at, row.revision = now, row.revision + 1
    row.save()
    assuring.note(row, now)
    verified = dict(row.contacts.values_list("address_key", "verified_at"))
    party = membership.change(row, entry.persons, now)
    pairs, parties = [(row, membership.without(row, entry))], {row.pk: party}
    row.contacts.all().delete()
    rows.contacts(pairs, parties, None, now)
    for contact in row.contacts.filter(address_key__in=verified):
        contact.verified_at = verified[contact.address_key]
        contact.save(update_fields=["verified_at"])
    left = moving.left(row)
    row.stays.filter(replaced_at=None, is_shared=False).update(replaced_at=now)
    rows.stays(pairs, parties, now)
    moving.keep_left(row, left)
    return row
