"""How long a hazard of a kind lasts, and how long silence about it is normal.

Feeds often give no end. Then one is assumed, which pages say; and until then, silence
for too long turns the hazard *stale*, which never means that it is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.hazards.models import Kind

ASSUMED = "no expiry given; one was assumed for its kind"
HOURS = 3600


@dataclass(frozen=True)
class Lifetime:
    """From its beginning, or its last version, until it is over or no longer believed.

    An earthquake's versions go on for months and change nothing of its danger, so its
    time runs from the shock.
    """

    lasts: timedelta
    silent: timedelta
    from_start: bool = False


def _hours(lasts: int, silent: int, from_start: bool = False) -> Lifetime:
    return Lifetime(timedelta(hours=lasts), timedelta(hours=silent), from_start)


# NHC and GDACS speak of a cyclone every six hours, volcano observatories once a week,
# drought monitors every ten days; three of those may be missed before it is stale.
LIFETIMES = {
    Kind.EARTHQUAKE.value: _hours(48, 24, from_start=True),
    Kind.TSUNAMI.value: _hours(12, 3),
    Kind.CYCLONE.value: _hours(72, 18),
    Kind.FLOOD.value: _hours(7 * 24, 48),
    Kind.VOLCANO.value: _hours(28 * 24, 21 * 24),
    Kind.WILDFIRE.value: _hours(7 * 24, 48),
    Kind.DROUGHT.value: _hours(90 * 24, 30 * 24),
    Kind.WEATHER.value: _hours(24, 12),
    Kind.SECURITY.value: _hours(7 * 24, 3 * 24),
    Kind.HEALTH.value: _hours(60 * 24, 21 * 24),
    Kind.OTHER.value: _hours(72, 48),
}


def assumed_end(kind: str, happened_at: datetime, sent_at: datetime) -> datetime:
    """Return when a hazard ends of which no source says when.

    Examples
    --------
    >>> day = datetime(2026, 3, 2)
    >>> assumed_end("earthquake", day, day + timedelta(days=9)) - day
    datetime.timedelta(days=2)
    >>> assumed_end("cyclone", day, day + timedelta(days=9)) - day
    datetime.timedelta(days=12)
    """
    lifetime = LIFETIMES[kind]
    start = happened_at if lifetime.from_start else max(happened_at, sent_at)
    return start + lifetime.lasts


def stale_at(kind: str, heard_at: datetime) -> datetime:
    """Return until when silence about a hazard is normal."""
    return heard_at + LIFETIMES[kind].silent
