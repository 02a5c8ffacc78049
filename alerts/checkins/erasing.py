"""Erase what people answered: their words go, and what they led to goes with them."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from alerts.checkins.casework import merging
from alerts.checkins.models import Enquiry, Inbound
from consular.people.models import Person


def blank(rows: QuerySet[Inbound], now: datetime) -> int:
    """Empty answers of all that is personal; a row stays, so that none counts twice."""
    return rows.update(
        from_key="",
        from_address="",
        body="",
        raw="",
        words=[],
        state=Inbound.State.HANDLED,
        reason="erased",
        handled_at=now,
    )


def erase(
    registrations: Collection[int], address_keys: Collection[str], now: datetime
) -> None:
    """Forget the answers of parties; check-ins and cases go with their persons.

    But for an open call of somebody who is registered a second time.
    """
    theirs = Inbound.objects.filter(
        Q(from_key__in=address_keys)
        | Q(checkins__person__registration__in=registrations)
    )
    Enquiry.objects.filter(
        Q(contact_key__in=address_keys) | Q(phone_key__in=address_keys)
    ).delete()
    blank(Inbound.objects.filter(pk__in=theirs.values("pk")), now)
    persons = Person.objects.filter(registration__in=registrations)
    merging.hand_on(set(persons.values_list("pk", flat=True)), now)
