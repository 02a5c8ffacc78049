"""Put reports of the same real event together, whatever source and id they come by.

Reports that share an event key are versions of one statement. Others are one event when
kind and mode agree, and time, distance and magnitude are within reason. The order of
arrival does not matter to which reports stand together.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from alerts.hazards.models import Hazard, Report
from geo import circles


@dataclass(frozen=True)
class Reach:
    """How far two reports of one event may lie apart."""

    time: timedelta
    distance_m: float
    magnitude: float = 99.0


# Networks locate a quake within seconds and a few tens of kilometres of one another,
# and its magnitude within half a unit; slower hazards move and last.
REACHES = {
    "earthquake": Reach(timedelta(seconds=90), 100_000, 0.8),
    "tsunami": Reach(timedelta(hours=6), 500_000),
    "cyclone": Reach(timedelta(days=5), 600_000),
    "flood": Reach(timedelta(days=5), 150_000),
    "volcano": Reach(timedelta(days=5), 30_000),
    "wildfire": Reach(timedelta(days=3), 20_000),
    "drought": Reach(timedelta(days=60), 500_000),
}


def place(reports: list[Report], now: datetime) -> set[int]:
    """Give each report its hazard; return the ids of the hazards that changed."""
    known = _by_event(reports)
    touched: set[int] = set()
    fresh: list[Report] = []
    for report in reports:
        hazard_id = known.get((report.source_id, report.event_key))
        if hazard_id is None:
            fresh.append(report)
        else:
            report.hazard_id = hazard_id
            touched.add(hazard_id)
    touched |= _place_fresh(fresh, now)
    Report.objects.bulk_update(reports, ["hazard"], 500)
    return touched


def _by_event(reports: Iterable[Report]) -> dict[tuple[int, str], int]:
    """Find the hazards of earlier versions of the same statements."""
    listed = list(reports)
    rows = Report.objects.filter(
        event_key__in={report.event_key for report in listed},
        source_id__in={report.source_id for report in listed},
    ).exclude(hazard=None)
    return {
        (source_id, key): hazard_id
        for source_id, key, hazard_id in rows.values_list(
            "source_id", "event_key", "hazard_id"
        )
    }


def _place_fresh(reports: list[Report], now: datetime) -> set[int]:
    groups: dict[tuple[str, str], list[Report]] = defaultdict(list)
    for report in reports:
        groups[report.mode, report.kind].append(report)
    touched: set[int] = set()
    for (mode, kind), group in groups.items():
        touched |= _place_kind(mode, kind, group, now)
    return touched


def _place_kind(mode: str, kind: str, reports: list[Report], now: datetime) -> set[int]:
    reach = REACHES.get(kind)
    moments = [report.happened_at for report in reports]
    near: list[Hazard] = []
    if reach is not None:
        near = list(
            Hazard.objects.filter(
                mode=mode,
                kind=kind,
                happened_at__gte=min(moments) - reach.time,
                happened_at__lte=max(moments) + reach.time,
            )
        )
    pool = _Pool(near)
    fresh: list[Hazard] = []
    own: dict[tuple[int, str], Hazard] = {}
    pairs: list[tuple[Report, Hazard]] = []
    for report in sorted(reports, key=lambda report: report.happened_at):
        statement = (report.source_id, report.event_key)
        hazard = own.get(statement) or pool.nearest(report, reach)
        if hazard is None:
            hazard = _hazard_of(report, now)
            fresh.append(hazard)
            pool.add(hazard)
        own[statement] = hazard
        pairs.append((report, hazard))
    Hazard.objects.bulk_create(fresh, 500)
    for report, hazard in pairs:
        report.hazard_id = hazard.pk
    return {hazard.pk for _, hazard in pairs}


class _Pool:
    """Hazards of one kind that a report may belong to."""

    def __init__(self, hazards: list[Hazard]) -> None:
        self.hazards = hazards
        self.times = [hazard.happened_at.timestamp() for hazard in hazards]

    def add(self, hazard: Hazard) -> None:
        """Let later reports belong to a new hazard."""
        self.hazards.append(hazard)
        self.times.append(hazard.happened_at.timestamp())

    def nearest(self, report: Report, reach: Reach | None) -> Hazard | None:
        """Return the nearest hazard within reach, if any."""
        if (
            reach is None
            or report.lon is None
            or report.lat is None
            or not self.hazards
        ):
            return None
        apart = np.abs(np.array(self.times) - report.happened_at.timestamp())
        best, best_m = None, reach.distance_m
        for index in np.flatnonzero(apart <= reach.time.total_seconds()):
            hazard = self.hazards[index]
            if hazard.lon is None or hazard.lat is None:
                continue
            away_m = circles.distance_m(report.lon, report.lat, hazard.lon, hazard.lat)
            if away_m <= best_m and _alike(report, hazard, reach):
                best, best_m = hazard, away_m
        return best


def _alike(report: Report, hazard: Hazard, reach: Reach) -> bool:
    if report.magnitude is None or hazard.magnitude is None:
        return True
    return abs(report.magnitude - hazard.magnitude) <= reach.magnitude


def _hazard_of(report: Report, now: datetime) -> Hazard:
    return Hazard(
        mode=report.mode,
        kind=report.kind,
        title=report.headline[:300] or report.get_kind_display(),
        place=report.place[:200],
        level=report.level,
        lon=report.lon,
        lat=report.lat,
        magnitude=report.magnitude,
        geometry=report.geometry,
        happened_at=report.happened_at,
        expires_at=report.expires_at,
        first_heard_at=now,
        changed_at=now,
    )


def summarise(hazard_ids: set[int], now: datetime) -> None:
    """Write each hazard anew from the latest versions of its reports."""
    by_hazard: dict[int, list[Report]] = defaultdict(list)
    reports = Report.objects.filter(hazard_id__in=hazard_ids, is_latest=True)
    for report in reports.order_by("source_id", "sent_at", "id"):
        by_hazard[report.hazard_id or 0].append(report)
    changed = []
    for hazard in Hazard.objects.filter(pk__in=hazard_ids):
        if by_hazard[hazard.pk]:
            _sum_up(hazard, by_hazard[hazard.pk], now)
            changed.append(hazard)
    fields = ["title", "place", "state", "level", "lon", "lat", "magnitude"]
    fields += ["geometry", "happened_at", "expires_at", "changed_at"]
    Hazard.objects.bulk_update(changed, fields, 300)


def _sum_up(hazard: Hazard, reports: list[Report], now: datetime) -> None:
    living = [report for report in reports if report.msg_type != "Cancel"]
    if not living:
        hazard.state, hazard.changed_at = Hazard.State.CANCELLED, now
        return
    # The longest-known network's words; the worst level that any of them gives.
    lead = max(living, key=lambda r: (r.magnitude is not None, r.level, -r.source_id))
    hazard.title = lead.headline[:300] or hazard.title
    hazard.place = lead.place[:200] or hazard.place
    hazard.level = max(report.level for report in living)
    hazard.magnitude = lead.magnitude
    hazard.lon, hazard.lat = lead.lon, lead.lat
    hazard.happened_at = lead.happened_at
    drawn = [report.geometry for report in living if report.geometry]
    hazard.geometry = drawn[-1] if drawn else None
    ends = [report.expires_at for report in living]
    known = [end for end in ends if end is not None]
    hazard.expires_at = max(known) if known and len(known) == len(ends) else None
    over = hazard.expires_at is not None and hazard.expires_at <= now
    hazard.state = Hazard.State.EXPIRED if over else Hazard.State.ACTIVE
    hazard.changed_at = now
