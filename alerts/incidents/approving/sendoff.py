"""How far an alert's messages are: a line a channel, from the mail room's ledger."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F

from alerts.dispatch.models import Cause, Channel, Message, Publication, State
from alerts.dispatch.sending import claims
from alerts.dispatch.watching import progress
from alerts.incidents.drafts import wording
from alerts.incidents.models import Alert, AudiencePerson

# What happened to those that did not get through, for officers.
FAILURES = {
    State.UNDELIVERED: "left, but the network could not deliver them",
    State.REJECTED: "refused by the provider; the reasons are under Sending",
    State.EXPIRED: "not sent in time",
    State.STOPPED: "stopped before they left",
    State.SET_ASIDE: "set aside after three tries; an officer must look",
    State.UNCLEAR: "may have left; being asked about",
}


@dataclass(frozen=True)
class Failure:
    """How many did not get through, and what that means."""

    count: int
    words: str


@dataclass(frozen=True)
class Line:
    """One channel: messages by what became of them; they add up to the total."""

    channel: str
    name: str
    total: int
    left: int
    delivered: int
    waiting: int
    left_s: int | None = None
    failures: list[Failure] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Say it: `1,740 of 4,102 · 38 s left`."""
        if self.total == 0:
            return "none"
        if self.waiting == self.total:
            return f"{self.total:,} waiting"
        said = f"{self.left:,} of {self.total:,} left · {self.delivered:,} delivered"
        if self.waiting and self.left_s is not None:
            said += f" · {_duration(self.left_s)} to go"
        return said


def _duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"


def lines(alert: Alert, now: datetime) -> list[Line]:
    """Count an alert's messages and posts, a line for each of its channels."""
    found: dict[str, Counter[str]] = {name: Counter() for name in alert.channels}
    for kind in (Message, Publication):
        rows = kind.objects.filter(cause__key=alert.cause_key).order_by()
        grouped = rows.values_list("channel", "state").annotate(n=Count("id"))
        for channel, state, count in grouped:
            found.setdefault(channel, Counter())[state] += count
    return [_line(alert, name, counted, now) for name, counted in found.items()]


def came_since(alert: Alert) -> int:
    """Count the persons of those who joined an alert after its people were counted.

    Who was counted, was told that it is over, and came back, is not counted twice.
    """
    rows = alert.audience.filter(is_included=True).exclude(joined_at=None)
    late = rows.exclude(settled_reason=F("reason"))
    return AudiencePerson.objects.filter(audience__in=late).count()


def _name(channel: str) -> str:
    """Name a channel: one that an alert is written for, or a step of its ladder."""
    kind = Channel(channel)
    return wording.CHANNELS.get(kind, str(kind.label))


def _line(alert: Alert, channel: str, counted: Counter[str], now: datetime) -> Line:
    waiting = sum(counted[state] for state in progress.TO_GO)
    return Line(
        channel=channel,
        name=_name(channel),
        total=sum(counted.values()),
        left=sum(counted[state] for state in progress.LEFT),
        delivered=counted[State.DELIVERED],
        waiting=waiting,
        left_s=_left_s(alert, channel, waiting, now) if waiting else None,
        failures=[
            Failure(counted[state], words)
            for state, words in FAILURES.items()
            if counted[state]
        ],
    )


def _left_s(alert: Alert, channel: str, waiting: int, now: datetime) -> int | None:
    """Say how long the rest takes at the speed of the last seconds, if there is one."""
    rows = Message.objects.filter(cause__key=alert.cause_key, channel=channel)
    speed = progress.rates_of(rows, now).get(channel)
    if not speed or is_paused(alert) or channel in claims.paused_channels():
        return None
    return max(1, round(waiting / speed))


def is_paused(alert: Alert) -> bool:
    """Tell whether an officer holds the alert's messages back."""
    rows = Cause.objects.filter(key=alert.cause_key)
    return rows.exclude(paused_at=None).exists()
