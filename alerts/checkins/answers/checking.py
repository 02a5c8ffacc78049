"""Write check-ins: one verb for every way in, and the standings that follow."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from alerts.checkins import duplicates
from alerts.checkins.answers.statuses import Closing, Derived, Statement, status_of
from alerts.checkins.casework import opening
from alerts.checkins.casework.urgency import REASONS as REASONS
from alerts.checkins.models import Basis, Case, CheckIn, Inbound, Standing, Status
from alerts.dispatch import statements
from alerts.dispatch.models import Message
from alerts.incidents.models import Incident
from consular import compiled
from consular.compiled import Compiled
from consular.missions.models import Officer
from consular.people.models import Person

_CALL = Status.NEEDS_HELP.value
_HELD = Compiled(
    lambda persons: (
        Person.objects.filter(pk__in=persons)
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk")
    )
)
_SAID = Compiled(
    lambda incident, persons: CheckIn.objects.filter(
        incident=incident, person__in=persons
    ).values_list("pk", "person_id", "status", "basis", "stated_at", "closed_by_id")
)
# Whose word takes back their own call for help: a holder of the link or the code.
CLEARS = {Basis.SELF_LINK.value, Basis.SELF_CODE.value}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is stated about persons of one incident, by whom, and how we know."""

    incident: Incident
    persons: list[Person]
    status: str
    basis: str
    stated_at: datetime
    request_key: str
    inbound: Inbound | None = None
    message: Message | None = None
    officer: Officer | None = None
    needs: tuple[str, ...] = ()
    place: str = ""
    note: str = ""
    callback: str = ""
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None


@transaction.atomic
def state(said: Said, now: datetime) -> list[CheckIn]:
    """Write one check-in a person; the same request key again writes nothing.

    Standings and cases follow in the same transaction.
    """
    rows = [_row(said, person, now) for person in said.persons]
    written = statements.insert_missing(rows, by="request_key")
    if written:
        clears = said.basis in CLEARS and said.status != Status.NEEDS_HELP
        answers = {row.person_id: row for row in written}
        refresh(said.incident, answers, now, answers if clears else {})
        if clears:
            opening.close_cleared(
                said.incident, answers, said.status, said.stated_at, now
            )
        opening.by_statement(
            said.incident, said.persons, said.status, said.needs, said.note, now
        )
    return written


def _row(said: Said, person: Person, now: datetime) -> CheckIn:
    return CheckIn(
        request_key=f"{said.request_key}:{person.pk}"[:64],
        incident=said.incident,
        person=person,
        status=said.status,
        basis=said.basis,
        stated_at=said.stated_at,
        received_at=now,
        inbound=said.inbound,
        message=said.message,
        officer=said.officer,
        needs=list(said.needs),
        place=said.place,
        note=said.note,
        callback=said.callback,
        lon=said.lon,
        lat=said.lat,
        accuracy_m=said.accuracy_m,
    )


def refresh(
    incident: Incident,
    person_ids: Iterable[int],
    now: datetime,
    clearing: Mapping[int, CheckIn] | None = None,
) -> None:
    """Derive the standings of persons anew from all their check-ins and closings.

    Entries of one person who was entered twice share one history.

    Parameters
    ----------
    incident : Incident
        Of which.
    person_ids : iterable of int
        Whose.
    now : datetime
        The time.
    clearing : dict of int to CheckIn, optional
        By person, a check-in that answers their own calls for help from before it.
    """
    groups = _held(set(person_ids))
    histories = _histories(incident, set(groups), clearing or {})
    derived: dict[int, Derived | None] = {}
    for person_id in groups:
        mine = [histories[each] for each in groups[person_id]]
        said = [statement for statements_, _ in mine for statement in statements_]
        closed = [closing for _, closings in mine for closing in closings]
        derived[person_id] = status_of(said, closed)
    _stand(incident, derived, now)


def _held(person_ids: set[int]) -> duplicates.Groups:
    """Hold persons under all of their entries; return which entries are one person.

    Who waits here for another statement about the same person reads that one too. Who
    is merged, parted or deleted meanwhile is looked up again.
    """
    wanted, held = set(person_ids), set[int]()
    while True:
        groups = duplicates.groups(wanted)
        if held.issuperset(groups):
            return groups
        held = {number for (number,) in _HELD.ask(sorted(groups))}
        wanted &= held


History = tuple[list[Statement], list[Closing]]


def _histories(
    incident: Incident, ids: set[int], clearing: Mapping[int, CheckIn]
) -> dict[int, History]:
    histories: dict[int, History] = {person_id: ([], []) for person_id in ids}
    rows = _SAID.ask(incident.pk, sorted(ids))
    cleared = _cleared(rows, clearing)
    closings: dict[tuple[int, int], set[int]] = {}
    for pk, person_id, status, basis, stated_at, closed_by in rows:
        clears = frozenset(cleared.get(pk, ()))
        histories[person_id][0].append(
            Statement(
                id=pk, status=status, basis=basis, stated_at=stated_at, clears=clears
            )
        )
        if closed_by:
            closings.setdefault((person_id, closed_by), set()).add(pk)
    cases = Case.objects.in_bulk({case_id for _, case_id in closings})
    for (person_id, case_id), answers in closings.items():
        case = cases[case_id]
        assert case.closed_at is not None
        histories[person_id][1].append(
            Closing(
                outcome=case.outcome,
                closed_at=case.closed_at,
                answers=frozenset(answers),
            )
        )
    return histories


def _cleared(
    rows: list[compiled.Row], clearing: Mapping[int, CheckIn]
) -> dict[int, set[int]]:
    """Return for each statement which calls for help it answers; write the new ones."""
    found: dict[int, set[int]] = {}
    calls = {
        pk: (person, at, by) for pk, person, word, _, at, by in rows if word == _CALL
    }
    if not calls:
        return found
    through = CheckIn.clears.through.objects
    listed = through.filter(to_checkin__in=calls)
    for by, call in listed.values_list("from_checkin", "to_checkin"):
        found.setdefault(by, set()).add(call)
    answered = set[int]().union(*found.values())
    new = []
    for call, (person_id, stated_at, closed_by) in calls.items():
        by_whom = clearing.get(person_id)
        if by_whom is None or closed_by or call in answered:
            continue
        if stated_at <= by_whom.stated_at:
            found.setdefault(by_whom.pk, set()).add(call)
            new.append(CheckIn.clears.through(from_checkin=by_whom, to_checkin_id=call))
    through.bulk_create(new)
    return found


def _stand(
    incident: Incident, derived: dict[int, Derived | None], now: datetime
) -> None:
    """Write the standings that are others than before."""
    gone = [person_id for person_id, found in derived.items() if found is None]
    stand = [
        Standing(
            incident=incident, person_id=person_id, changed_at=now, **asdict(found)
        )
        for person_id, found in sorted(derived.items())
        if found is not None
    ]
    statements.upsert(stand, by=("incident", "person"), beside=("changed_at",))
    if gone:
        Standing.objects.filter(incident=incident, person__in=gone).delete()
