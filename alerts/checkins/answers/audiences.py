"""Whose answer is it? From a message, a code or a number to persons of an incident."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from alerts.checkins.models import LadderStep
from alerts.dispatch.models import Message
from alerts.incidents.models import (
    Audience,
    AudienceMessage,
    AudiencePerson,
    Incident,
)
from consular.people.models import Contact, Person

Served = dict[Incident, list[Person]]
KNOWN_AFTER_CLOSING = timedelta(days=30)

# What an answer needs of a person.
_OF_PERSON = (
    "registration_id",
    "position",
    "given_name",
    "family_name",
    "is_minor",
)
_HEAVY = (
    "alert__zones",
    "alert__texts",
    "alert__correction",
    "alert__include",
    "alert__incident__figures",
)


def of_message(message: Message) -> list[Audience]:
    """Return the audience rows of open incidents that a message serves."""
    rows = Audience.objects.filter(
        messages__message=message, is_included=True, alert__incident__closed_at=None
    )
    return list(_light(rows).order_by("pk"))


def of_codes(codes: list[str]) -> list[Audience]:
    """Return the audience rows of open incidents whose texts carried some codes.

    One of each code, in their order: where two incidents have it, the newest.
    """
    if not codes:
        return []
    rows = Audience.objects.filter(
        code__in=codes, is_included=True, alert__incident__closed_at=None
    )
    newest = {row.code: row for row in _light(rows).order_by("pk")}
    return [newest[code] for code in codes if code in newest]


def first_of(codes: list[str]) -> Audience | None:
    """Return the newest row of the first of some codes that an open incident has."""
    return next(iter(of_codes(codes)), None)


def beside(row: Audience) -> list[Audience]:
    """Return the audience rows that the message with a row's code was written for.

    Two parties with one phone get one message, with the code of the first.
    """
    sent = AudienceMessage.objects.filter(audience=row, message__code=row.code)
    served = AudienceMessage.objects.filter(message__in=sent.values("message"))
    others = Audience.objects.filter(pk__in=served.values("audience"), is_included=True)
    others = others.exclude(pk=row.pk)
    return [row, *_light(others).order_by("pk")]


def of_address(address_key: str, channel: str) -> list[Audience]:
    """Return the audience rows of an address in open incidents.

    Those first that it was written to for by this channel, then by another (one phone
    has texts, WhatsApp and calls), then of whom it is the own address though nothing
    was sent there; and of each the newest first.
    """
    written = AudienceMessage.objects.filter(
        audience=OuterRef("pk"), message__address__address_key=address_key
    )
    rows = _of_address(address_key).filter(alert__incident__closed_at=None)
    is_by_channel = Exists(written.filter(message__channel=channel))
    order = (is_by_channel.desc(), Exists(written).desc(), "-pk")
    return list(_light(rows).order_by(*order))


def of_contact(address_key: str, channel: str) -> list[Audience]:
    """Return the rows whose emergency contact was asked at an address, newest first."""
    asked = LadderStep.objects.filter(
        messages__address__address_key=address_key, messages__channel=channel
    )
    rows = Audience.objects.filter(
        pk__in=asked.values("audience"),
        is_included=True,
        alert__incident__closed_at=None,
    )
    return list(_light(rows).order_by("-pk"))


def of_closed(address_key: str, now: datetime) -> list[Audience]:
    """Return an address' audience rows in the incident of theirs that closed last.

    For who writes after the end: they are known, and may call for help still.
    """
    rows = _of_address(address_key).filter(
        alert__incident__closed_at__gt=now - KNOWN_AFTER_CLOSING
    )
    found = list(_light(rows).order_by("-alert__incident__closed_at", "-pk"))
    return [r for r in found if r.alert.incident_id == found[0].alert.incident_id]


def _of_address(address_key: str) -> QuerySet[Audience]:
    """Keep the rows for which an address was written to, or whose own address it is.

    Whatever was written, and by whatever channel: an index is of a phone or of a
    mailbox. A union, of which each part is looked up in an index.
    """
    served = AudienceMessage.objects.filter(message__address__address_key=address_key)
    own = Contact.objects.filter(address_key=address_key, role=Contact.Role.OWN)
    theirs = Audience.objects.filter(registration__in=own.values("registration"))
    numbers = served.values("audience").union(theirs.values("pk"))
    return Audience.objects.filter(is_included=True, pk__in=numbers)


def _light(rows: QuerySet[Audience]) -> QuerySet[Audience]:
    """Read alerts and incidents beside their rows, but not what may be large."""
    return rows.select_related("alert__incident", "registration").defer(*_HEAVY)


def persons(rows: Iterable[Audience]) -> Served:
    """Return the persons of audience rows by incident, in the order of the rows."""
    listed = list(rows)
    people = AudiencePerson.objects.filter(audience__in=listed).select_related("person")
    known = ("audience_id", *(f"person__{name}" for name in _OF_PERSON))
    people = people.only(*known)
    by_row: dict[int, list[Person]] = defaultdict(list)
    for each in people.order_by("person__registration_id", "person__position"):
        by_row[each.audience_id].append(each.person)
    served: Served = {}
    for row in listed:
        known_ = served.setdefault(row.alert.incident, [])
        known_ += [person for person in by_row[row.pk] if person not in known_]
    return served
