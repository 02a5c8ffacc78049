"""Choose the account that sends; nothing else asks what kind a channel is.

Several accounts of one channel share its messages by weight. A weight never falls to
nothing for one error: it moves by ten points (health.py), and drifts back.
"""

import functools
import hashlib
from collections.abc import Container, Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from alerts.dispatch.channels.base import Transport

RESTING = 100  # an account's weight when its settings say nothing


class NoAccountError(LookupError):
    """Say which channel has no account in this mode, and the setting to fill."""


def accounts(channel: str, mode: str) -> list[str]:
    """List the accounts of a channel whose mode is the one asked for."""
    return [
        name
        for name, conf in settings.ACCOUNTS.items()
        if conf["channel"] == channel and conf["mode"] == mode
    ]


def resting_weight(account: str, country: str = "") -> int:
    """Return the weight that the settings give an account, for a country.

    Examples
    --------
    `"weight": "80"` is for all countries, `"weight": "80,FR=20"` knows one exception.
    """
    words = str(settings.ACCOUNTS[account].get("weight", RESTING)).split(",")
    found = {"": RESTING}
    for word in words:
        name, _, number = word.strip().rpartition("=")
        found[name] = int(number)
    return found.get(country, found[""])


def account_for(
    channel: str,
    mode: str,
    country: str = "",
    *,
    key: str = "",
    shifted: Mapping[str, int] | None = None,
    full: Container[str] = (),
) -> str:
    """Choose an account for a channel, a mode and a country.

    Parameters
    ----------
    key : str
        The message's id and attempt: the same key gives the same account.
    shifted : mapping, optional
        How many points each account's weight has moved from its resting one; accounts
        that are not in it may not be used now.
    full : container of str, optional
        Accounts that take nothing more at this moment. Another one that has its share
        of the channel takes what was drawn for them, if there is one.

    Raises
    ------
    NoAccountError
        When there is none.
    """
    names = accounts(channel, mode)
    if shifted is not None:
        names = [name for name in names if name in shifted]
    if not names:
        raise NoAccountError(
            f"no {mode} account for {channel}; see the README's settings"
        )
    weights = _weights(names, country, shifted or {})
    if len(names) == 1 or not sum(weights):
        return names[0]
    with_room = [
        0.0 if name in full else weight
        for name, weight in zip(names, weights, strict=True)
    ]
    return names[_drawn(with_room if sum(with_room) else weights, key)]


def _weights(names: list[str], country: str, moved: Mapping[str, int]) -> list[float]:
    """Return the weights as they are now: what one account lost, the others gained."""
    resting = [resting_weight(name, country) for name in names]
    lost = [
        min(-moved.get(name, 0), weight)
        for name, weight in zip(names, resting, strict=True)
    ]
    others = max(len(names) - 1, 1)
    return [
        max(weight - loss + (sum(lost) - loss) / others, 0)
        for weight, loss in zip(resting, lost, strict=True)
    ]


def weight_now(name: str, names: list[str], moved: Mapping[str, int]) -> float:
    """Return an account's present weight among others, for most countries.

    Where all of them are at nothing, the first one is the probe and has it all.
    """
    weights = _weights(names, "", moved)
    if not sum(weights):
        return float(RESTING) if name == names[0] else 0.0
    if any("=" in str(settings.ACCOUNTS[name].get("weight", "")) for name in names):
        return float(RESTING)  # some country may choose it
    return weights[names.index(name)]


def _drawn(weights: list[float], key: str) -> int:
    """Draw an index by weight; the key is the die."""
    die = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest(), "big")
    point = die / 2**48 * sum(weights)
    for index, weight in enumerate(weights):
        point -= weight
        if point < 0:
            return index
    return len(weights) - 1


def states_of(account: str) -> dict[str, str]:
    """Return the table from an account's provider's words to ours."""
    conf = settings.ACCOUNTS.get(account)
    return dict(import_string(conf["transport"]).states) if conf else {}


def gone_codes(account: str) -> frozenset[str]:
    """Return the codes with which a provider says that an address does not exist."""
    conf = settings.ACCOUNTS.get(account)
    return frozenset(import_string(conf["transport"]).gone) if conf else frozenset()


def opted_out_codes(account: str) -> frozenset[str]:
    """Return the codes with which a provider says that an owner wants no more."""
    conf = settings.ACCOUNTS.get(account)
    return frozenset(import_string(conf["transport"]).opted_out if conf else ())


def returned_codes(account: str) -> frozenset[str]:
    """Return the codes with which a provider gives back what it had taken, unsent."""
    conf = settings.ACCOUNTS.get(account)
    return frozenset(import_string(conf["transport"]).returned if conf else ())


@functools.cache
def transport_for(account: str) -> Transport:
    """Return the transport that `settings.ACCOUNTS` names for an account."""
    conf: dict[str, Any] = settings.ACCOUNTS[account]
    made: Transport = import_string(conf["transport"])(account)
    return made
