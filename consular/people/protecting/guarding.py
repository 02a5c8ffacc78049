"""Keep public pages from being used to send: how much, for whom, with what proof.

In quiet hours nobody notices. Once the free text messages of an hour are used up,
pages carry a puzzle that a browser solves by itself; who comes without one registers
all the same, but gets no text message, only an e-mail. A network that asks too often
is told so.
"""

import ipaddress
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from alerts.dispatch.watching import alarms
from consular import sealing
from consular.missions import audit
from consular.people.protecting import limits, puzzles

logger = logging.getLogger(__name__)
FREE, PROVEN = "texts without proof", "texts with proof"
LOOK_BACK = timedelta(hours=1)  # the puzzle stays for the hour after


@dataclass(frozen=True)
class Verdict:
    """What somebody on a public page may cause."""

    may_ask: bool
    may_text: bool


def network(request: HttpRequest) -> str:
    """Return the blind index of the network that a request came from.

    Behind a proxy it is the last hop that the proxy itself has written.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.headers.get("X-Forwarded-For", address).split(",")[-1].strip()
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return sealing.blind_index("network", "unknown")
    if found.version == 6:  # one household has a whole /64
        found = ipaddress.ip_network((found, 64), strict=False).network_address
    return sealing.blind_index("network", str(found))


def judge(request: HttpRequest, what: str, now: datetime, *, by_phone: bool) -> Verdict:
    """Count one request; say whether it is taken, and whether it may cause an SMS.

    Parameters
    ----------
    request : HttpRequest
        A form that is otherwise right; with a solved puzzle it may ask for more.
    what : str
        The page, which each has a count of its own.
    now : datetime
        The clock.
    by_phone : bool
        Whether there is a phone number to write to.
    """
    is_proven = puzzles.is_solved(request, now)
    most = settings.PROVEN_FORMS if is_proven else settings.FREE_FORMS
    name = f"{what}:{network(request)}:{'proven' if is_proven else 'free'}"
    if not limits.take(name, most, now):
        return Verdict(may_ask=False, may_text=False)
    if not by_phone:
        return Verdict(may_ask=True, may_text=False)
    if is_proven:
        return Verdict(True, limits.take(PROVEN, settings.PROVEN_TEXTS, now))
    return Verdict(True, limits.take(FREE, settings.FREE_TEXTS, now))


def may_text_in_a_crisis(now: datetime) -> bool:
    """Take one of an hour's text messages that ask whether an address is right.

    Who registers in a crisis is warned without it, so it can be missed.
    """
    return limits.take("texts in a crisis", settings.PROVEN_TEXTS, now)


def is_under_attack(now: datetime) -> bool:
    """Tell whether the free text messages of this hour, or the last, are used up."""
    return any(
        limits.used(FREE, moment) >= settings.FREE_TEXTS
        for moment in (now, now - LOOK_BACK)
    )


def puzzle(now: datetime) -> str:
    """Return a puzzle for a page, or nothing in quiet hours."""
    return puzzles.made(now) if is_under_attack(now) else ""


def tell(now: datetime) -> bool:
    """Tell the officers on duty, once an hour, that pages are being abused."""
    if not is_under_attack(now) or not limits.take("flood told", 1, now):
        return False
    used = limits.used(FREE, now)
    audit.record("flood", None, "public pages", now, texts=used)
    logger.warning("public pages: %d text messages without proof in an hour", used)
    words = "Public forms are flooded: text messages now need a proof of work"
    alarms.tell_duty(f"flood:{now:%Y%m%d%H}", words, now)
    return True
