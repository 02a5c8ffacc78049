"""Reckon what a draft will cost, and when it will be done, before anybody says yes."""

from dataclasses import dataclass
from typing import Any

from alerts.dispatch.models import Channel
from alerts.dispatch.sending import budgets
from alerts.dispatch.watching import progress
from alerts.incidents.drafts import wording
from alerts.incidents.drafts.drafting import Content


@dataclass(frozen=True)
class Way:
    """One channel of a draft, as far as it can be told beforehand."""

    name: str
    people: int
    messages: int
    parts: int
    seconds: float | None
    cost: float

    @property
    def lasts(self) -> str:
        """Say how long it takes after the hold, about."""
        if self.seconds is None:
            return "no account is set up"
        if self.seconds < 90:
            return f"about {max(1, round(self.seconds))} s"
        return f"about {round(self.seconds / 60)} min"


def ways(said: Content, mode: str, counts: dict[str, Any]) -> list[Way]:
    """Reckon each way of sending to persons.

    One message a registration that has the channel, in its language or the fallback.
    Prices are the channel's own (`MUSTER_PRICES`); dearer countries are not known yet.
    """
    people = counts.get("by_channel", {})
    messages = counts.get("registrations_by_channel", {})
    found = []
    for channel in said.channels:
        if channel == Channel.SOCIAL:
            continue
        count = int(messages.get(channel, 0))
        parts = round(count * _mean_parts(said, channel, mode, counts))
        found.append(
            Way(
                name=wording.CHANNELS[Channel(channel)],
                people=int(people.get(channel, 0)),
                messages=count,
                parts=parts,
                seconds=progress.forecast(
                    channel, mode, count, max(1, round(parts / count)) if count else 1
                ),
                cost=parts * budgets.price(channel, "") / budgets.MILLION,
            )
        )
    return found


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
