"""Write what the statements of a hazard say together, the same in any order."""

from datetime import datetime
from typing import Any

from alerts.hazards.events import lifetimes
from alerts.hazards.models import Hazard, Report

FIELDS = [
    "kind",
    "title",
    "place",
    "state",
    "level",
    "lon",
    "lat",
    "magnitude",
    "geometry",
    "happened_at",
    "expires_at",
    "end_is_assumed",
    "stale_at",
    "changed_at",
]


def said(hazard: Hazard) -> list[Any]:
    """Return what a hazard says, to see whether it says something else than before."""
    return [getattr(hazard, name) for name in FIELDS if name != "changed_at"]


def refill(hazard: Hazard, now: datetime) -> None:
    """Write what the stored statements of a hazard say together."""
    rows = Report.objects.filter(hazard=hazard, is_basis=True)
    fill(hazard, list(rows.defer("description")), now)
    hazard.save(update_fields=FIELDS)


def fill(hazard: Hazard, reports: list[Report], now: datetime) -> None:
    """Write what the statements of a hazard say together, the same in any order."""
    living = [report for report in reports if report.is_living]
    said = sorted(living or reports, key=_weight)
    lead = said[-1]
    hazard.kind = lead.kind
    hazard.title = (lead.headline or lead.event)[:300] or lead.get_kind_display()
    hazard.place = lead.place[:200]
    hazard.level = max(report.level for report in said)
    hazard.magnitude, hazard.happened_at = lead.magnitude, lead.happened_at
    hazard.lon, hazard.lat = lead.lon, lead.lat
    drawn = [report.geometry for report in said if report.geometry]
    hazard.geometry = drawn[-1] if drawn else None
    ends = [report.expires_at for report in said if report.expires_at is not None]
    hazard.expires_at = max(ends) if len(ends) == len(said) else None
    hazard.end_is_assumed = hazard.expires_at is None or any(
        report.expires_at == hazard.expires_at and lifetimes.ASSUMED in report.flags
        for report in said
    )
    heard_at = max(report.heard_at for report in said)
    hazard.stale_at = lifetimes.stale_at(hazard.kind, heard_at)
    if not hazard.end_is_assumed:
        hazard.stale_at = None
    hazard.state, hazard.changed_at = _state(hazard, living, now), now


def _state(hazard: Hazard, living: list[Report], now: datetime) -> Hazard.State:
    if not living:
        return Hazard.State.CANCELLED
    if hazard.expires_at is not None and hazard.expires_at <= now:
        return Hazard.State.EXPIRED
    if hazard.stale_at is not None and hazard.stale_at <= now:
        return Hazard.State.STALE
    return Hazard.State.ACTIVE


def _weight(report: Report) -> tuple[object, ...]:
    """Order statements by how much their words count: measured, worst, first source."""
    measured = report.magnitude is not None
    return measured, report.level, -report.source_id, report.sent_at, report.key
