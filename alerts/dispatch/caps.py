"""Cap notices, so that no form can be used to pump messages into costly numbers.

Fraud of this kind walks through the numbers of one prefix, which its owner is paid for.
So notices that anyone can cause from outside have a limit for an address, for a prefix
(a number but its last four digits), and for a country other than the ministry's own.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from alerts.dispatch import addresses
from alerts.dispatch.models import Message
from consular import sealing

# What may be sent without an alert: one recipient each, so many an hour an address.
NOTICES = {
    "confirmation": 5,
    "code": 5,
    "officer on duty": 30,
    "break-glass": 10,
    "audit line": 2,
    "own test": 20,
    "case answer": 10,
    "question": 1,
    "unknown sender": 1,
    "who is meant": 1,
}
# Notices that somebody outside can cause without being known.
FROM_OUTSIDE = {"confirmation", "code", "unknown sender"}
PREFIX_MOST = 30
AN_HOUR = timedelta(hours=1)


class CappedError(Exception):
    """Say that an address has had its share of notices for this hour.

    Attributes
    ----------
    limit : str
        What all who share the limit wait for; empty where one address had too many,
        which nobody is owed.
    """

    def __init__(self, words: str, limit: str = "") -> None:
        super().__init__(words)
        self.limit = limit


def check(
    key: str, purpose: str, channel: str, address: str, country: str, now: datetime
) -> None:
    """Refuse a notice beyond a limit; one that is written already is not counted.

    Raises
    ------
    CappedError
        When the address, its prefix or its country has had its share for this hour.
    """
    recent = Message.objects.filter(purpose=purpose, created_at__gt=now - AN_HOUR)
    others = recent.exclude(cause__key=f"notice:{key}")
    most = NOTICES[purpose]
    mine = addresses.key(channel, address)
    _at_most(others.filter(address__address_key=mine), most, "of this kind")
    if purpose not in FROM_OUTSIDE or channel not in addresses.PHONES:
        return
    prefix = prefix_key(channel, address)
    alike = others.filter(address__prefix_key=prefix)
    _at_most(alike, PREFIX_MOST, "to one prefix", f"prefix:{prefix}"[:80])
    if country and country != settings.MINISTRY_COUNTRY:
        most = int(settings.NOTICES_A_COUNTRY)
        there = others.filter(address__country=country)
        _at_most(there, most, "to one country", f"country:{country}")


def _at_most(rows: QuerySet[Message], most: int, words: str, limit: str = "") -> None:
    if rows.count() >= most:
        raise CappedError(f"{most} notices {words} in an hour are enough", limit)


def prefix_key(channel: str, address: str) -> str:
    """Return the blind index of a number's prefix; other addresses have none."""
    return (
        sealing.blind_index("prefix", address[:-4])
        if channel in addresses.PHONES
        else ""
    )
