"""Read a document in the killable child, and say what was found in plain values."""

from dataclasses import asdict
from typing import Any

from alerts.hazards.feeds.base import FeedItem, Reading
from alerts.hazards.listening import formats
from consular import child

ACCEPTED, QUARANTINED, UNSUPPORTED = "accepted", "quarantined", "unsupported"
_SAID = (
    "identifier",
    "sender",
    "sent",
    "status",
    "msg_type",
    "scope",
    "references",
    "languages",
    "info_count",
    "area_count",
    "polygon_count",
    "circle_count",
    "geocode_count",
    "bbox",
    "expires",
    "severity",
    "urgency",
    "certainty",
    "event",
)
_QUAKE = ("magnitude", "depth_km", "place")
QUAKE_FORMATS = (
    "usgs",
    "quakes",
    "quakeml",
    "quake_rss",
)  # their blasts and eruptions have a magnitude too
# A month of earthquakes is 8 MB, and takes a slow machine a second and more.
BYTES_A_CPU_SECOND, MOST_CPU_S = 4_000_000, 4.0


def attempt(document: bytes, hint: str) -> tuple[str, str, Reading | None]:
    """Read a document; return verdict, reason and reading. Runs in the child."""
    try:
        return ACCEPTED, "", formats.read(document, hint)
    except formats.UnsupportedError as error:
        return UNSUPPORTED, str(error), None


def in_child(document: bytes, hint: str = "auto") -> tuple[str, str, Reading | None]:
    """Read a document within the limits of the child; whatever happens is a verdict.

    One that was late is read once more: a busy machine is no fault of the document.
    """
    try:
        try:
            return _called(document, hint)
        except child.ChildLateError:
            return _called(document, hint)
    except child.ChildError as error:
        return QUARANTINED, str(error), None


def _called(document: bytes, hint: str) -> tuple[str, str, Reading | None]:
    answer: tuple[str, str, Reading | None] = child.call(
        "alerts.hazards.listening.reading.attempt",
        document,
        hint,
        cpu_s=cpu_limit_s(len(document)),
    )
    return answer


def cpu_limit_s(size: int) -> float:
    """Return the seconds of processor time that a document of so many bytes may take.

    Examples
    --------
    >>> cpu_limit_s(100), cpu_limit_s(8_000_000), cpu_limit_s(32_000_000)
    (1.0, 2.0, 4.0)
    """
    return min(max(child.CPU_S, size / BYTES_A_CPU_SECOND), MOST_CPU_S)


def verdict(
    path: str, found: str, word: str, reason: str, reading: Reading | None = None
) -> dict[str, Any]:
    """Put a verdict into the form that `read_feed --json` prints."""
    items = reading.items if reading else []
    flags = [*(reading.flags if reading else []), *(f for i in items for f in i.flags)]
    return {
        "path": path,
        "format": found,
        "verdict": word,
        "reason": reason,
        "flags": list(dict.fromkeys(flags)),
        "reports": [_report(item, found) for item in items],
    }


def _report(item: FeedItem, found: str) -> dict[str, Any]:
    values = asdict(item)
    said = {name: values[name] for name in _SAID}
    said["expires"] = item.expires or (
        item.expires_at.isoformat() if item.expires_at else None
    )
    said["bbox"] = list(item.bbox) if item.bbox else None
    if item.kind == "earthquake" or found in QUAKE_FORMATS:
        said |= {name: values[name] for name in _QUAKE}
    return said


def of(path: str, document: bytes) -> dict[str, Any]:
    """Read a document and say what it holds."""
    word, reason, reading = in_child(document)
    return verdict(path, reading.format if reading else "", word, reason, reading)
