"""Take a registration in by text message: `REGISTER Ada Testwell, León`.

While a crisis form is open, whoever texts the keyword with a name and a town counts at
once, as on the form; a link for corrections follows. A number proves nothing: it stays
unverified until the link is opened. What cannot be read gets an answer that says how.
"""

import logging
import re
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from alerts.checkins.models import Inbound
from alerts.dispatch import outbox
from alerts.dispatch.models import Channel
from consular import languages, modes
from consular.people.models import Contact, CrisisForm, Registration
from consular.people.protecting import limits
from consular.people.registering import crisis
from consular.people.registering.addresses import AddressError, normalise_phone
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)
from geo import gazetteer

logger = logging.getLogger(__name__)
# The keyword in each language, which also says in which one to write back.
KEYWORDS = {
    "register": "en",
    "تسجيل": "ar",
    "inscription": "fr",
    "registro": "es",
    "anmelden": "de",
    "registo": "pt",
    "регистрация": "ru",
    "登记": "zh",
}
_WISH = re.compile(
    rf"\s*({'|'.join(KEYWORDS)})\b[\s:,.]*(.*)", re.IGNORECASE | re.DOTALL
)
_PARTS = re.compile(r"[,،;，\n]")
MOST_A_NUMBER = 5  # an hour
LONGEST_NAME = 80
REGISTERED = "registered by text message"
TOLD_HOW = "wants to register: was told how"
NO_FORM = "wants to register: was told where"


def wish(body: str) -> tuple[str, str] | None:
    """Return the language and the words of a wish to register, if it is one.

    Examples
    --------
    >>> wish("Register Ada Testwell, León")
    ('en', 'Ada Testwell, León')
    >>> wish("registered letter has come") is None
    True
    """
    found = _WISH.fullmatch(body.replace("\x00", "")[:500])
    return (KEYWORDS[found[1].lower()], found[2].strip()) if found else None


def take_in(inbound: Inbound, now: datetime) -> str:
    """Register who texted the keyword, or say how; return what became of it."""
    asked = wish(inbound.body)
    forms = list(CrisisForm.objects.filter(closed_at=None, mode=modes.installation()))
    if asked is None or inbound.channel != Channel.SMS:
        return ""
    if not limits.take(f"sms:{inbound.from_key}", MOST_A_NUMBER, now):
        return "wants to register, too often"
    try:
        phone = normalise_phone(inbound.from_address, settings.MINISTRY_COUNTRY)
    except AddressError:
        return "wants to register from a number that cannot be written to"
    language, words = asked
    name, *rest = [part.strip() for part in _PARTS.split(words, maxsplit=1)]
    stay = _stay(" ".join(rest), forms, now)
    if not name or stay is None:
        _say_how(inbound, phone, language, now, is_open=bool(forms))
        return TOLD_HOW if forms else NO_FORM
    entry = _entry(phone, language, name, stay, now)
    crisis.enter(None, entry, f"sms{inbound.pk:029d}", now)
    return REGISTERED


def _stay(typed: str, forms: list[CrisisForm], now: datetime) -> StayEntry | None:
    """Find where somebody is: a place in the crisis' countries, or its one country."""
    countries = sorted({code for form in forms for code in form.countries})
    places = [
        place
        for code in countries
        for place in gazetteer.search(typed, code, 20)
        if typed and place.country == code
    ]
    if not places and len(countries) == 1:
        places = [gazetteer.country(countries[0])]
    if not places:
        return None
    place, today = places[0], now.date()
    return StayEntry(
        place=place.label,
        country=place.country,
        lon=place.lon,
        lat=place.lat,
        precision=place.precision,
        radius_m=place.radius_m,
        arrives_on=today,
        departs_on=today + crisis.KEPT_OPEN,
    )


def _entry(
    phone: str, language: str, name: str, stay: StayEntry, now: datetime
) -> Entry:
    given, _space, family = name[:LONGEST_NAME].rpartition(" ")
    person = PersonEntry(
        given_name=given or family, family_name=family if given else ""
    )
    return Entry(
        kind=Registration.Kind.CRISIS,
        mode=modes.installation(),
        language=language,
        persons=[person],
        contacts=[ContactEntry(kind=Contact.Kind.PHONE, address=phone)],
        stays=[stay],
        consents={"warn": now.date().isoformat()},
    )


def _say_how(
    inbound: Inbound, phone: str, language: str, now: datetime, *, is_open: bool
) -> None:
    """Write back what to text, or where to register."""
    with languages.speak(language):
        body = _("{ministry}: register here: {link}").format(
            ministry=settings.MINISTRY_NAME, link=f"{settings.PUBLIC_URL}/register/"
        )
        if is_open:
            body = _(
                "{ministry}: text REGISTER, your name, a comma and your town, such as: "
                "REGISTER Ada Example, Springfield. If you need help, call {phone}."
            ).format(
                ministry=settings.MINISTRY_NAME,
                phone=languages.number_in(language, settings.EMERGENCY_PHONE),
            )
    exercise = modes.mark(modes.installation(), language)
    try:
        outbox.send_notice(
            f"register:{inbound.pk}",
            purpose="unknown sender",
            channel=Channel.SMS,
            address=phone,
            language=language,
            subject="",
            body=exercise + body,
            now=now,
        )
    except outbox.CappedError:
        logger.warning("inbound %s: no more answers to this number", inbound.pk)
