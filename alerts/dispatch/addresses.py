"""What providers and owners said of an address: gone, opted out, good."""

import functools
from collections.abc import Iterable, Mapping
from datetime import datetime

import phonenumbers
from django.db import connection
from django.db.models import Q

from alerts.dispatch.models import Address, Channel
from consular import sealing

# A channel's kind of address; the blind index of people's contacts uses the same word.
KINDS = {
    Channel.SMS.value: "phone",
    Channel.WHATSAPP.value: "phone",
    Channel.VOICE.value: "phone",
    Channel.EMAIL.value: "email",
}
PHONES = {channel for channel, kind in KINDS.items() if kind == "phone"}
LAST_DIGITS = 4  # they never tell a country
# SQL: whether the owner of a row `a` of the addresses wants no more, on any channel.
STOPPED = """(a.opt_out = 'all' OR (a.opt_out <> 'again' AND EXISTS (
  SELECT 1 FROM dispatch_address AS s
  WHERE s.address_key = a.address_key AND s.opt_out = 'all')))"""
# SQL: whether no alert may be sent to a contact `c`, of whose channel `a` is the row of
# the addresses, if there is one; its owner may have sent STOP by another. For EXISTS
# PostgreSQL would read the whole table instead of one entry of its index.
SILENCED = """(COALESCE(a.opt_out = 'all' OR a.condition = 'gone', FALSE) OR (
  c.kind = 'phone' AND COALESCE(a.opt_out, '') <> 'again' AND (
  SELECT s.id FROM dispatch_address s WHERE s.address_key = c.address_key
  AND s.opt_out = 'all' LIMIT 1) IS NOT NULL))"""


def key(channel: str, address: str) -> str:
    """Return the blind index of an address on a channel."""
    return sealing.blind_index(KINDS[channel], address)


def country_of(channel: str, address: str) -> str:
    """Return the country of a phone number, or nothing.

    Examples
    --------
    >>> country_of("sms", "+50525550100"), country_of("email", "a@example.org")
    ('NI', '')
    """
    if channel not in PHONES:
        return ""
    return _country_of_block(address[:-LAST_DIGITS], len(address))


def country_words(channel: str, country: str) -> str:
    """Say of which country an address is, as far as that has been seen.

    Numbers lie sealed; one is opened when a message to it is taken to be sent.

    Examples
    --------
    >>> country_words("sms", "NI"), country_words("sms", "")
    ('NI', 'Seen when sent')
    >>> country_words("email", "")
    'None, by e-mail'
    """
    if country:
        return country
    return "Seen when sent" if channel in PHONES else "None, by e-mail"


@functools.lru_cache(maxsize=4096)
def _country_of_block(prefix: str, length: int) -> str:
    """Return the country of a block of numbers; a block lies in one country."""
    number = f"{prefix}{'0' * (length - len(prefix))}"
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    found = phonenumbers.region_code_for_number(parsed)
    if not found:  # not in use, as far as the library knows; its code has a country
        found = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return found if len(found) == 2 and found != "ZZ" else ""


def learn_countries(found: Mapping[int, str]) -> None:
    """Note the countries of addresses that were written down sealed.

    Inside a transaction; an address that somebody else has in hand is passed by.
    """
    rows = Address.objects.filter(pk__in=found, country="").order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    ids = list(rows.values_list("pk", flat=True))
    for country in {found[number] for number in ids}:
        there = [number for number in ids if found[number] == country]
        Address.objects.filter(pk__in=there).update(country=country)


def opt_out(address_key: str, channel: str, scope: str, now: datetime) -> bool:
    """Note that the owner of an address wants no more; tell whether it was known."""
    row = Address.objects.filter(address_key=address_key, channel=channel)
    return bool(row.update(opt_out=scope, changed_at=now))


def stop(address: str, channel: str, now: datetime) -> None:
    """Note that the owner of an address wants no more, known or not: STOP.

    It is of every channel of theirs, and is kept for who was never written to.
    """
    mine = _of(address, channel, now)
    others = Address.objects.filter(address_key=mine.address_key)
    others.filter(opt_out=Address.OptOut.AGAIN).update(opt_out=Address.OptOut.NONE)
    Address.objects.filter(pk=mine.pk).update(
        opt_out=Address.OptOut.ALL, changed_at=now
    )


def start(address: str, channel: str, now: datetime) -> None:
    """Note that the owner wants messages again: START.

    Like STOP it is of every channel. A carrier that has blocked another of them goes on
    refusing there, and its refusal does not close the channel that START came by.
    """
    mine = _of(address, channel, now)
    others = Address.objects.filter(address_key=mine.address_key)
    others.filter(opt_out=Address.OptOut.ALL).update(
        opt_out=Address.OptOut.NONE, changed_at=now
    )
    Address.objects.filter(pk=mine.pk).update(
        opt_out=Address.OptOut.AGAIN, changed_at=now
    )


def _of(address: str, channel: str, now: datetime) -> Address:
    """Return the row of an address, which is written where there is none."""
    row, _ = Address.objects.get_or_create(
        address_key=key(channel, address),
        channel=channel,
        defaults={"address": address, "changed_at": now},
    )
    return row


def heard(address: str, channel: str, now: datetime) -> bool:
    """Note that the owner of an address wrote to us; tell whether it was known.

    Whatever a provider said of it earlier, it is there; and where it was forgotten, it
    can be written to once more.
    """
    row = Address.objects.filter(address_key=key(channel, address), channel=channel)
    row.filter(address="").update(address=address)
    return bool(row.update(heard_at=now, condition=Address.Condition.GOOD))


def gone(address_id: int, code: str, now: datetime) -> None:
    """Note that the provider says an address does not exist."""
    Address.objects.filter(pk=address_id).update(
        condition=Address.Condition.GONE, provider_code=code[:24], changed_at=now
    )


def refused(address_id: int, code: str, sent_at: datetime, now: datetime) -> None:
    """Note that the provider says that an owner wants no more; a later START stands."""
    later = Q(opt_out=Address.OptOut.AGAIN, changed_at__gt=sent_at)
    Address.objects.filter(pk=address_id).exclude(later).update(
        opt_out=Address.OptOut.ALL, provider_code=code[:24], changed_at=now
    )


def given(said: Mapping[str, str], now: datetime) -> None:
    """Write down again, by key, addresses of which only their owner's wish was kept.

    The wish stays until the owner says otherwise; then there is somewhere to write to.
    """
    rows = list(Address.objects.filter(address_key__in=said, address=""))
    for row in rows:
        row.address, row.changed_at = said[row.address_key], now
        row.condition = Address.Condition.GOOD
    Address.objects.bulk_update(rows, ["address", "condition", "changed_at"], 500)


def opted_out(places: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Keep the (channel, key) pairs whose owner wants no more, wherever it said so.

    Who has sent STOP by SMS is not called, and not written to on WhatsApp.
    """
    wanted = set(places)
    rows = Address.objects.filter(
        address_key__in={address_key for _, address_key in wanted},
        opt_out__in=[Address.OptOut.ALL, Address.OptOut.AGAIN],
    )
    said = rows.values_list("channel", "address_key", "opt_out")
    stopped = {number for _, number, word in said if word == Address.OptOut.ALL}
    again = {(at, number) for at, number, word in said if word == Address.OptOut.AGAIN}
    return {place for place in wanted if place[1] in stopped} - again


def silenced(keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Keep the (channel, key) pairs that no alert may be sent to."""
    wanted = set(keys)
    rows = Address.objects.filter(
        Q(opt_out=Address.OptOut.ALL) | Q(condition=Address.Condition.GONE),
        address_key__in={address_key for _, address_key in wanted},
    )
    return set(rows.values_list("channel", "address_key")) & wanted
