"""Ask the owner of each address whether the registration is theirs.

The message holds a link and a code, both of this address alone: whoever answers by one
address has proven that one, and no other.
"""

import hmac
import logging
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from alerts.dispatch import outbox
from consular import languages, modes
from consular.people.managing import linking
from consular.people.models import Contact, Link, Registration
from consular.people.registering import enrolling

logger = logging.getLogger(__name__)
CHANNELS = {Contact.Kind.PHONE.value: "sms", Contact.Kind.EMAIL.value: "email"}
MOST_TRIES = 10  # of a code of 31 to the power of 6


def key_of(registration: Registration) -> str:
    """Return how the keys of all notices to a party begin."""
    return f"party:{registration.pk}:"


def write(
    registration: Registration,
    contact: Contact,
    key: str,
    purpose: str,
    subject: str,
    body: str,
    now: datetime,
) -> None:
    """Write a notice to one of a party's own addresses, marked where it is a drill.

    Raises
    ------
    CappedError
        When the address has had its share for this hour.
    """
    exercise = modes.mark(registration.mode)
    outbox.send_notice(
        f"{key_of(registration)}{key}",
        purpose=purpose,
        channel=CHANNELS[contact.kind],
        address=contact.address,
        language=registration.language,
        subject=exercise + subject,
        body=exercise + body,
        now=now,
    )


def unproven(registration: Registration) -> list[Contact]:
    """Return the party's own addresses that nobody has answered by."""
    own = registration.contacts.filter(role=Contact.Role.OWN, verified_at=None)
    return list(own.order_by("pk"))


def ask_by(registration: Registration, contact: Contact, now: datetime) -> str:
    """Write to one address, once; return the limit that this must wait for, if any."""
    code = linking.code_of(contact)
    with languages.speak(registration.language):
        subject = _("Please confirm your registration")
        body = _(
            "{ministry}: please confirm that you registered ({reference}): {link} "
            "or type the code {code}"
        ).format(
            ministry=settings.MINISTRY_NAME,
            reference=registration.reference,
            link=f"{linking.link(registration, Link.Purpose.CONFIRM)}{code}/",
            code=code,
        )
    key = f"confirm:{contact.pk}"
    try:
        write(registration, contact, key, "confirmation", subject, body, now)
    except outbox.CappedError as error:
        if not error.limit:
            logger.warning("registration %s: no more confirmations", registration.pk)
        return error.limit
    return ""


def answer(registration: Registration, code: str, now: datetime) -> bool:
    """Take the code of an address; tell whether it is right and not tried too often."""
    row = Registration.objects.filter(pk=registration.pk, code_tries__lt=MOST_TRIES)
    if not row.update(code_tries=F("code_tries") + 1):
        return False
    typed = "".join(code.upper().split()).replace("-", "")[:12].encode()
    for contact in registration.contacts.filter(role=Contact.Role.OWN):
        if hmac.compare_digest(linking.code_of(contact).encode(), typed):
            enrolling.confirm(registration, now, contact)
            Registration.objects.filter(pk=registration.pk).update(code_tries=0)
            return True
    return False
