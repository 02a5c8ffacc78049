"""Give every statement its hazard, and write what the hazard's statements say together.

Hazards keep their number as long as anything of them is left: officers, proposals and
incidents point to it. What two hazards turn out to share goes to the older one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from alerts.hazards import clustering, proposing
from alerts.hazards.clustering import REACHES, Pair
from alerts.hazards.models import Hazard, Report
from alerts.hazards.versions import Statement

LOCK = 7_204_881  # any number that is only used here
Group = tuple[str, str, bool]
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
    "changed_at",
]


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
        touched |= _settle(list(clustering.clusters(near, pairs)), now)
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
    first, last = _span(touched)
    while True:
        stored = Report.objects.filter(
            mode=mode,
            kind=kind,
            is_test=is_test,
            is_basis=True,
            happened_at__gte=first - reach.time,
            happened_at__lte=last + reach.time,
        ).exclude(hazard=None)
        for report in stored.defer("description"):
            each = Statement(basis=report, hazard_ids={report.hazard_id or 0})
            pool.setdefault(each.name, each)
        pairs = clustering.pairs(pool.values(), reach)
        near = clustering.around(touched, pairs)
        begins, ends = _span(near)
        if first <= begins and ends <= last:
            return near, pairs
        first, last = min(first, begins), max(last, ends)


def _span(statements: list[Statement]) -> tuple[datetime, datetime]:
    times = [each.basis.happened_at for each in statements]
    return min(times), max(times)


def _settle(clusters: list[list[Statement]], now: datetime) -> set[int]:
    """Find or make the hazard of each cluster, and write it anew."""
    before = {number for c in clusters for each in c for number in each.hazard_ids}
    free = before - _shared(clusters, before)
    hazards: dict[int, Hazard] = Hazard.objects.in_bulk(before)
    owners: dict[int, Hazard] = {}
    fresh: list[Hazard] = []
    placed: list[tuple[Hazard, list[Statement]]] = []
    for cluster in sorted(clusters, key=len, reverse=True):
        number = min(_claims(cluster) & (free - owners.keys()), default=None)
        hazard = hazards[number] if number else _new(cluster, now)
        fresh += [] if number else [hazard]
        owners |= {number: hazard} if number else {}
        fill(hazard, [each.basis for each in cluster], now)
        placed.append((hazard, cluster))
    Hazard.objects.bulk_create(fresh, 500)
    Hazard.objects.bulk_update(owners.values(), FIELDS, 300)
    for hazard, cluster in placed:
        _assign(hazard, cluster)
    for number in free - owners.keys():
        heir = _heir(number, placed)
        _merge(hazards[number], heir, now)
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


def _merge(hazard: Hazard, heir: Hazard, now: datetime) -> None:
    """Let a hazard that has nothing left point to the one that took it over."""
    Hazard.objects.filter(pk=hazard.pk).update(
        state=Hazard.State.SUPERSEDED, merged_into=heir, changed_at=now
    )
    proposing.hand_over(hazard, heir)


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
    hazard.state, hazard.changed_at = Hazard.State.ACTIVE, now
    if not living:
        hazard.state = Hazard.State.CANCELLED
    elif hazard.expires_at is not None and hazard.expires_at <= now:
        hazard.state = Hazard.State.EXPIRED


def _weight(report: Report) -> tuple[object, ...]:
    """Order statements by how much their words count: measured, worst, first source."""
    measured = report.magnitude is not None
    return measured, report.level, -report.source_id, report.sent_at, report.key
