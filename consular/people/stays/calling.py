"""In which countries the phones of parties are registered, as far as a price asks."""

from collections import Counter

import numpy as np

from alerts.dispatch import addresses
from alerts.dispatch.models import Channel
from consular.people.models import Contact
from consular.people.stays.found import Ids
from consular.people.stays.members import contacts_of
from consular.sealing import unseal

SAMPLE = 2_000  # parties; a share is then right to about two in a hundred


def phone_shares(numbers: Ids) -> dict[str, float]:
    """Return each country's share of the own phones that may be written to.

    Numbers are sealed, so of more than `SAMPLE` parties an even sample is opened.

    Parameters
    ----------
    numbers : array of int
        Registrations.

    Returns
    -------
    dict
        Shares by ISO 3166-1 code, the largest first; they add up to 1. The code is
        empty for numbers of no country.
    """
    if len(numbers) > SAMPLE:
        numbers = numbers[np.linspace(0, len(numbers) - 1, SAMPLE).astype(int)]
    found = Counter(
        addresses.country_of(Channel.SMS, unseal(contact.address))
        for contact in contacts_of(numbers)
        if contact.kind == Contact.Kind.PHONE and not contact.is_silenced
    )
    total = found.total() or 1
    return {code: count / total for code, count in found.most_common()}
