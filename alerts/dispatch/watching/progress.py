"""How far a send is: by channel and state, how fast, how long still, what failed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery

from alerts.dispatch import routing
from alerts.dispatch.channels import anymail, email, telnyx, twilio_codes
from alerts.dispatch.models import (
    SEALED,
    Attempt,
    Cause,
    Channel,
    Message,
    Publication,
    State,
)
from alerts.dispatch.sending import claims, rates

WINDOW = timedelta(seconds=20)
# A few that have just left say nothing of a speed yet.
SHORTEST = timedelta(seconds=2)
# States in which a message still has to leave, and those in which it surely has.
TO_GO = {State.QUEUED, State.CLAIMED}
LEFT = {State.ACCEPTED, State.DELIVERED, State.UNDELIVERED}
# What a provider's code means to an officer.
PLAIN = {
    **{code: words for code, (_, words) in twilio_codes.CODES.items()},
    **telnyx.CODES,
    **anymail.CODES,
    **email.CODES,
    "550": "the mail server refused it: no such mailbox, or against its rules",
    "551": "the mail server refused it: the mailbox is elsewhere",
    "553": "the mail server refused the address",
    **dict.fromkeys(
        ("401", "403", "407", "530", "534", "535", "538"),
        "the provider refuses our account or its key",
    ),
    **dict.fromkeys(
        ("301", "302", "303", "307", "308", "404", "405", "410"),
        "the provider's address in the settings is not right",
    ),
    "interlock": "exercise and live do not mix",
    "opted_out": "the person sent STOP",
    "unsubscribed": "the person wants no notices",
    "gone": "the provider said earlier that the address does not exist",
    "no_account": "no account is set up for this channel",
    "no_template": "no approved WhatsApp template in the language",
    "crash": "it broke its sender three times",
    "broke": "Muster itself failed with it; the log says where",
    SEALED: "it cannot be opened: a key is missing from MUSTER_KEYS",
    "look": "it may be there: look at the account",
}
ABSENT = "the provider was asked and does not know of it"
# Requests a second of one thread when nothing was measured yet.
ASSUMED_LATENCY_S = 0.15


# What an officer wants to know of a message, and which states that is.
PARTS = ("waiting", "accepted", "delivered", "unclear", "failed", "stopped")
PART_OF: dict[str, str] = {
    State.QUEUED: "waiting",
    State.CLAIMED: "waiting",
    State.ACCEPTED: "accepted",
    State.DELIVERED: "delivered",
    State.UNCLEAR: "unclear",
    State.SET_ASIDE: "failed",
    State.UNDELIVERED: "failed",
    State.REJECTED: "failed",
    State.EXPIRED: "stopped",
    State.STOPPED: "stopped",
}
BAD = {State.UNDELIVERED, State.REJECTED, State.SET_ASIDE}


@dataclass(frozen=True)
class Failure:
    """Messages that did not get through for one reason."""

    channel: str
    code: str
    words: str
    count: int


@dataclass(frozen=True)
class ChannelProgress:
    """One channel's part; `counts` is messages by state."""

    channel: str
    name: str
    total: int
    counts: dict[str, int]
    rate: float
    predicted_s: float | None = None
    is_paused: bool = False

    @property
    def to_go(self) -> int:
        """Messages that have not left."""
        return sum(self.counts.get(state, 0) for state in TO_GO)

    @property
    def kept(self) -> int:
        """Messages that never left: stopped, or too late."""
        return sum(self.counts.get(s, 0) for s in (State.STOPPED, State.EXPIRED))

    @property
    def gone(self) -> int:
        """Messages that have left."""
        return sum(self.counts.get(state, 0) for state in LEFT)

    @property
    def unclear(self) -> int:
        """Messages of which nobody knows whether they left."""
        return self.counts.get(State.UNCLEAR, 0)

    @property
    def refused(self) -> int:
        """Messages that a provider refused, or that were set aside."""
        return sum(self.counts.get(s, 0) for s in (State.REJECTED, State.SET_ASIDE))

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the present rate; nothing when none is known."""
        if not self.to_go or not self.rate or self.is_paused:
            return None
        return self.to_go / self.rate

    @property
    def words(self) -> str:
        """Say it: `1,740 of 4,102 have left · 38/s · 62 s to go`."""
        said = f"{self.gone:,} of {self.total:,} have left"
        for count, words in (
            (self.unclear, "may have left"),
            (self.refused, "refused"),
            (self.kept, "stopped or too late"),
        ):
            said += f" · {count:,} {words}" if count else ""
        if self.to_go and self.is_paused:
            return f"{said} · {self.to_go:,} held by the pause"
        if self.seconds_left is not None:
            left = _duration(self.seconds_left)
            return f"{said} · {self.rate:,.0f}/s · {left} to go"
        if self.to_go and self.predicted_s is not None:
            return f"{said} · about {_duration(self.predicted_s)} once it starts"
        return said


def _duration(seconds: float) -> str:
    left = max(round(seconds), 1)
    return f"{left} s" if left < 90 else f"{round(left / 60)} min"


@dataclass(frozen=True)
class Progress:
    """A send as of a moment; counts are of messages."""

    as_of: datetime
    channels: list[ChannelProgress] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All messages."""
        return sum(channel.total for channel in self.channels)

    @property
    def to_go(self) -> int:
        """Messages that have not left."""
        return sum(channel.to_go for channel in self.channels)

    @property
    def gone(self) -> int:
        """Messages that have left."""
        return sum(channel.gone for channel in self.channels)

    @property
    def seconds_left(self) -> float | None:
        """How long the slowest channel still takes."""
        left = [c.seconds_left for c in self.channels if c.seconds_left is not None]
        return max(left, default=None)


def messages_of(cause_keys: Iterable[str]) -> QuerySet[Message]:
    """Keep the messages of some causes."""
    return Message.objects.filter(cause__key__in=list(cause_keys))


def of(
    now: datetime, *, incident_key: str = "", cause_keys: Iterable[str] = ()
) -> Progress:
    """Measure the send of an incident, or of some causes."""
    wanted_causes = Q(key__in=list(cause_keys))
    if incident_key:
        wanted_causes |= Q(incident_key=incident_key)
    wanted = Cause.objects.filter(wanted_causes).values_list("pk", flat=True)
    messages = Message.objects.filter(cause__in=list(wanted))
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    rows = messages.values_list("channel", "state").annotate(n=Count("id"))
    for channel, state, number in rows.order_by("channel"):
        counts[channel][state] = number
    held = claims.paused_channels()
    paused = not Cause.objects.filter(wanted_causes, paused_at=None).exists()
    speeds = rates_of(messages, now)
    return Progress(
        as_of=now,
        channels=[
            ChannelProgress(
                channel=channel,
                name=Channel(channel).label,
                total=sum(by_state.values()),
                counts=by_state,
                rate=speeds.get(channel, 0.0),
                predicted_s=_predicted_s(channel, by_state),
                is_paused=paused or channel in held,
            )
            for channel, by_state in counts.items()
        ],
        failures=failures(messages),
    )


def rates_of(messages: QuerySet[Message], now: datetime) -> dict[str, float]:
    """Return how many messages a second each channel's providers accept just now.

    Since the first that was accepted in the last seconds: a send that has just begun,
    or goes on after a pause, is not taken for a slow one.
    """
    recent = messages.filter(accepted_at__gt=now - WINDOW, accepted_at__lte=now)
    rows = recent.values_list("channel").order_by("channel")
    return {
        channel: count / max(now - first, SHORTEST).total_seconds()
        for channel, count, first in rows.annotate(n=Count("id"), at=Min("accepted_at"))
    }


def _predicted_s(channel: str, counts: dict[str, int]) -> float | None:
    to_go = sum(counts.get(state, 0) for state in TO_GO)
    return forecast(channel, settings.MODE, to_go) if to_go else None


def failures(messages: QuerySet[Message]) -> list[Failure]:
    """Count what did not get through by reason, the most frequent first."""
    rows = messages.filter(state__in=BAD).values_list("channel", "provider_code")
    counted = rows.annotate(n=Count("id")).order_by("-n", "provider_code")
    return [
        Failure(channel=channel, code=code, words=plain(code), count=n)
        for channel, code, n in counted
    ]


def plain(code: str) -> str:
    """Say in plain words what a provider's code means."""
    return PLAIN.get(code, f"the provider's code {code}" if code else "no reason given")


def why(message: Message) -> str:
    """Say in plain words why a message is where it is."""
    if message.state == State.UNCLEAR and message.absent_at is not None:
        return ABSENT
    return plain(message.provider_code)


def posts(cause: Cause) -> list[tuple[Publication, str]]:
    """List the public posts of a cause, each with why it is not out yet."""
    last = Attempt.objects.filter(publication=OuterRef("pk")).order_by("-number")
    rows = Publication.objects.filter(cause=cause).select_related("text")
    rows = rows.annotate(detail=Subquery(last.values("detail")[:1]))
    return [
        (row, PLAIN.get(row.provider_code) or row.detail or "")
        for row in rows.order_by("account", "id")
    ]


@dataclass(frozen=True)
class Row:
    """One country on one channel; the parts add up to the total."""

    channel: str
    country: str
    parts: dict[str, int]

    @property
    def total(self) -> int:
        """All messages of it."""
        return sum(self.parts.values())


def by_country(messages: QuerySet[Message]) -> list[Row]:
    """Break messages down by channel and country, each into `PARTS`."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    rows = messages.values_list("channel", "address__country", "state").order_by()
    for channel, country, state, number in rows.annotate(n=Count("id")):
        parts = counts.setdefault((channel, country), dict.fromkeys(PARTS, 0))
        parts[PART_OF[state]] += number
    found = [Row(*key, parts) for key, parts in counts.items()]
    return sorted(found, key=lambda row: (row.channel, -row.total, row.country))


def forecast(channel: str, mode: str, messages: int, parts: int = 1) -> float | None:
    """Predict how many seconds a number of messages takes on a channel.

    By the rates of the accounts that share it, where they have any, and by the speed
    of the workers, whichever is slower.
    """
    accounts = routing.accounts(channel, mode)
    if not accounts:
        return None
    limits = [rates.rate_of(name) for name in accounts]
    by_workers = messages * ASSUMED_LATENCY_S / settings.DISPATCH_THREADS
    if not all(limits):
        return by_workers
    return max(by_workers, messages * parts / sum(limits))
