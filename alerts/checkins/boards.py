"""The duty officer's numbers: who is safe, who needs help, who is silent, as of when.

Counts are of persons. Inside = help + safe + not here + left + silent + unreachable,
always; delivered, accepted, waiting and not delivered are a second breakdown of the
same total. Calls for help stand on their own and are never part of a cluster.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from alerts.checkins.models import Case, CheckIn, Inbound, Standing, Status
from alerts.dispatch.models import State
from alerts.incidents.models import Alert, AudienceMessage, AudiencePerson, Incident

SILENT = "silent"
UNREACHABLE = "unreachable"
STATUSES = (
    Status.NEEDS_HELP.value,
    SILENT,
    UNREACHABLE,
    Status.SAFE.value,
    Status.NOT_HERE.value,
    Status.LEFT.value,
)
# How far a message came, the furthest last; a person counts by the best of theirs.
REACH: dict[str, int] = {
    State.SET_ASIDE: 0,
    State.REJECTED: 0,
    State.EXPIRED: 0,
    State.STOPPED: 0,
    State.UNDELIVERED: 0,
    State.QUEUED: 1,
    State.CLAIMED: 1,
    State.UNCLEAR: 2,
    State.ACCEPTED: 3,
    State.DELIVERED: 4,
}
STEPS = 24  # of the timeline
REACH_NAMES = ("not_delivered", "waiting", "unknown", "accepted", "delivered")


@dataclass(frozen=True, slots=True)
class Inside:
    """A person inside, where the stay says they are, and what is known of them."""

    person_id: int
    registration_id: int
    status: str
    is_verified: bool
    reach: str
    lon: float | None
    lat: float | None
    precision: str
    cell: int | None
    language: str


@dataclass(frozen=True)
class Board:
    """Everyone an incident's alerts were for, at one moment."""

    as_of: datetime
    people: list[Inside] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, int]:
        """Persons by status, with `inside` as their sum and `answered` as a part."""
        counted = Counter(person.status for person in self.people)
        totals = {status: counted[status] for status in STATUSES}
        answered = sum(totals[status] for status in Status.values)
        without_place = sum(person.lon is None for person in self.people)
        return totals | {
            "inside": len(self.people),
            "answered": answered,
            "without_place": without_place,
        }

    @property
    def reach(self) -> dict[str, int]:
        """The same persons by how far the best of their messages came."""
        counted = Counter(person.reach for person in self.people)
        return {name: counted[name] for name in REACH_NAMES}


def alerts_of(incident: Incident) -> QuerySet[Alert]:
    """Keep the alerts whose audience counts: settled, and not stopped in the hold."""
    return (
        Alert.objects.filter(incident=incident)
        .exclude(settled_at=None)
        .exclude(state=Alert.State.STOPPED, released_at=None)
    )


def _reach_by_audience(alerts: QuerySet[Alert]) -> dict[int, int]:
    best: dict[int, int] = {}
    pairs = AudienceMessage.objects.filter(audience__alert__in=alerts)
    for audience_id, state in pairs.values_list("audience_id", "message__state"):
        best[audience_id] = max(best.get(audience_id, 0), REACH[state])
    return best


def _rows(alerts: QuerySet[Alert]) -> Iterable[tuple[Any, ...]]:
    return (
        AudiencePerson.objects.filter(
            audience__alert__in=alerts, audience__is_included=True
        )
        .order_by("person_id", "id")
        .values_list(
            "person_id",
            "audience_id",
            "audience__registration_id",
            "audience__registration__language",
            "stay__lon",
            "stay__lat",
            "stay__precision",
            "stay__cell",
        )
    )


def of(incident: Incident, now: datetime) -> Board:
    """Read an incident's board in three queries."""
    alerts = alerts_of(incident)
    reach = _reach_by_audience(alerts)
    standings = {
        person_id: (status, is_verified)
        for person_id, status, is_verified in Standing.objects.filter(
            incident=incident
        ).values_list("person_id", "status", "is_verified")
    }
    people: dict[int, Inside] = {}
    best: dict[int, int] = {}
    for person_id, audience_id, *rest in _rows(alerts):
        got = max(best.get(person_id, 0), reach.get(audience_id, 0))
        best[person_id] = got
        silent = SILENT if got else UNREACHABLE
        status, is_verified = standings.get(person_id, (silent, True))
        registration_id, language, lon, lat, precision, cell = rest
        people[person_id] = Inside(
            person_id=person_id,
            registration_id=registration_id,
            status=status,
            is_verified=is_verified,
            reach=REACH_NAMES[got],
            lon=lon,
            lat=lat,
            precision=precision or "",
            cell=cell,
            language=language,
        )
    return Board(as_of=now, people=list(people.values()))


@dataclass(frozen=True, slots=True)
class Ring:
    """The people of one grid cell on the map, without those who call for help."""

    lon: float
    lat: float
    people: int
    counts: dict[str, int]


def rings(board: Board, zoom: int) -> list[Ring]:
    """Gather people by the cell they are in at a zoom (64 pixels a cell).

    A ring stands at the mean of its people; people without a place are in no ring.
    """
    shift = 2 * (26 - max(0, min(zoom, 22)) - 2)
    gathered: dict[int, list[Inside]] = {}
    for person in board.people:
        if person.cell is not None and person.lon is not None:
            gathered.setdefault(person.cell >> shift, []).append(person)
    return [
        Ring(
            lon=sum(person.lon or 0 for person in people) / len(people),
            lat=sum(person.lat or 0 for person in people) / len(people),
            people=len(people),
            counts=dict(Counter(person.status for person in people)),
        )
        for people in gathered.values()
    ]


def version(incident: Incident) -> str:
    """Return a short text that changes whenever the board would look different."""
    standing = Standing.objects.filter(incident=incident).aggregate(
        n=Count("id"), last=Max("changed_at")
    )
    cases = Case.objects.filter(incident=incident).aggregate(
        n=Count("id"), taken=Count("taken_at"), closed=Count("closed_at")
    )
    inbox = Inbound.objects.filter(incident=incident, state=Inbound.State.INBOX).count()
    states = (
        AudienceMessage.objects.filter(audience__alert__incident=incident)
        .values_list("message__state")
        .annotate(n=Count("id"))
        .order_by("message__state")
    )
    last = CheckIn.objects.filter(incident=incident).aggregate(id=Max("id"))["id"]
    moment = standing["last"].timestamp() if standing["last"] else 0
    sent = "".join(f"{state[:3]}{n}" for state, n in states)
    return (
        f"{standing['n']}-{moment:.3f}-{last or 0}-{cases['n']}.{cases['taken']}"
        f".{cases['closed']}-{inbox}-{sent}"
    )


def timeline(incident: Incident, now: datetime) -> dict[str, object]:
    """Count answers and calls for help in equal steps since the first alert.

    Returns
    -------
    dict
        `start` (datetime), `step_s` (seconds), `safe` and `help` (a count a step),
        `median_s` (seconds after the start by which half of the answers had come).
    """
    first = alerts_of(incident).aggregate(at=Min("opens_at"))["at"]
    start = min(first or incident.opened_at, now)
    span_s = max((now - start).total_seconds(), 60.0)
    step_s = span_s / STEPS
    safe, calls = [0] * STEPS, [0] * STEPS
    offsets = []
    stated = CheckIn.objects.filter(incident=incident, officer=None)
    for at, status in stated.values_list("received_at", "status"):
        offset_s = max((at - start).total_seconds(), 0.0)
        offsets.append(offset_s)
        place = min(int(offset_s / step_s), STEPS - 1)
        (calls if status == Status.NEEDS_HELP else safe)[place] += 1
    offsets.sort()
    median_s = offsets[len(offsets) // 2] if offsets else None
    return {
        "start": start,
        "step_s": step_s,
        "safe": safe,
        "help": calls,
        "median_s": median_s,
    }
