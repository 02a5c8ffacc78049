"""Read phone numbers and e-mail addresses as people type them."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from phonenumbers import NumberParseException, PhoneNumberType

from consular import sealing
from consular.people.models import Contact

# Numbers that cost their caller money, or that no text reaches: never written to.
REFUSED_TYPES = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}


class AddressError(ValueError):
    """Say what is wrong with an address, in words for the one who typed it."""


def normalise_phone(text: str, country: str = "") -> str:
    """Return a phone number in E.164.

    Parameters
    ----------
    text : str
        As typed, with or without the country's prefix.
    country : str
        ISO 3166-1 code for numbers without a prefix.

    Raises
    ------
    AddressError
        When it is no number, too short, too long, or one that we never write to.

    Examples
    --------
    >>> normalise_phone("087 123 4567", "IE")
    '+353871234567'
    >>> normalise_phone("+1 (202) 555-0101")
    '+12025550101'
    """
    try:
        number = phonenumbers.parse(text.strip()[:40], country or None)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise AddressError(
                _("Start the number with + and the country's prefix, such as +353.")
            ) from None
        raise AddressError(_("This is not a phone number.")) from None
    if not phonenumbers.is_possible_number(number):
        raise AddressError(_("This number is too short or too long for its country."))
    if number.extension or phonenumbers.number_type(number) in REFUSED_TYPES:
        raise AddressError(_("We cannot write to this number; give a mobile phone."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise_email(text: str) -> str:
    """Return an e-mail address with its domain in small letters.

    Raises
    ------
    AddressError
        When it is none.

    Examples
    --------
    >>> normalise_email(" Ada@Example.ORG ")
    'Ada@example.org'
    """
    address = text.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise AddressError(
            _("This is not an e-mail address; it looks like name@example.org.")
        ) from None
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def normalise(kind: str, text: str, country: str = "") -> str:
    """Return an address of a kind as it is stored."""
    if kind == Contact.Kind.PHONE:
        return normalise_phone(text, country)
    return normalise_email(text)


def address_key(kind: str, address: str) -> str:
    """Return the blind index of a normalised address; the mail room uses the same."""
    return sealing.blind_index(kind, address)
