"""Keep the numbers of a board counted, at a pace that the machine can bear.

A worker counts every second what has changed; a reader who finds the numbers too old
counts them itself. At most a fifth of one core goes into it while people answer, and a
twentieth when they do not, however large an incident is; the page says as of when its
numbers are.
"""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q
from django.db.models.functions import TruncMinute

from alerts.checkins.board import choosing, inside, pictures
from alerts.checkins.models import BoardCount, CheckIn, Standing, Status
from alerts.incidents.models import Incident

SHARE = 20  # the pause is so many times as long as the count took
SHARE_SAID = 5  # and so many where somebody has answered meanwhile
STILL = timedelta(seconds=2)  # messages move without anything being said
CLOSER = 3  # zoom levels below the first view for which cells are kept
MOST_CELLS = 4_000
UNSETTLED = timedelta(minutes=2)  # an answer may be committed so late
AT_ONCE = 50


def current(incident: Incident, now: datetime) -> BoardCount:
    """Return the numbers of an incident, counted now where they are too old."""
    row = BoardCount.objects.defer("cells", "minutes").filter(incident=incident).first()
    if row is not None and not _is_due(row, incident, now):
        return row
    return fold(incident, now)


def _is_due(row: BoardCount, incident: Incident, now: datetime) -> bool:
    if now >= row.due_at or row.as_of > now:
        return True
    rested = row.as_of + timedelta(milliseconds=row.took_ms * SHARE_SAID)
    return now >= rested and _heard(incident) != row.heard


def _heard(incident: Incident) -> datetime | None:
    newest = Standing.objects.filter(incident=incident).aggregate(at=Max("changed_at"))
    at: datetime | None = newest["at"]
    return at


def fold(incident: Incident, now: datetime) -> BoardCount:
    """Count an incident; its version grows if any number is another."""
    began = time.perf_counter()
    row = BoardCount.objects.filter(incident=incident).first()
    before = row.as_of if row is not None else None
    if row is None:
        row = BoardCount(incident=incident, as_of=now, due_at=now)
        row.zoom = pictures.zoom_of(incident) + CLOSER
    heard = _heard(incident)
    cells = _cells(incident, row.zoom)
    fresh = {
        **_figures(incident),
        "placed": sum(sum(counts.values()) for *_, counts in cells),
        "cells": cells,
        "minutes": _minutes(incident, row, now),
    }
    if any(getattr(row, name) != value for name, value in fresh.items()):
        row.version += 1
    for name, value in fresh.items():
        setattr(row, name, value)
    row.heard, row.as_of = heard, now
    row.took_ms = (time.perf_counter() - began) * 1000
    row.due_at = now + max(STILL, timedelta(milliseconds=row.took_ms * SHARE))
    return _kept(row, before)


def _kept(row: BoardCount, before: datetime | None) -> BoardCount:
    """Write a count; where another process has counted meanwhile, its count stands.

    Else two counts could have one version, and whoever has read the one would never
    be told of the other.
    """
    rows = BoardCount.objects.filter(incident=row.incident_id)
    if before is not None:
        fields = (f.attname for f in row._meta.concrete_fields if not f.primary_key)  # noqa: SLF001 - Django documents it
        values = {name: getattr(row, name) for name in fields}
        if rows.filter(as_of=before).update(**values):
            return row
        return rows.first() or row
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # another process was the first to count this incident
        return rows.get()
    return row


def _figures(incident: Incident) -> dict[str, Any]:
    """Count persons by status, reach and freshness: breakdowns of one total."""
    by_status: Counter[str] = Counter()
    by_reach: Counter[str] = Counter()
    stale = 0
    for status, reach, is_stale, number in inside.counts(incident):
        stale += number if is_stale else 0
        by_status[status] += number
        by_reach[reach] += number
    totals = {status: by_status[status] for status in choosing.STATUSES}
    return {
        "totals": totals,
        "reach": {name: by_reach[name] for name in choosing.REACH_NAMES},
        "stale": stale,
    }


def _cells(incident: Incident, zoom: int) -> list[list[Any]]:
    found: dict[int, list[Any]] = {}
    for node, status, number, lon, lat in inside.cells(incident, zoom):
        cell = found.setdefault(node, [node, 0.0, 0.0, {}])
        cell[1] += lon * number
        cell[2] += lat * number
        cell[3][status] = number
    for cell in found.values():
        people = sum(cell[3].values())
        cell[1], cell[2] = round(cell[1] / people, 5), round(cell[2] / people, 5)
    if len(found) > MOST_CELLS and zoom > 1:
        return _cells(incident, zoom - 1)
    return [found[node] for node in sorted(found)]


def _minutes(incident: Incident, row: BoardCount, now: datetime) -> dict[str, Any]:
    """Count answers by minute; what is older than two minutes is counted already."""
    settled = (row.as_of - UNSETTLED).replace(second=0, microsecond=0)
    said = CheckIn.objects.filter(incident=incident, officer=None)
    kept = {}
    if row.minutes:
        first = int(settled.timestamp() // 60)
        kept = {key: value for key, value in row.minutes.items() if int(key) < first}
        said = said.filter(received_at__gte=settled)
    counted = said.values_list(TruncMinute("received_at", tzinfo=UTC)).annotate(
        every=Count("id"), calls=Count("id", filter=Q(status=Status.NEEDS_HELP))
    )
    fresh = {
        str(int(at.timestamp() // 60)): [every - calls, calls]
        for at, every, calls in counted.order_by()
    }
    return kept | dict(sorted(fresh.items()))


def tick(now: datetime) -> int:
    """Count the incidents that somebody has looked at, and that are open."""
    due = BoardCount.objects.filter(incident__closed_at=None, due_at__lte=now)
    listed = due.select_related("incident").defer("cells", "minutes")
    for row in listed.order_by("due_at")[:AT_ONCE]:
        fold(row.incident, now)
    return len(listed)
