"""Say how the mail room stands, in one page that a person or a monitor reads."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min
from django.db.models.functions import Greatest
from django_q.models import OrmQ

from alerts.dispatch.models import (
    Alarm,
    Lane,
    Message,
    Pause,
    Publication,
    State,
    Worker,
)
from alerts.dispatch.sending import claims, sweeping
from alerts.dispatch.watching import progress

Counts = dict[str, dict[str, int]]


def report(now: datetime) -> dict[str, Any]:
    """Return plain values: what waits and how long, what moves, what is wrong.

    Counts are of messages; ages are in seconds. `oldest_s` looks at what may leave now:
    what is held, paused or stopped waits for a person and not for us.
    """
    lanes, channels, states = _counts()
    alive = Worker.objects.filter(beat_at__gt=now - sweeping.SILENT)
    return {
        "as_of": now.isoformat(),
        "workers": {row.name: _age_s(row.beat_at, now) for row in alive},
        "messages": states,
        "lanes": lanes,
        "channels": channels,
        "rate": _rates(now),
        "oldest_s": _oldest(now),
        "unclear": _waiting_since(State.UNCLEAR, now),
        "dead_letters": _waiting_since(State.SET_ASIDE, now),
        "posts": _by_state(Publication.objects.values_list("state")),
        "alarms": list(
            Alarm.objects.filter(over_at=None).values_list("words", flat=True)
        ),
        "paused": [name or "everything" for name in _paused()],
        "queue_tasks": OrmQ.objects.count(),
    }


def _counts() -> tuple[Counts, Counts, dict[str, int]]:
    """Count messages by lane and state, by channel and state, and by state."""
    lanes: Counts = defaultdict(lambda: defaultdict(int))
    channels: Counts = defaultdict(lambda: defaultdict(int))
    states: dict[str, int] = defaultdict(int)
    ordered = Message.objects.order_by("lane", "channel", "state")
    rows = ordered.values_list("lane", "channel", "state")
    for lane, channel, state, number in rows.annotate(n=Count("id")):
        lanes[Lane(lane).label][state] += number
        channels[channel][state] += number
        states[state] += number
    plain = (
        {name: dict(by) for name, by in each.items()} for each in (lanes, channels)
    )
    by_lane, by_channel = plain
    return by_lane, by_channel, dict(states)


def _paused() -> list[str]:
    return list(Pause.objects.order_by("channel").values_list("channel", flat=True))


def _by_state(rows: Any) -> dict[str, int]:
    return dict(rows.order_by().annotate(n=Count("id")))


def _rates(now: datetime) -> dict[str, float]:
    """Return how many messages a second each channel had accepted lately."""
    recent = Message.objects.filter(accepted_at__gt=now - progress.WINDOW)
    rows = recent.order_by().values_list("channel").annotate(n=Count("id"))
    return {name: n / progress.WINDOW.total_seconds() for name, n in rows}


def _oldest(now: datetime) -> dict[str, float]:
    """Return by lane how long the oldest message has been free to leave."""
    due = Message.objects.filter(
        state=State.QUEUED, not_before__lte=now, cause__in=claims.open_causes(now)
    ).annotate(free_at=Greatest(F("not_before"), F("cause__opens_at")))
    due = due.exclude(channel__in=claims.paused_channels())
    rows = due.order_by().values_list("lane").annotate(first=Min("free_at"))
    return {Lane(lane).label: _age_s(first, now) for lane, first in rows}


def _waiting_since(state: str, now: datetime) -> dict[str, float]:
    """Count the messages of a state, and say since when the oldest is there."""
    rows = Message.objects.filter(state=state)
    first = rows.aggregate(first=Min("attempts__began_at"))["first"]
    return {"count": rows.count(), "oldest_s": _age_s(first, now) if first else 0.0}


def _age_s(moment: datetime, now: datetime) -> float:
    return round(max(now - moment, timedelta(0)).total_seconds(), 1)
