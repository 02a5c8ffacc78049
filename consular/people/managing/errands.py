"""Write the notices that public pages asked for, a moment later.

A page that was asked for a lost link writes one row whether it knows the address or
not, and answers; what tells a known address from an unknown one happens here.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerts.dispatch import outbox
from alerts.dispatch.addresses import country_of
from consular import languages, modes
from consular.people.managing import confirming, linking
from consular.people.models import Contact, Errand, Link, Registration
from consular.people.registering import addresses

logger = logging.getLogger(__name__)
AT_ONCE = 100
MOST_LINKS = 3  # registrations of one address, the newest first


def confirm_later(
    registration: Registration, now: datetime, *, may_text: bool = True
) -> None:
    """Have the owners of a registration's addresses asked."""
    Errand.objects.create(
        kind=Errand.Kind.CONFIRM,
        registration=registration,
        may_text=may_text,
        created_at=now,
    )


def confirm_all_later(registrations: Iterable[Registration], now: datetime) -> None:
    """Have the owners of many registrations' addresses asked."""
    Errand.objects.bulk_create(
        Errand(kind=Errand.Kind.CONFIRM, registration=each, created_at=now)
        for each in registrations
    )


def recover_later(
    kind: str, address: str, now: datetime, *, may_text: bool = True
) -> None:
    """Have the link sent to an address, if it is on record."""
    Errand.objects.create(
        kind=Errand.Kind.RECOVER,
        contact_kind=kind,
        address=address,
        may_text=may_text,
        created_at=now,
    )


def run(now: datetime) -> int:
    """Do what is asked for, each once, whoever ticks; return how many.

    What a limit holds back waits behind those who wait for the same limit already.
    """
    asked = Errand.objects.filter(waits_for="").order_by("pk")
    return sum(
        _once(number, now) for number in asked.values_list("pk", flat=True)[:AT_ONCE]
    )


def resume(now: datetime) -> int:
    """Do what has waited for an hour's limit, the oldest first; return how many."""
    done = 0
    for limit in list(
        waiting().order_by().values_list("waits_for", flat=True).distinct()
    ):
        row = waiting().filter(waits_for=limit).order_by("pk")
        for number in list(row.values_list("pk", flat=True)[:AT_ONCE]):
            if not _once(number, now, limit):
                break  # the others wait for the same
            done += 1
    return done


def waiting() -> QuerySet[Errand]:
    """Keep what waits for an hour's limit."""
    return Errand.objects.exclude(waits_for="")


@transaction.atomic
def _once(number: int, now: datetime, limit: str = "") -> bool:
    """Do one errand; tell whether nothing of it waits for its limit any more."""
    rows = Errand.objects.select_for_update(skip_locked=True)
    row = rows.filter(pk=number, waits_for=limit).first()
    if row is None:
        return False
    waits_for = ""
    if row.kind == Errand.Kind.RECOVER:
        _recover(row, now)
    elif row.registration:
        waits_for = _confirm(row, row.registration, now)
    if waits_for:
        Errand.objects.filter(pk=row.pk).update(waits_for=waits_for)
    else:
        row.delete()
    return waits_for != limit or not limit


def _confirm(errand: Errand, registration: Registration, now: datetime) -> str:
    """Ask by each unproven address; return the limit that one must wait for, if any."""
    waits_for = ""
    for contact in confirming.unproven(registration):
        if not errand.may_text and contact.kind == Contact.Kind.PHONE:
            continue
        ahead = _ahead(errand, contact)
        waits_for = ahead or confirming.ask_by(registration, contact, now) or waits_for
    return waits_for


def _ahead(errand: Errand, contact: Contact) -> str:
    """Return the limit that earlier errands to the same country wait for, if any."""
    country = country_of(confirming.CHANNELS[contact.kind], contact.address)
    limit = f"country:{country}"
    earlier = waiting().filter(waits_for=limit, pk__lt=errand.pk)
    return limit if country and earlier.exists() else ""


def _recover(errand: Errand, now: datetime) -> None:
    """Send the link of each registration that an address belongs to."""
    if errand.contact_kind == Contact.Kind.PHONE and not errand.may_text:
        return
    key = addresses.address_key(errand.contact_kind, errand.address)
    found = Contact.objects.filter(
        address_key=key,
        role=Contact.Role.OWN,
        registration__mode=modes.installation(),
    ).exclude(registration__confirmed_at=None)
    for contact in found.order_by("-registration_id")[:MOST_LINKS]:
        if contact.verified_at is None:  # what is not theirs for certain is not shown
            confirming.ask_by(contact.registration, contact, now)
        else:
            _send_link(contact, errand, now)


def _send_link(contact: Contact, errand: Errand, now: datetime) -> None:
    registration = contact.registration
    with languages.speak(registration.language):
        subject = _("Your link")
        body = _(
            "{ministry}: the link to your registration {reference}: {link}"
        ).format(
            ministry=settings.MINISTRY_NAME,
            reference=registration.reference,
            link=linking.link(registration, Link.Purpose.MANAGE),
        )
    key = f"link:{errand.pk}"
    try:
        confirming.write(registration, contact, key, "code", subject, body, now)
    except outbox.CappedError:
        logger.warning("registration %s: no more links", registration.pk)
