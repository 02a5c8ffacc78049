"""How far a send is: by channel and state, how fast, how long still, what failed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from alerts.dispatch import routing
from alerts.dispatch.channels import telnyx, twilio_codes
from alerts.dispatch.models import Channel, Message, State

WINDOW = timedelta(seconds=20)
# States in which a message still has to leave.
TO_GO = {State.QUEUED, State.CLAIMED}
# What a provider's code means to an officer.
PLAIN = {
    **{code: words for code, (_, words) in twilio_codes.CODES.items()},
    **telnyx.CODES,
    "550": "the mailbox does not exist",
    "551": "the mailbox does not exist",
    "553": "the mailbox does not exist",
    "interlock": "exercise and live do not mix",
    "opted_out": "the person sent STOP",
    "unsubscribed": "the person wants no notices",
    "gone": "the provider said earlier that the address does not exist",
    "no_account": "no account is set up for this channel",
    "no_template": "no approved WhatsApp template in the language",
    "crash": "it broke its sender three times",
}
# Requests a second of one thread when nothing was measured yet.
ASSUMED_LATENCY_S = 0.15


@dataclass(frozen=True)
class ChannelProgress:
    """One channel's part; `counts` is messages by state."""

    channel: str
    name: str
    total: int
    counts: dict[str, int]
    rate: float

    @property
    def to_go(self) -> int:
        """Messages that have not left."""
        return sum(self.counts.get(state, 0) for state in TO_GO)

    @property
    def gone(self) -> int:
        """Messages that have left, or never will."""
        return self.total - self.to_go

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the present rate; nothing when none is left."""
        if not self.to_go:
            return None
        return self.to_go / max(self.rate, 0.1)


@dataclass(frozen=True)
class Progress:
    """A send as of a moment; counts are of messages."""

    as_of: datetime
    channels: list[ChannelProgress] = field(default_factory=list)
    failures: list[tuple[str, int]] = field(default_factory=list)

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
        """Messages that have left, or never will."""
        return self.total - self.to_go

    @property
    def seconds_left(self) -> float | None:
        """How long the slowest channel still takes."""
        left = [c.seconds_left for c in self.channels if c.seconds_left is not None]
        return max(left, default=None)


def of(
    now: datetime, *, incident_key: str = "", cause_keys: Iterable[str] = ()
) -> Progress:
    """Measure the send of an incident, or of some causes."""
    wanted = Q(cause__key__in=list(cause_keys))
    if incident_key:
        wanted |= Q(cause__incident_key=incident_key)
    messages = Message.objects.filter(wanted)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    rows = messages.values_list("channel", "state").annotate(n=Count("id"))
    for channel, state, number in rows.order_by("channel"):
        counts[channel][state] = number
    recent = messages.filter(accepted_at__gt=now - WINDOW).values_list("channel")
    rates = dict(recent.annotate(n=Count("id")).order_by("channel"))
    return Progress(
        as_of=now,
        channels=[
            ChannelProgress(
                channel=channel,
                name=Channel(channel).label,
                total=sum(by_state.values()),
                counts=by_state,
                rate=rates.get(channel, 0) / WINDOW.total_seconds(),
            )
            for channel, by_state in counts.items()
        ],
        failures=_failures(messages),
    )


def _failures(messages: QuerySet[Message]) -> list[tuple[str, int]]:
    bad = {State.UNDELIVERED, State.REJECTED, State.SET_ASIDE}
    rows = messages.filter(state__in=bad).values_list("provider_code")
    counted = rows.annotate(n=Count("id")).order_by("-n")
    return [(PLAIN.get(code, f"code {code or 'unknown'}"), n) for code, n in counted]


def forecast(channel: str, mode: str, messages: int) -> float | None:
    """Predict how many seconds a number of messages takes on a channel."""
    if not routing.accounts(channel, mode):
        return None
    return messages * ASSUMED_LATENCY_S / settings.DISPATCH_THREADS
