"""Derive, find and replace the links by which a party manages its registration."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from consular import sealing
from consular.people.models import Contact, Link, Registration

CODE_LENGTH = 6


def write(registrations: list[Registration], now: datetime) -> None:
    """Write the links of registrations, one for each purpose."""
    Link.objects.bulk_create(
        Link(
            registration=registration,
            purpose=purpose,
            token_key=sealing.token_key(token(registration, purpose)),
            created_at=now,
        )
        for registration in registrations
        for purpose in Link.Purpose.values
    )


def token_key(number: int, reference: str, purpose: str) -> str:
    """Return the key of a new registration's link for one purpose."""
    return sealing.token_key(sealing.token(purpose, f"{number}:{reference}"))


def token(registration: Registration, purpose: str) -> str:
    """Return the token of a registration's link for one purpose."""
    subject = f"{registration.pk}:{registration.reference}"
    if registration.link_round:
        subject += f":{registration.link_round}"
    return sealing.token(purpose, subject)


def link(registration: Registration, purpose: str) -> str:
    """Return the address of a link for one purpose."""
    path = "r" if purpose == Link.Purpose.MANAGE else "confirm"
    return f"{settings.PUBLIC_URL}/{path}/{token(registration, purpose)}/"


def opened(found_token: str, purpose: str) -> Registration | None:
    """Return the registration that a token is good for, if any."""
    found = Link.objects.filter(
        token_key=sealing.token_key(found_token), purpose=purpose, revoked_at=None
    ).select_related("registration")
    return next((row.registration for row in found), None)


@transaction.atomic
def replace(registration: Registration, now: datetime) -> None:
    """Make new links; those that were sent before open nothing any more."""
    row = Registration.objects.select_for_update().get(pk=registration.pk)
    row.links.filter(revoked_at=None).update(revoked_at=now)
    row.link_round += 1
    row.save(update_fields=["link_round"])
    registration.link_round = row.link_round
    write([row], now)


def code_of(contact: Contact) -> str:
    """Return the code that only who reads messages at an address can know."""
    secret = sealing.token("code", f"{contact.pk}:{contact.address_key}")
    number, letters = int(sealing.token_key(secret), 16), sealing.CODE_LETTERS
    code = ""
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(letters))
        code += letters[place]
    return code
