"""Ask the owner of each address whether the registration is theirs."""

import logging
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from alerts.dispatch import outbox
from consular import languages
from consular.people import enrolling
from consular.people.models import Contact, Link, Registration

logger = logging.getLogger(__name__)
CHANNELS = {Contact.Kind.PHONE.value: "sms", Contact.Kind.EMAIL.value: "email"}


def ask_to_confirm(registration: Registration, now: datetime) -> None:
    """Write to each own address that nobody has confirmed, with the link that does."""
    link = enrolling.link(registration, Link.Purpose.CONFIRM)
    with languages.speak(registration.language):
        subject = _("Please confirm your registration")
        body = _(
            "{ministry}: please confirm that you registered ({reference}): {link}"
        ).format(
            ministry=settings.MINISTRY_NAME,
            reference=registration.reference,
            link=link,
        )
    exercise = "EXERCISE. " if registration.mode == "exercise" else ""
    unverified = registration.contacts.filter(role=Contact.Role.OWN, verified_at=None)
    for contact in unverified:
        try:
            outbox.send_notice(
                f"confirm:{registration.pk}:{contact.pk}",
                purpose="confirmation",
                channel=CHANNELS[contact.kind],
                address=contact.address,
                language=registration.language,
                subject=exercise + subject,
                body=exercise + body,
                now=now,
            )
        except outbox.CappedError:
            logger.warning("registration %s: no more confirmations", registration.pk)
