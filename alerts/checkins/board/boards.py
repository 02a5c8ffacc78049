"""The duty officer's numbers: who is safe, who needs help, who is silent, as of when.

Counts are of persons. Inside = help + safe + not here + left + silent + unreachable,
always; delivered, accepted, waiting and not delivered are a second breakdown of the
same total. Calls for help stand on their own and are never part of a cluster.
"""

import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from alerts.checkins.board import inside
from alerts.checkins.board.choosing import REACH_NAMES, SILENT, STATUSES, UNREACHABLE
from alerts.checkins.board.inside import Inside
from alerts.checkins.models import BoardCount, Case, Inbound, Status
from alerts.incidents.models import Alert, Incident

STEPS = 24  # of the timeline


@dataclass(frozen=True)
class Board:
    """Everyone an incident's alerts were for, at one moment."""

    as_of: datetime
    people: list[Inside] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, int]:
        """Persons by status, with `inside` as their sum and `answered` as a part."""
        counted = Counter(person.status for person in self.people)
        placed = sum(person.lon is not None for person in self.people)
        stale = sum(person.is_stale for person in self.people)
        return summed(counted, placed, stale)

    @property
    def reach(self) -> dict[str, int]:
        """The same persons by how far the best of their messages came."""
        counted = Counter(person.reach for person in self.people)
        return {name: counted[name] for name in REACH_NAMES}


def summed(counted: dict[str, int], placed: int, stale: int) -> dict[str, int]:
    """Return a count by status with its sum, and with parts of the sum.

    `stale` are those whose registration was asked about twice in vain, `fresh` all
    others; `without_place` have no place on the map.
    """
    totals = {status: counted.get(status, 0) for status in STATUSES}
    everyone = sum(totals.values())
    return totals | {
        "inside": everyone,
        "answered": sum(totals[status] for status in Status.values),
        "without_place": everyone - placed,
        "fresh": everyone - stale,
        "stale": stale,
    }


def totals_of(row: BoardCount) -> dict[str, int]:
    """Return the totals of numbers that a worker has counted."""
    return summed(row.totals, row.placed, row.stale)


def silence(reach: int) -> str:
    """Name the silence of somebody by how far the best of their messages came."""
    return SILENT if reach else UNREACHABLE


def alerts_of(incident: Incident) -> QuerySet[Alert]:
    """Keep the alerts whose audience counts: settled, and not stopped in the hold."""
    return (
        Alert.objects.filter(incident=incident)
        .exclude(settled_at=None)
        .exclude(state=Alert.State.STOPPED, released_at=None)
    )


def of(incident: Incident, now: datetime) -> Board:
    """Read everyone inside, one by one."""
    return Board(as_of=now, people=inside.rows(incident))


@dataclass(frozen=True, slots=True)
class Ring:
    """The people of one grid cell on the map, without those who call for help."""

    lon: float
    lat: float
    people: int
    counts: dict[str, int]


def rings(row: BoardCount, zoom: int) -> list[Ring]:
    """Gather a board's people by the cell they are in at a zoom (64 pixels a cell).

    A ring stands at the mean of its people; people without a place are in no ring.
    """
    shift = max(0, 2 * (row.zoom - zoom))
    gathered: dict[int, list[tuple[float, float, dict[str, int]]]] = {}
    for node, lon, lat, counts in row.cells:
        gathered.setdefault(node >> shift, []).append((lon, lat, counts))
    return [_ring(cells) for cells in gathered.values()]


def _ring(cells: list[tuple[float, float, dict[str, int]]]) -> Ring:
    counted: Counter[str] = Counter()
    east = north = 0.0
    for lon, lat, counts in cells:
        people = sum(counts.values())
        counted.update(counts)
        east += lon * people
        north += lat * people
    everyone = sum(counted.values())
    return Ring(
        lon=east / everyone,
        lat=north / everyone,
        people=everyone,
        counts=dict(counted),
    )


def version(incident: Incident, row: BoardCount, now: datetime) -> str:
    """Return a short text that changes whenever the board would look different.

    Who writes first may commit last, so the newest change does not say everything: how
    the cases stand together is in it too, and how many have to be looked at again.
    """
    cases = Case.objects.filter(incident=incident)
    told = cases.aggregate(
        at=Max("changed_at"),
        every=Count("pk"),
        taken=Count("owner"),
        closed=Count("closed_at"),
        points=Sum("priority"),
        due=Count("pk", filter=Q(follow_up_at__lte=now, closed_at=None)),
    )
    newest = told.pop("at")
    changed = int(newest.timestamp() * 1_000_000) if newest else 0
    waiting = Inbound.objects.filter(state=Inbound.State.INBOX).count()
    stands = zlib.crc32(repr(sorted(told.items())).encode())
    return f"{row.version}.{changed}.{waiting}.{stands}"


def newest_call(incident: Incident) -> int:
    """Return the number of the newest case that a call opened: a board rings for it."""
    called = [Case.Origin.HELP, Case.Origin.WORDS]
    cases = Case.objects.filter(incident=incident, origin__in=called)
    return cases.aggregate(newest=Max("pk"))["newest"] or 0


def drawn(cursor: str) -> str:
    """Return of a cursor what the map and the timeline depend on."""
    return ".".join(cursor.split(".")[:2])


def is_ahead(reader: str, cursor: str) -> bool:
    """Tell whether a reader knows more than a cursor that was worked out before."""
    parts = [tuple(each.split(".")[:2]) for each in (reader, cursor)]
    if not all(len(part) == 2 and "".join(part).isdecimal() for part in parts):
        return False
    (version_, changed), (other, other_changed) = parts
    return int(version_) > int(other) or int(changed) > int(other_changed)


def seen_until(cursor: str) -> datetime | None:
    """Return up to when the reader of a cursor knows the cases, if it is one."""
    parts = cursor.split(".")
    if len(parts) != 4 or not all(part.isdecimal() for part in parts):
        return None
    micros = min(int(parts[1]), 10**16)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def timeline(incident: Incident, row: BoardCount, now: datetime) -> dict[str, object]:
    """Gather answers and calls for help in equal steps since the first alert.

    Returns
    -------
    dict
        `start` (datetime), `step_s` (seconds), `safe` and `help` (a count a step),
        `median_s` (seconds after the start by which half of the answers had come,
        to the minute).
    """
    first = alerts_of(incident).aggregate(at=Min("opens_at"))["at"]
    start = min(first or incident.opened_at, now)
    span_s = max((now - start).total_seconds(), 60.0)
    step_s = span_s / STEPS
    safe, calls = [0] * STEPS, [0] * STEPS
    offsets: list[tuple[float, int]] = []
    for minute, (answers, helped) in row.minutes.items():
        offset_s = max(int(minute) * 60 + 30 - start.timestamp(), 0.0)
        place = min(int(offset_s / step_s), STEPS - 1)
        safe[place] += answers
        calls[place] += helped
        offsets.append((offset_s, answers + helped))
    return {
        "start": start,
        "step_s": step_s,
        "safe": safe,
        "help": calls,
        "median_s": _median(sorted(offsets)),
    }


def _median(offsets: list[tuple[float, int]]) -> float | None:
    half, seen = sum(number for _, number in offsets) / 2, 0
    for offset_s, number in offsets:
        seen += number
        if seen > half:
            return offset_s
    return None
