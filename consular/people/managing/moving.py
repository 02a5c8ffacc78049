"""Change where a party is, and nothing else: left, stays longer, is also here."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from consular.people.managing import assuring
from consular.people.models import Registration, Stay
from consular.people.registering import rows
from consular.people.registering.entries import (
    KEPT_AFTER_RETURN,
    Entry,
    StayEntry,
    expires_on,
)

_STOP = ("country", "arrives_on", "departs_on")


@transaction.atomic
def leave(registration: Registration, today: date, now: datetime) -> None:
    """End every stay that is under way today: the party says it has left.

    Where nobody has come to yet, nobody has left: a stop that begins tomorrow stands.
    """
    under_way = registration.stays.current().filter(
        arrives_on__lte=today, ends_on__gt=today
    )
    for stay in under_way:
        ended = _until(stay, stay.arrives_on, today, now)
        ended.ends_on = today  # not widened: they said so themselves
        ended.save(update_fields=["ends_on"])
    Registration.objects.filter(pk=registration.pk).update(
        changed_at=now, revision=F("revision") + 1
    )
    assuring.note(registration, now)


def left(registration: Registration) -> set[tuple[Any, ...]]:
    """Return the stops that a party has said it left, by country and days."""
    ended = registration.stays.current().filter(
        is_shared=False, ends_on=F("departs_on")
    )
    return set(ended.values_list(*_STOP))


def keep_left(registration: Registration, stops: set[tuple[Any, ...]]) -> None:
    """Let stops that are written again be left still: not widened by a day."""
    said = registration.stays.current().filter(is_shared=False)
    for stop in stops:
        again = said.filter(**dict(zip(_STOP, stop, strict=True)))
        again.update(ends_on=F("departs_on"))


@transaction.atomic
def extend(registration: Registration, until: date, now: datetime) -> bool:
    """Let the last stay end later; tell whether there is one, and the day is later."""
    said = registration.stays.current().filter(is_shared=False)
    last = said.order_by(F("departs_on").desc(nulls_first=True), "-pk").first()
    if last is None or last.departs_on is None or until <= last.departs_on:
        return False
    _until(last, last.arrives_on, until, now)
    row = Registration.objects.select_for_update().get(pk=registration.pk)
    row.expires_on = max(row.expires_on, until + KEPT_AFTER_RETURN)
    row.changed_at, row.revision = now, row.revision + 1
    row.save(update_fields=["expires_on", "changed_at", "revision"])
    assuring.note(row, now)
    return True


def _until(stay: Stay, arrives_on: date, departs_on: date, now: datetime) -> Stay:
    """Write a version of a stay with other days; the one before is kept."""
    names = ("place", "country", "lon", "lat", "precision", "radius_m")
    values = {name: getattr(stay, name) for name in names}
    entry = StayEntry(**values, arrives_on=arrives_on, departs_on=departs_on)
    Stay.objects.filter(pk=stay.pk).update(replaced_at=now)
    other = rows.stay_row(stay.registration, entry, stay.cell, stay.people, now)
    other.is_shared = stay.is_shared
    other.save()
    other.persons.set(stay.persons.all())
    return other


@transaction.atomic
def add_stay(registration: Registration, stay: StayEntry, now: datetime) -> None:
    """Write one more stay beside those there are; nothing else of the party changes."""
    row = Registration.objects.select_for_update().get(pk=registration.pk)
    entry = Entry(mode=row.mode, persons=[], contacts=[], stays=[stay])
    rows.stays([(row, entry)], {row.pk: list(row.persons.all())}, now)
    row.expires_on = max(row.expires_on, expires_on(row.kind, entry.stays, now.date()))
    row.changed_at, row.revision = now, row.revision + 1
    row.save(update_fields=["expires_on", "changed_at", "revision"])
