"""What every parser gives: values, with what is doubtful said as flags."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

# Size of a hazard that is only a point, by kind, in metres: assumed and flagged.
ASSUMED_RADIUS_M = {
    "tsunami": 300_000.0,
    "cyclone": 200_000.0,
    "volcano": 30_000.0,
    "wildfire": 10_000.0,
    "flood": 50_000.0,
}
DEFAULT_RADIUS_M = 25_000.0
AREA_ONLY = "its area only: the event itself is told elsewhere"
FROM_LIST = "from a list; the alert itself is behind its link"


class FeedError(ValueError):
    """Say in plain words why a document cannot be read."""


@dataclass(frozen=True, kw_only=True)
class FeedItem:
    """One version of one source's statement about a hazard.

    `geometry` is a GeoJSON MultiPolygon or None; `natural_key` is what makes this
    version unique, `event_keys` what its versions share (any one of them).
    Counts are of the document's own elements; `bbox` is west, south, east, north.
    """

    identifier: str
    sender: str
    sent: str
    sent_at: datetime
    kind: str
    natural_key: tuple[str, ...]
    event_keys: tuple[tuple[str, ...], ...]
    happened_at: datetime
    status: str = "Actual"
    msg_type: str = "Alert"
    scope: str = "Public"
    event: str = ""
    headline: str = ""
    description: str = ""
    place: str = ""
    level: int = 0
    severity: str = ""
    urgency: str = ""
    certainty: str = ""
    expires: str = ""
    expires_at: datetime | None = None
    magnitude: float | None = None
    depth_km: float | None = None
    lon: float | None = None
    lat: float | None = None
    geometry: dict[str, Any] | None = None
    geocodes: list[tuple[str, str]] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    link: str = ""
    info_count: int = 0
    area_count: int = 0
    polygon_count: int = 0
    circle_count: int = 0
    geocode_count: int = 0
    bbox: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one document holds: items, links to follow, and doubts about it all."""

    format: str
    items: list[FeedItem] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


def time_of(text: str) -> datetime | None:
    """Read an ISO 8601 time; one without a zone, or with `-00:00`, is taken as UTC.

    Examples
    --------
    >>> time_of("2014-04-10T23:27:46-00:00").isoformat()
    '2014-04-10T23:27:46+00:00'
    >>> time_of("2003-04-02T14") is None
    True
    """
    word = text.strip().upper().replace(" ", "T", 1).replace("Z", "+00:00")
    if len(word) < 16:
        return None
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def of_epoch_ms(value: object) -> datetime | None:
    """Read milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or not 0 <= value < 4_102_444_800_000:
        return None
    return datetime.fromtimestamp(value / 1000, tz=UTC)


def number(value: object) -> float | None:
    """Read a finite number, from a number or a text."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        read = value if isinstance(value, float) else float(str(value))
    except ValueError:
        return None
    return read if math.isfinite(read) else None


def quake_level(magnitude: float | None) -> int:
    """Put a magnitude on the common scale, where nothing better is known.

    References
    ----------
    USGS magnitude classes: 5 moderate, 6 strong, 7 major, 8 great.

    Examples
    --------
    >>> [quake_level(m) for m in (None, 3.0, 5.5, 6.1, 7.2)]
    [0, 1, 2, 3, 4]
    """
    if magnitude is None:
        return 0
    return 1 + sum(magnitude >= limit for limit in (5.0, 6.0, 7.0))


def plain(text: str, most: int = 4000) -> str:
    """Fold white space and drop what no database and no page takes."""
    return " ".join(text.replace("\x00", "").split())[:most]


def position(lon: object, lat: object) -> tuple[float, float] | None:
    """Return a longitude and a latitude that can be on Earth, or nothing.

    Examples
    --------
    >>> position("190", 10), position(10, 95)
    ((-170.0, 10.0), None)
    """
    x, y = number(lon), number(lat)
    if x is None or y is None or not (-360 <= x <= 360 and -90 <= y <= 90):
        return None
    return (x if -180 <= x <= 180 else (x + 180) % 360 - 180), y


def rfc822(word: str) -> datetime | None:
    """Read the date of an RSS item."""
    try:
        return parsedate_to_datetime(word).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
