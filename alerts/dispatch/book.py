"""The address book: find addresses by channel and key, and write those that are new."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model

from alerts.dispatch import caps
from alerts.dispatch.models import Address
from consular import copying
from consular.sealing import Sealed

Place = tuple[str, str]  # channel, address key


class Addressee(Protocol):
    """Who is written to: an address, and of which country it is if that is known."""

    @property
    def address(self) -> str:
        """The address; one that is `Sealed` stays so."""

    @property
    def country(self) -> str:
        """Two letters, or nothing."""


@dataclass(frozen=True)
class Known:
    """What a caller has read of addresses, and the batch that relies on it.

    `addresses` has the primary key of each that is there; what is written is added.
    """

    addresses: dict[Place, int]
    batch: copying.Batch

    def of(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the primary keys of those places that are there."""
        found = self.addresses
        return {place: found[place] for place in places if place in found}


def written(places: Iterable[Place]) -> dict[Place, int]:
    """Look up the primary keys of those places that are there."""
    wanted = set(places)
    rows = Address.objects.filter(address_key__in={key for _, key in wanted})
    found = rows.values_list("channel", "address_key", "pk")
    return {(channel, key): number for channel, key, number in found}


def add(
    wanted: Mapping[Place, Addressee],
    there: Mapping[Place, int],
    now: datetime,
    known: Known | None,
) -> dict[Place, int]:
    """Write the addresses that are not there; return the primary keys of these."""
    fresh = [place for place in wanted if place not in there]
    numbers = copying.numbers(Address, len(fresh))
    columns = {
        "id": numbers,
        "channel": [channel for channel, _ in fresh],
        "address_key": [key for _, key in fresh],
        "address": [wanted[place].address for place in fresh],
        "country": [wanted[place].country for place in fresh],
        "prefix_key": [_prefix(place[0], wanted[place].address) for place in fresh],
        "changed_at": now,
    }
    if not put(Address, len(fresh), columns, known):
        return written(fresh)
    new = dict(zip(fresh, numbers, strict=True))
    if known is not None:
        known.addresses.update(new)
    return new


def put(
    model: type[Model], count: int, columns: dict[str, Any], known: Known | None
) -> bool:
    """Write rows that are new, or put them into a batch; tell whether all were new."""
    if known is None:
        return copying.write(model, count, columns, ignore_conflicts=True)
    known.batch.add(model, count, columns)
    return True


def _prefix(channel: str, address: str) -> str:
    """Return the key of a number's prefix, unless the number is sealed."""
    return "" if isinstance(address, Sealed) else caps.prefix_key(channel, address)
