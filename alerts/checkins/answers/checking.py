"""Write check-ins: one verb for every way in, and the standings that follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from alerts.checkins import duplicates
from alerts.checkins.answers.statuses import Closing, Derived, Statement, status_of
from alerts.checkins.casework import opening
from alerts.checkins.casework.urgency import REASONS as REASONS
from alerts.checkins.models import Basis, Case, CheckIn, Inbound, Standing, Status
from alerts.dispatch.models import Message
from alerts.incidents.models import Incident
from consular.missions.models import Officer
from consular.people.models import Person

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
    written = [row for row in (_write(said, p, now) for p in said.persons) if row]
    if written:
        refresh(said.incident, [row.person_id for row in written], now)
        opening.by_statement(
            said.incident, said.persons, said.status, said.needs, said.note, now
        )
    return written


def _write(said: Said, person: Person, now: datetime) -> CheckIn | None:
    row, is_new = CheckIn.objects.get_or_create(
        request_key=f"{said.request_key}:{person.pk}"[:64],
        defaults={
            "incident": said.incident,
            "person": person,
            "status": said.status,
            "basis": said.basis,
            "stated_at": said.stated_at,
            "received_at": now,
            "inbound": said.inbound,
            "message": said.message,
            "officer": said.officer,
            "needs": list(said.needs),
            "place": said.place,
            "note": said.note,
            "callback": said.callback,
            "lon": said.lon,
            "lat": said.lat,
            "accuracy_m": said.accuracy_m,
        },
    )
    if not is_new:
        return None
    if said.basis in CLEARS and said.status != Status.NEEDS_HELP:
        calls = _open_calls(said.incident, [person.pk])
        row.clears.set(calls.filter(stated_at__lte=said.stated_at))
        mine = Case.objects.open().filter(incident=said.incident, person=person)
        opening.close_cleared(mine, said.status, now)
    return row


def _open_calls(incident: Incident, person_ids: Iterable[int]) -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(
        incident=incident,
        person_id__in=person_ids,
        status=Status.NEEDS_HELP,
        closed_by=None,
        checkin=None,
    )


def refresh(incident: Incident, person_ids: Iterable[int], now: datetime) -> None:
    """Derive the standings of persons anew from all their check-ins and closings.

    Entries of one person who was entered twice share one history.
    """
    groups = duplicates.groups(set(person_ids))
    ids = set(groups)
    histories = _histories(incident, ids)
    for person_id in ids:
        mine = [histories[each] for each in groups[person_id]]
        said = [statement for statements, _ in mine for statement in statements]
        closed = [closing for _, closings in mine for closing in closings]
        derived = status_of(said, closed)
        if derived is not None:
            _stand(incident, person_id, derived, now)
        else:
            Standing.objects.filter(incident=incident, person_id=person_id).delete()


History = tuple[list[Statement], list[Closing]]


def _histories(incident: Incident, ids: set[int]) -> dict[int, History]:
    histories: dict[int, History] = {person_id: ([], []) for person_id in ids}
    rows = CheckIn.objects.filter(incident=incident, person_id__in=ids)
    closings: dict[tuple[int, int], set[int]] = {}
    for row in rows.prefetch_related("clears"):
        histories[row.person_id][0].append(
            Statement(
                id=row.pk,
                status=row.status,
                basis=row.basis,
                stated_at=row.stated_at,
                clears=frozenset(call.pk for call in row.clears.all()),
            )
        )
        if row.closed_by_id:
            closings.setdefault((row.person_id, row.closed_by_id), set()).add(row.pk)
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


def _stand(incident: Incident, person_id: int, derived: Derived, now: datetime) -> None:
    values = {
        "status": derived.status,
        "is_verified": derived.is_verified,
        "since": derived.since,
        "checkin_id": derived.checkin_id,
    }
    row = Standing.objects.filter(incident=incident, person_id=person_id)
    if row.filter(**values).exists():
        return
    Standing.objects.update_or_create(
        incident=incident,
        person_id=person_id,
        defaults=values | {"changed_at": now},
    )
