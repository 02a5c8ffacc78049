"""Reckon what a draft will cost, and when it will be done, before anybody says yes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.dispatch.models import Channel
from alerts.dispatch.sending import budgets
from alerts.dispatch.watching import progress
from alerts.incidents.drafts import wording
from alerts.incidents.drafts.drafting import Content
from geo.countries import country_name

MOST_COUNTRIES = 6  # named one by one


@dataclass(frozen=True)
class Part:
    """What the messages to one country's numbers cost."""

    name: str
    cost: float


@dataclass(frozen=True)
class Way:
    """One channel of a draft, as far as it can be told beforehand."""

    name: str
    people: int
    messages: int
    parts: int
    seconds: float | None
    cost: float
    countries: tuple[Part, ...] = ()

    @property
    def lasts(self) -> str:
        """Say how long it takes after the hold, about."""
        if self.seconds is None:
            return "no account is set up"
        if self.seconds < 90:
            return f"about {max(1, round(self.seconds))} s"
        return f"about {round(self.seconds / 60)} min"


def asks(said: Content) -> bool:
    """Tell whether what a draft costs depends on the countries of its numbers."""
    return any(budgets.differs(channel) for channel in said.channels)


def ways(
    said: Content,
    mode: str,
    counts: dict[str, Any],
    shares: Mapping[str, float] | None = None,
) -> list[Way]:
    """Reckon each way of sending to persons.

    One message a registration that has the channel, in its language or the fallback,
    at the prices of `MUSTER_PRICES`.

    Parameters
    ----------
    said, mode, counts
        The draft's content and mode, and who it would be sent to.
    shares : mapping, optional
        Each country's share of the phones; without it the channel's own price counts.
    """
    people = counts.get("by_channel", {})
    messages = counts.get("registrations_by_channel", {})
    found = []
    for channel in said.channels:
        if channel == Channel.SOCIAL:
            continue
        count = int(messages.get(channel, 0))
        parts = round(count * _mean_parts(said, channel, mode, counts))
        by_country = _by_country(channel, parts, shares or {})
        found.append(
            Way(
                name=wording.CHANNELS[Channel(channel)],
                people=int(people.get(channel, 0)),
                messages=count,
                parts=parts,
                seconds=progress.forecast(
                    channel, mode, count, max(1, round(parts / count)) if count else 1
                ),
                cost=sum(part.cost for part in by_country)
                if by_country
                else parts * budgets.price(channel, "") / budgets.MILLION,
                countries=_listed(by_country),
            )
        )
    return found


def _by_country(channel: str, parts: int, shares: Mapping[str, float]) -> list[Part]:
    """Return what each country's numbers cost, the dearest sum first."""
    if not budgets.differs(channel):
        return []
    found = [
        Part(
            country_name(code) if code else "no country",
            share * parts * budgets.price(channel, code) / budgets.MILLION,
        )
        for code, share in shares.items()
    ]
    return sorted(found, key=lambda part: -part.cost)


def _listed(parts: list[Part]) -> tuple[Part, ...]:
    """Keep the dearest by name, and the others as one sum."""
    rest = parts[MOST_COUNTRIES:]
    others = [Part("others", sum(part.cost for part in rest))] if rest else []
    return (*parts[:MOST_COUNTRIES], *others)


def _mean_parts(
    said: Content, channel: str, mode: str, counts: dict[str, Any]
) -> float:
    """Return the parts of a message, weighted by who reads which language."""
    if channel != Channel.SMS:
        return 1.0
    parts = {
        words.language: wording.size(words, mode).parts
        for words in said.texts
        if words.channel == channel
    }
    fallback = parts.get(said.fallback, 1)
    readers = counts.get("by_language", {}) or {said.fallback: 1}
    total = sum(parts.get(code, fallback) * n for code, n in readers.items())
    return total / (sum(readers.values()) or 1)
