"""Answer a number that we do not know once: whom to call, and where to register.

An unknown number clears nobody, and its text waits for an officer. Who wrote it should
not wait in silence: one polite answer goes back, never a second one within a day, none
to short codes and names, none after STOP; the caps of notices hold besides.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from alerts.checkins.models import Inbound
from alerts.dispatch import outbox
from alerts.dispatch.models import Channel
from consular import languages, modes
from consular.people.registering.addresses import AddressError, normalise_phone

logger = logging.getLogger(__name__)
ANSWERED = {Channel.SMS.value, Channel.WHATSAPP.value}
ONCE = timedelta(days=1)
SHORTEST = 8  # letters of a number: what is shorter is a service's short code
# Scripts that tell the language well enough to write back.
SCRIPTS = (("\u0600", "\u06ff", "ar"), ("\u0400", "\u04ff", "ru"), ("一", "鿿", "zh"))


def answer(inbound: Inbound, now: datetime) -> bool:
    """Write back to an unknown number; tell whether an answer was written."""
    if inbound.channel not in ANSWERED or _was_answered(inbound):
        return False
    sender = inbound.from_address
    if not sender.startswith("+") or len(sender) < SHORTEST:
        return False
    try:
        phone = normalise_phone(sender, settings.MINISTRY_COUNTRY)
    except AddressError:
        return False
    language = language_of(inbound.body)
    exercise = modes.mark(modes.installation(), language)
    try:
        outbox.send_notice(
            f"stranger:{inbound.pk}",
            purpose="unknown sender",
            channel=inbound.channel,
            address=phone,
            language=language,
            subject="",
            body=exercise + _body(language),
            now=now,
        )
    except outbox.CappedError:
        logger.warning("inbound %s: no more answers to this number", inbound.pk)
        return False
    return True


def _was_answered(inbound: Inbound) -> bool:
    """Tell whether the number wrote within a day: two machines would never stop."""
    earlier = Inbound.objects.filter(
        from_key=inbound.from_key,
        received_at__gt=inbound.received_at - ONCE,
        pk__lt=inbound.pk,
    )
    return earlier.exists()


def language_of(body: str) -> str:
    """Guess the language to write back in from the script.

    Examples
    --------
    >>> language_of("مرحبا"), language_of("hello")
    ('ar', 'en')
    """
    for first, last, language in SCRIPTS:
        if any(first <= letter <= last for letter in body):
            return language
    return "en"


def _body(language: str) -> str:
    with languages.speak(language):
        return _(
            "{ministry}: an officer reads your message, but we do not know this "
            "number. If you need help, call {phone}. Register here: {link}"
        ).format(
            ministry=settings.MINISTRY_NAME,
            phone=languages.number_in(language, settings.EMERGENCY_PHONE),
            link=f"{settings.PUBLIC_URL}/register/",
        )
