"""Turn what a parser found into rows that every database takes.

Feeds hold what databases do not: NUL, half a surrogate pair, years before calendars,
texts without end. It is cut here, so that one such item does not cost its document.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

from alerts.hazards.events import lifetimes
from alerts.hazards.feeds.base import FeedItem
from alerts.hazards.models import Document, Report

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
TEST_FLAG = "its words say that it is a test"
COPIED = (
    "identifier",
    "sender",
    "sent_at",
    "status",
    "msg_type",
    "scope",
    "kind",
    "event",
    "headline",
    "description",
    "place",
    "level",
    "severity",
    "urgency",
    "certainty",
    "happened_at",
    "expires_at",
    "magnitude",
    "depth_km",
    "lon",
    "lat",
    "geometry",
    "geocodes",
    "languages",
    "references",
    "flags",
    "link",
)


def digest(*words: str) -> str:
    """Make a short key of words that together name something."""
    said = "\x1f".join(words)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def storable(value: Any, most: int | None = None) -> Any:
    r"""Return a value without what a database refuses.

    Examples
    --------
    >>> storable("a\x00b\ud800c", 2), storable([("x\x00", 1)])
    ('ab', [['x', 1]])
    """
    if isinstance(value, str):
        kept = value.replace("\x00", "").encode("utf-8", "ignore").decode()
        return kept[:most]
    if isinstance(value, datetime):
        return min(max(value, EARLIEST), LATEST)
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(name): storable(each) for name, each in value.items()}
    return value


def _most(name: str) -> int | None:
    return getattr(Report._meta.get_field(name), "max_length", None)  # noqa: SLF001


def made(document: Document, item: FeedItem, key: str, now: datetime) -> Report:
    """Make the row of an item; where it belongs is not known yet."""
    source = document.source
    report = Report(
        source=source,
        document=document,
        mode=source.mode,
        key=key,
        heard_at=now,
        **{name: storable(getattr(item, name), _most(name)) for name in COPIED},
    )
    report.is_test = is_test(report)
    _assume_end(report)
    return report


def _assume_end(report: Report) -> None:
    """Give a report an end by its kind when its source gives none.

    What is only to be watched, such as travel advice, holds until it is changed.
    """
    if report.expires_at is None and "watch only" not in report.flags:
        end = lifetimes.assumed_end(report.kind, report.happened_at, report.sent_at)
        report.expires_at = storable(end)
        report.flags = [*report.flags, lifetimes.ASSUMED]


def is_test(report: Report) -> bool:
    """Tell a test, drill or draft, also one that is sent as if it were real.

    In an exercise, what says `Exercise` is what the exercise is about.
    """
    real = {"Actual", "Exercise"} if report.mode == "exercise" else {"Actual"}
    return report.status not in real or TEST_FLAG in report.flags
