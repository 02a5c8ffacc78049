"""Give every statement its hazard, and write what the hazard's statements say together.

Hazards keep their number as long as anything of them is left: officers, proposals and
incidents point to it. What two hazards turn out to share goes to the older one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from alerts.hazards import proposing
from alerts.hazards.events import clustering, summing
from alerts.hazards.events.clustering import REACHES, Pair
from alerts.hazards.events.versions import Statement
from alerts.hazards.models import Hazard, Pin, Report
from consular import copying

LOCK = 7_204_881  # any number that is only used here
WINDOWS = 60  # more of them in one question cost more than the rows between them
Group = tuple[str, str, bool]


def one_at_a_time() -> None:
    """Let one transaction place reports at a time, so that two do not miss each other.

    SQLite's transactions are so by themselves.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def place(statements: Iterable[Statement], now: datetime) -> set[int]:
    """Give statements their hazards; return the ids of the hazards they are in."""
    groups: dict[Group, list[Statement]] = defaultdict(list)
    for each in statements:
        groups[each.basis.mode, each.basis.kind, each.basis.is_test].append(each)
    touched: set[int] = set()
    for group, listed in groups.items():
        near, pairs = _neighbourhood(group, listed)
        pins = _pins(near)
        touched |= _settle(list(clustering.clusters(near, pairs, pins)), pins, now)
    return touched


def _neighbourhood(
    group: Group, touched: list[Statement]
) -> tuple[list[Statement], list[Pair]]:
    """Find the statements whose events could be those of some, and theirs in turn."""
    mode, kind, is_test = group
    reach = REACHES.get(kind)
    if reach is None:
        return touched, []
    pool = {each.name: each for each in touched}
    windows = _windows(touched, reach.time)
    while True:
        at_that_time = Q()
        for begins, ends in windows:
            at_that_time |= Q(happened_at__gte=begins, happened_at__lte=ends)
        stored = Report.objects.filter(
            at_that_time, mode=mode, kind=kind, is_test=is_test, is_basis=True
        ).exclude(hazard=None)
        for report in stored.defer("description"):
            each = Statement(basis=report, hazard_ids={report.hazard_id or 0})
            pool.setdefault(each.name, each)
        pairs = clustering.pairs(pool.values(), reach)
        near = clustering.around(touched, pairs)
        wider = _windows(near, reach.time)
        if wider == windows:
            return near, pairs
        windows = wider


def _windows(
    statements: list[Statement], reach: timedelta
) -> list[tuple[datetime, datetime]]:
    """Return the times around statements, joined where they meet; one if too many."""
    times = sorted(each.basis.happened_at for each in statements)
    windows: list[tuple[datetime, datetime]] = []
    for at in times:
        begins = at - reach
        if windows and begins <= windows[-1][1]:
            begins = windows.pop()[0]
        windows.append((begins, at + reach))
    return windows if len(windows) <= WINDOWS else [(windows[0][0], windows[-1][1])]


def _pins(statements: list[Statement]) -> dict[clustering.Name, int]:
    """Return to which hazards officers have pinned statements."""
    if not Pin.objects.exists():
        return {}
    names = {each.name for each in statements}
    rows = Pin.objects.filter(source_id__in={source_id for source_id, _ in names})
    found = rows.values_list("source_id", "event_key", "hazard_id")
    return {(a, b): hazard_id for a, b, hazard_id in found if (a, b) in names}


def _settle(
    clusters: list[list[Statement]], pins: dict[clustering.Name, int], now: datetime
) -> set[int]:
    """Find or make the hazard of each cluster, and write it anew."""
    pinned = {pins[each.name] for c in clusters for each in c if each.name in pins}
    before = {number for c in clusters for each in c for number in each.hazard_ids}
    free = before - pinned - _shared(clusters, before)
    hazards: dict[int, Hazard] = Hazard.objects.in_bulk(before | pinned)
    was = {number: summing.said(hazard) for number, hazard in hazards.items()}
    owners: dict[int, Hazard] = {}
    fresh: list[Hazard] = []
    placed: list[tuple[Hazard, list[Statement]]] = []
    for cluster in sorted(clusters, key=len, reverse=True):
        pin = clustering.pin_of(cluster, pins)
        number = pin or min(_claims(cluster) & (free - owners.keys()), default=None)
        hazard = hazards[number] if number else _new(cluster, now)
        fresh += [] if number else [hazard]
        owners |= {number: hazard} if number else {}
        others = _others(hazard, cluster) if pin else []
        summing.fill(hazard, [*(each.basis for each in cluster), *others], now)
        placed.append((hazard, cluster))
    copying.create(fresh)
    changed = [each for each in owners.values() if summing.said(each) != was[each.pk]]
    Hazard.objects.bulk_update(changed, summing.FIELDS, 300)
    for hazard, cluster in placed:
        _assign(hazard, cluster)
    for number in free - owners.keys():
        heir = _heir(number, placed)
        supersede(hazards[number], heir, now)
    return {hazard.pk for hazard, _ in placed}


def _claims(cluster: list[Statement]) -> set[int]:
    return {number for each in cluster for number in each.hazard_ids}


def _shared(clusters: list[list[Statement]], hazard_ids: set[int]) -> set[int]:
    """Keep the hazards that statements outside of all clusters belong to."""
    inside = {each.name for cluster in clusters for each in cluster}
    rows = Report.objects.filter(hazard_id__in=hazard_ids, is_basis=True)
    return {
        number or 0
        for number, *name in rows.values_list("hazard_id", "source_id", "event_key")
        if tuple(name) not in inside
    }


def _others(hazard: Hazard, cluster: list[Statement]) -> list[Report]:
    """Return what else is said of a hazard that officers have put together."""
    names = {each.name for each in cluster}
    rows = Report.objects.filter(hazard=hazard, is_basis=True).defer("description")
    return [each for each in rows if (each.source_id, each.event_key) not in names]


def _new(cluster: list[Statement], now: datetime) -> Hazard:
    basis = cluster[0].basis
    return Hazard(mode=basis.mode, is_test=basis.is_test, first_heard_at=now)


def _assign(hazard: Hazard, cluster: list[Statement]) -> None:
    for each in cluster:
        for report in each.fresh:
            report.hazard = hazard
        if each.is_stored and each.hazard_ids != {hazard.pk}:
            source_id, event_key = each.name
            rows = Report.objects.filter(source_id=source_id, event_key=event_key)
            rows.update(hazard=hazard)


def _heir(number: int, placed: list[tuple[Hazard, list[Statement]]]) -> Hazard:
    shares: Counter[int] = Counter()
    for index, (_, cluster) in enumerate(placed):
        shares[index] = sum(number in each.hazard_ids for each in cluster)
    return placed[shares.most_common(1)[0][0]][0]


def supersede(hazard: Hazard, heir: Hazard, now: datetime) -> None:
    """Let a hazard that has nothing left point to the one that took it over."""
    Hazard.objects.filter(pk=hazard.pk).update(
        state=Hazard.State.SUPERSEDED, merged_into=heir, changed_at=now
    )
    proposing.hand_over(hazard, heir)
