"""Read how an officer is reached, as it is typed."""

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

# The channels that a rota may name; what an officer types for the last two.
WAYS = {"sms": "Text message", "voice": "Call", "email": "E-mail"}


class AddressError(ValueError):
    """Say what is wrong with an address, in words for the one who typed it."""


def address(channel: str, text: str) -> str:
    """Return an address for a channel: a number in E.164, or an e-mail.

    Raises
    ------
    AddressError
        When it is no such thing.
    """
    if channel not in WAYS:
        raise AddressError("Choose text message, call or e-mail.")
    return email(text) if channel == "email" else phone(text)


def email(text: str) -> str:
    """Return an e-mail address."""
    words = text.strip()
    try:
        validate_email(words)
    except ValidationError:
        raise AddressError("This is not an e-mail address.") from None
    return words


def phone(text: str) -> str:
    """Return a phone number in E.164; one without a prefix is the ministry's own."""
    try:
        number = phonenumbers.parse(text.strip()[:40], settings.MINISTRY_COUNTRY)
    except phonenumbers.NumberParseException:
        raise AddressError("This is not a phone number.") from None
    if not phonenumbers.is_possible_number(number):
        raise AddressError("This number is too short or too long for its country.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
