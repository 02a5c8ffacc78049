"""Know who can answer a text, so that none says "reply" where nobody can.

That hangs on the sender and on the country of the reader's number: a name cannot be
answered anywhere, and some countries' networks carry no answer to any sender. What is
known of the countries stands in `data/networks.tsv`; an account's `replies` goes over
it, because a ministry knows its own numbers best.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings

from alerts.dispatch import routing

TABLE = Path(__file__).with_name("data") / "networks.tsv"
SAYS = {"yes": True, "no": False}
_NUMBER = re.compile(r"\+?\d{3,15}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}")


class Answers(StrEnum):
    """Whether the networks of a country carry answers to a text."""

    TWO_WAY = "two-way"
    ONE_WAY = "one-way"
    UNKNOWN = "unknown"


class Sender(StrEnum):
    """What a text comes from."""

    NUMBER = "number"  # long code, short code, toll-free
    NAME = "name"  # nobody can answer a name
    SERVICE = "service"  # a pool, which may hold names and uses them where it can


@dataclass(frozen=True)
class Network:
    """What works in one country; `names`: may a sender be a name (yes, registered)."""

    answers: str = Answers.UNKNOWN
    names: str = "yes"


@functools.cache
def networks() -> Mapping[str, Network]:
    """Read what is known of each country, by its two letters."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and line[0] != "#"][1:]
    return {code: Network(Answers(answers), names) for code, answers, names in rows}


def kind_of(sender: str) -> Sender:
    """Tell what kind of sender it is.

    Examples
    --------
    >>> kind_of("+15005550006").value, kind_of("50411").value, kind_of("MINISTRY").value
    ('number', 'number', 'name')
    """
    if _SERVICE.fullmatch(sender):
        return Sender.SERVICE
    return Sender.NUMBER if _NUMBER.fullmatch(sender) else Sender.NAME


def said_of(account: str) -> dict[str, bool]:
    """Read an account's own word on where it is answered; the empty key is elsewhere.

    Examples
    --------
    `"replies": "no,IE=yes"` is answered in Ireland only.

    Raises
    ------
    ValueError
        When it says anything but yes and no.
    """
    words = settings.ACCOUNTS.get(account, {}).get("replies", "")
    found = {}
    for word in filter(None, (each.strip() for each in words.split(","))):
        country, _, said = word.rpartition("=")
        if said.lower() not in SAYS:
            raise ValueError(f"{word!r} says neither yes nor no")
        found[country.upper()] = SAYS[said.lower()]
    return found


def can_answer(account: str, country: str) -> bool:
    """Tell whether who gets a text from an account can answer it.

    A call is answered by its keys, and what it says is heard, not written back to. A
    mail is answered where Muster is handed the account's incoming mail.
    """
    conf = settings.ACCOUNTS.get(account, {})
    if conf.get("channel") != "sms":
        return conf.get("channel") == "whatsapp" or bool(conf.get("inbox"))
    kind = kind_of(conf.get("sender", ""))
    if kind == Sender.NAME:
        return False
    own = said_of(account)
    if country in own or "" in own:
        return own.get(country, own.get("", False))
    network = networks().get(country, Network())
    if kind == Sender.SERVICE:
        return network.answers == Answers.TWO_WAY and network.names == "no"
    return network.answers != Answers.ONE_WAY


def is_answered(channel: str, mode: str) -> bool:
    """Tell whether anybody at all can answer what goes out on a channel."""
    accounts = routing.accounts(channel, mode)
    # Without an account nothing is sent, and what is written is shown whole.
    return not accounts or any(
        can_answer(account, country)
        for account in accounts
        for country in ("", *networks())
    )


def unanswered(channel: str, mode: str) -> list[str]:
    """List the countries where some account's texts cannot be answered."""
    accounts = routing.accounts(channel, mode)
    return [
        country
        for country in networks()
        if not all(can_answer(account, country) for account in accounts)
    ]


def number_to_text(mode: str) -> str:
    """Return a number that anybody may text, or nothing."""
    for account in routing.accounts("sms", mode):
        sender = str(settings.ACCOUNTS[account].get("sender", ""))
        is_closed = said_of(account).get("") is False
        if kind_of(sender) == Sender.NUMBER and not is_closed:
            return sender
    return ""
