"""Say in words what a version of a statement changed."""

from collections.abc import Iterable
from dataclasses import dataclass

import shapely

from alerts.hazards.models import Report
from geo import circles
from geo.measuring import area_km2

MOVED_LEAST_KM = 1.0


@dataclass(frozen=True)
class Change:
    """One thing that a version says otherwise than the one before."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """A report, and what it changed of the version before it."""

    report: Report
    is_first: bool
    changes: list[Change]


def versions(reports: Iterable[Report]) -> list[Version]:
    """Return the versions of all statements with their changes, the newest first."""
    before: dict[tuple[int, str], Report] = {}
    found = []
    for report in reports:
        name = report.source_id, report.event_key
        earlier = before.get(name)
        changes = between(earlier, report) if earlier else []
        found.append(Version(report, earlier is None, changes))
        before[name] = report
    return found[::-1]


def between(earlier: Report, later: Report) -> list[Change]:
    """List what a version says otherwise, in the order that matters to an officer."""
    if later.msg_type == "Cancel":
        return [Change("Cancelled", "", "the source says that it is over or wrong")]
    pairs = [
        ("Level", earlier.get_level_display(), later.get_level_display()),
        ("Source's word", earlier.severity, later.severity),
        ("Magnitude", _figure(earlier.magnitude, 1), _figure(later.magnitude, 1)),
        (
            "Depth",
            _figure(earlier.depth_km, 0, " km"),
            _figure(later.depth_km, 0, " km"),
        ),
        ("Certainty", earlier.certainty, later.certainty),
        ("Urgency", earlier.urgency, later.urgency),
        ("Ends", _time(earlier), _time(later)),
        ("Area", _area(earlier), _area(later)),
        ("Headline", earlier.headline, later.headline),
    ]
    changes = [Change(*pair) for pair in pairs if pair[1] != pair[2]]
    return [*changes[:3], *_moved(earlier, later), *changes[3:]]


def _figure(value: float | None, decimals: int, unit: str = "") -> str:
    return "" if value is None else f"{value:.{decimals}f}{unit}"


def _time(report: Report) -> str:
    return f"{report.expires_at:%-d %b %H:%M} UTC" if report.expires_at else ""


def _area(report: Report) -> str:
    if not report.geometry:
        return ""
    km2 = area_km2(shapely.geometry.shape(report.geometry))
    return f"{km2:,.0f} km²"


def _moved(earlier: Report, later: Report) -> list[Change]:
    if None in (earlier.lon, earlier.lat, later.lon, later.lat):
        return []
    ends = (earlier.lon, earlier.lat, later.lon, later.lat)
    distance_km = circles.distance_m(*map(float, ends)) / 1000  # type: ignore[arg-type]
    if distance_km < MOVED_LEAST_KM:
        return []
    return [Change("Position", "", f"moved by {distance_km:,.0f} km")]
