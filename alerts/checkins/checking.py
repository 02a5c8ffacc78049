"""Write check-ins: one verb for every way in, and the standings that follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from alerts.checkins.models import Basis, Case, CheckIn, Inbound, Standing, Status
from alerts.checkins.statuses import Closing, Derived, Statement, status_of
from alerts.dispatch.models import Message
from alerts.incidents.models import Incident
from consular.missions.models import Officer
from consular.people.models import Person

# Whose word takes back their own call for help: a holder of the link or the code.
CLEARS = {Basis.SELF_LINK.value, Basis.SELF_CODE.value}
# What makes a case more urgent, and the words the list shows for it.
REASONS = {
    "trapped": (50, "Trapped or in danger"),
    "medical": (40, "Medical"),
    "shelter": (20, "Shelter, water or food"),
    "transport": (10, "Transport out"),
    "documents": (5, "Documents or money"),
}
CHILD, NEEDS = (15, "Child"), (25, "Needs on record")
TOLD_BY_WORDS = {
    "trapped": ("trapped", "atrapad", "stuck", "eingeschlossen", "bloque", "محاصر"),
    "medical": ("injur", "bleed", "herid", "bless", "verletzt", "medic", "insulin"),
}


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
        if said.status == Status.NEEDS_HELP:
            _open_cases(said, now)
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
        Case.objects.filter(
            incident=said.incident, person=person, closed_at=None
        ).update(closed_at=now, outcome=said.status)
    return row


def _open_calls(incident: Incident, person_ids: Iterable[int]) -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(
        incident=incident,
        person_id__in=person_ids,
        status=Status.NEEDS_HELP,
        closed_by=None,
        checkin=None,
    )


def _open_cases(said: Said, now: datetime) -> None:
    """Open a case for each party, in the name of its first person."""
    leads: dict[int, Person] = {}
    for person in sorted(said.persons, key=lambda p: (p.registration_id, p.position)):
        leads.setdefault(person.registration_id, person)
    for lead in leads.values():
        priority, reasons = _urgency(said, lead)
        case, is_new = Case.objects.get_or_create(
            incident=said.incident,
            person=lead,
            closed_at=None,
            defaults={"priority": priority, "reasons": reasons, "opened_at": now},
        )
        if not is_new:
            both = list(dict.fromkeys([*case.reasons, *reasons]))
            Case.objects.filter(pk=case.pk).update(
                priority=max(case.priority, priority), reasons=both
            )


def _urgency(said: Said, lead: Person) -> tuple[int, list[str]]:
    words = said.note.casefold()
    needs = set(said.needs) | {
        need for need, parts in TOLD_BY_WORDS.items() if any(p in words for p in parts)
    }
    found = [REASONS[need] for need in REASONS if need in needs]
    party = list(lead.registration.persons.all())
    if any(person.is_minor for person in party):
        found.append(CHILD)
    if any(person.needs for person in party):
        found.append(NEEDS)
    return sum(points for points, _ in found), [name for _, name in found]


def refresh(incident: Incident, person_ids: Iterable[int], now: datetime) -> None:
    """Derive the standings of persons anew from all their check-ins and closings."""
    ids = set(person_ids)
    histories = _histories(incident, ids)
    for person_id in ids:
        derived = status_of(*histories[person_id])
        if derived is not None:
            _stand(incident, person_id, derived, now)


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
