"""Make a situation report: figures of one moment, kept as they were."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from alerts.checkins.board import boards, choosing, counting, inside, pictures
from alerts.checkins.board.inside import Group
from alerts.checkins.casework import case_facts, opening
from alerts.checkins.models import BoardCount, SituationReport
from alerts.incidents.models import Incident
from consular import languages
from consular.missions import audit
from consular.missions.models import Officer
from geo.basemap import View

TRIES = 5
MOST_SPOTS = 500


def make(incident: Incident, officer: Officer, now: datetime) -> SituationReport:
    """Count everything at one moment, and keep it under the next number."""
    zoom = pictures.zoom_of(incident) + counting.CLOSER
    groups = inside.everything(incident, zoom)
    figures = _figures(groups) | {
        "cases": _cases(incident),
        "alerts": [_alert(each) for each in boards.alerts_of(incident).order_by("id")],
    }
    drawing = {"zoom": zoom, "cells": _cells(groups), "calls": _calls(incident, now)}
    drawing["zones"] = pictures.outlines(incident)
    drawing["minutes"] = counting.fold(incident, now).minutes
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _keep(incident, officer, now, figures, drawing)
        except IntegrityError:
            continue  # somebody else made the report of that number
    raise RuntimeError("the report found no free number")


def _keep(
    incident: Incident,
    officer: Officer,
    now: datetime,
    figures: dict[str, Any],
    drawing: dict[str, Any],
) -> SituationReport:
    last = incident.reports.aggregate(n=Max("number"))["n"] or 0
    report = SituationReport.objects.create(
        incident=incident,
        number=last + 1,
        as_of=now,
        made_by=officer,
        figures=figures,
        drawing=drawing,
    )
    people = figures["totals"]["inside"]
    facts = {"report": report.number, "people": people}
    audit.record("make_report", officer, incident.key, now, **facts)
    return report


def _figures(groups: list[Group]) -> dict[str, Any]:
    placed = sum(group.people for group in groups if group.node is not None)
    stale = sum(group.people for group in groups if group.is_stale)
    by_status = _by(groups, "status")
    return {
        "totals": boards.summed(by_status, placed, stale),
        "reach": {n: _by(groups, "reach").get(n, 0) for n in choosing.REACH_NAMES},
        "levels": _by(groups, "level"),
        "languages": _table(groups),
    }


def _by(groups: Iterable[Group], name: str) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for group in groups:
        counted[getattr(group, name)] += group.people
    return dict(counted)


def _table(groups: list[Group]) -> dict[str, dict[str, int]]:
    """Count by language and status."""
    found: dict[str, Counter[str]] = {}
    for group in groups:
        found.setdefault(group.language, Counter())[group.status] += group.people
    return {
        language: {status: found[language][status] for status in choosing.STATUSES}
        for language in sorted(found, key=lambda each: -found[each].total())
    }


def _cells(groups: list[Group]) -> list[list[Any]]:
    found: dict[int, list[Any]] = {}
    for group in groups:
        if group.node is not None:
            cell = found.setdefault(group.node, [group.node, 0.0, 0.0, Counter()])
            cell[1] += group.lon * group.people
            cell[2] += group.lat * group.people
            cell[3][group.status] += group.people
    for cell in found.values():
        people = cell[3].total()
        cell[1:3] = round(cell[1] / people, 4), round(cell[2] / people, 4)
    return list(found.values())


def _calls(incident: Incident, now: datetime) -> list[list[float]]:
    everyone = case_facts.order(opening.listed(incident).open(), now)
    spots = case_facts.spots(incident, everyone[:MOST_SPOTS])
    return [[round(lon, 4), round(lat, 4)] for lon, lat, _ in spots]


def _cases(incident: Incident) -> dict[str, Any]:
    listed = opening.listed(incident)
    reasons: Counter[str] = Counter()
    for found in listed.open().values_list("reasons", flat=True):
        reasons.update(found)
    return {
        "open": listed.open().count(),
        "urgent": listed.open().urgent().count(),
        "not_taken": listed.open().filter(owner=None).count(),
        "escalated": listed.open().exclude(escalated_at=None).count(),
        "closed": listed.exclude(closed_at=None).count(),
        "reasons": dict(reasons.most_common(8)),
    }


def _alert(alert: Any) -> dict[str, Any]:
    return {
        "kind": alert.get_kind_display(),
        "people": alert.people,
        "at": alert.opens_at.isoformat() if alert.opens_at else "",
        "channels": alert.channels,
    }


def changes(report: SituationReport) -> tuple[SituationReport | None, dict[str, int]]:
    """Return the report before this one, and by how much each total has moved."""
    earlier = SituationReport.objects.filter(
        incident=report.incident_id, number__lt=report.number
    )
    before = earlier.order_by("-number").first()
    if before is None:
        return None, {}
    now, then = report.figures["totals"], before.figures["totals"]
    return before, {name: now[name] - then[name] for name in now if name in then}


def as_counted(report: SituationReport) -> BoardCount:
    """Return a report's drawing as the numbers that pictures are drawn from."""
    drawing = report.drawing
    return BoardCount(
        incident=report.incident,
        as_of=report.as_of,
        zoom=drawing.get("zoom", 0),
        cells=drawing.get("cells", []),
        minutes=drawing.get("minutes", {}),
    )


def _zones(report: SituationReport) -> list[pictures.Outline]:
    """Return the zones as they were, or as they are where a report kept none."""
    kept: list[pictures.Outline] | None = report.drawing.get("zones")
    return pictures.outlines(report.incident) if kept is None else kept


def view(report: SituationReport) -> View:
    """Return the window of a report's map."""
    return pictures.view_around(report.incident, _zones(report))


def picture(report: SituationReport) -> pictures.Picture:
    """Draw a report's map."""
    calls = [
        pictures.Call(lon, lat, None) for lon, lat in report.drawing.get("calls", [])
    ]
    counted, zones = as_counted(report), _zones(report)
    return pictures.picture(report.incident, counted, calls, view(report), zones)


def languages_of(report: SituationReport) -> list[tuple[str, dict[str, int]]]:
    """Return each language's name, as officers read it, with its counts by status."""
    rows = report.figures["languages"].items()
    return [(languages.english(code), row) for code, row in rows]
