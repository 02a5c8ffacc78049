"""Open cases: for a call for help, for words of danger, for silence, by an officer."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alerts.checkins.casework import urgency
from alerts.checkins.casework.urgency import Facts
from alerts.checkins.models import (
    Case,
    CaseEvent,
    CaseQuerySet,
    Label,
    LadderStep,
    SamePerson,
    Standing,
    Status,
)
from alerts.checkins.reading import understanding
from alerts.incidents.models import AudiencePerson, Incident, ZoneLevel
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.models import Person

AT_ONCE = 200
LAST_STEP = "officer"  # of the ladder: every way has been tried
GOES_ON = "One of the party is not in need any more; the case goes on for another."
LEAST_OF_OFFICER = urgency.REASONS["transport"][0]


def by_statement(
    incident: Incident,
    persons: list[Person],
    status: str,
    needs: Iterable[str],
    words: str,
    now: datetime,
) -> None:
    """Open a case for each party that calls for help, or speaks of danger or injury.

    A party has one open case, in the name of its first person who is meant.
    """
    is_call = status == Status.NEEDS_HELP
    if not is_call and not _is_alarming(words):
        return
    origin = Case.Origin.HELP if is_call else Case.Origin.WORDS
    leads: dict[int, Person] = {}
    for person in sorted(persons, key=lambda p: (p.registration_id, p.position)):
        leads.setdefault(person.registration_id, person)
    for lead in leads.values():
        _open(incident, lead, origin, _facts(incident, lead, needs, words), now)


def _is_alarming(words: str) -> bool:
    """Tell whether words are of danger or injury, and do not deny it: "no injuries"."""
    if not urgency.told(words):
        return False
    return understanding.read(words).label != Label.SAFE


def _facts(
    incident: Incident,
    lead: Person,
    needs: Iterable[str] = (),
    words: str = "",
    is_silent: bool = False,
) -> Facts:
    party = list(lead.registration.persons.all())
    endangered = AudiencePerson.objects.filter(
        person=lead, audience__alert__incident=incident, level=ZoneLevel.DANGER
    )
    return Facts(
        needs=frozenset(needs),
        words=words,
        has_minor=any(person.is_minor for person in party),
        has_needs=any(person.needs for person in party),
        is_alone=len(party) == 1,
        is_in_danger_zone=endangered.exists(),
        is_silent=is_silent,
    )


def _open(
    incident: Incident,
    lead: Person,
    origin: str,
    facts: Facts,
    now: datetime,
    officer: Officer | None = None,
) -> tuple[Case, bool]:
    priority, reasons = urgency.judge(facts)
    case, is_new = Case.objects.get_or_create(
        incident=incident,
        person=lead,
        closed_at=None,
        defaults={
            "origin": origin,
            "priority": priority,
            "reasons": reasons,
            "opened_at": now,
            "changed_at": now,
        },
    )
    if is_new:
        note(case, CaseEvent.Kind.OPENED, now, officer, origin=str(origin))
    else:
        points, both = urgency.together(case.reasons, reasons)
        worse = origin == Case.Origin.HELP
        Case.objects.filter(pk=case.pk).update(
            priority=max(case.priority, points),
            reasons=both,
            changed_at=now,
            origin=origin if worse else case.origin,
        )
    return case, is_new


def note(
    case: Case,
    kind: str,
    now: datetime,
    officer: Officer | None = None,
    body: str = "",
    **facts: object,
) -> CaseEvent:
    """Add a line to a case's history, in the caller's transaction."""
    Case.objects.filter(pk=case.pk).update(changed_at=now)
    return CaseEvent.objects.create(
        case=case, at=now, officer=officer, kind=kind, body=body, facts=facts
    )


@transaction.atomic
def by_officer(
    incident: Incident, person: Person, reason: str, officer: Officer, now: datetime
) -> Case:
    """Open a case because an officer says so; one that is open is returned."""
    facts = _facts(incident, person, words=reason)
    case, is_new = _open(incident, person, Case.Origin.OFFICER, facts, now, officer)
    if is_new:
        least = max(case.priority, LEAST_OF_OFFICER)
        Case.objects.filter(pk=case.pk).update(priority=least)
        audit.record("open_case", officer, f"case {case.pk}", now)
    note(case, CaseEvent.Kind.NOTE, now, officer, reason)
    return case


def by_silence(now: datetime) -> int:
    """Open cases for people with needs whom every step of a ladder left silent."""
    tried = LadderStep.objects.filter(
        step=LAST_STEP, audience=OuterRef("audience"), taken_at__lte=now
    )
    incident = OuterRef("audience__alert__incident")
    rows = (
        AudiencePerson.objects.filter(
            audience__is_included=True, audience__alert__incident__closed_at=None
        )
        .exclude(person__needs="")
        .annotate(
            was_tried=Exists(tried),
            has_case=Exists(
                Case.objects.filter(incident=incident, person=OuterRef("person"))
            ),
            has_said=Exists(
                Standing.objects.filter(incident=incident, person=OuterRef("person"))
            ),
        )
        .filter(was_tried=True, has_case=False, has_said=False)
        .select_related("audience__alert__incident", "person__registration")
    )
    opened = 0
    for row in rows.order_by("id")[:AT_ONCE]:
        at = row.audience.alert.incident
        facts = _facts(at, row.person, is_silent=True)
        with transaction.atomic():
            opened += _open(at, row.person, Case.Origin.SILENCE, facts, now)[1]
    return opened


def close_cleared(rows: QuerySet[Case], status: str, now: datetime) -> None:
    """Close the cases of somebody who has said by link or code how they are.

    A party has one case: while anybody of it still needs help it goes on, in that
    person's name.
    """
    for case in list(rows.select_related("person")):
        mine = Case.objects.open().filter(pk=case.pk)
        calling = _calling(case)
        if case.person_id in calling:
            continue
        if calling and not _has_case(case.incident_id, calling):
            if mine.update(person=calling[0]):
                note(case, CaseEvent.Kind.NOTE, now, body=GOES_ON, person=calling[0])
        elif mine.update(closed_at=now, outcome=status):
            note(case, CaseEvent.Kind.CLOSED, now, outcome=str(status), by="self")


def _calling(case: Case) -> list[int]:
    """Return who of a case's party still needs help, in the party's order."""
    rows = Standing.objects.filter(
        incident=case.incident_id,
        status=Status.NEEDS_HELP,
        person__registration=case.person.registration_id,
    )
    return list(rows.order_by("person__position").values_list("person", flat=True))


def _has_case(incident_id: int, persons: list[int]) -> bool:
    """Tell whether any of some persons has an open case."""
    rows = Case.objects.open().filter(incident=incident_id, person__in=persons)
    return rows.exists()


def listed(incident: Incident) -> CaseQuerySet:
    """Keep an incident's cases, one a person: those of a merged entry stand behind."""
    open_kept = Case.objects.open().filter(
        incident=incident, person=OuterRef("kept"), closed_at=None
    )
    hidden = SamePerson.objects.filter(
        Exists(open_kept), undone_at=None, duplicate=OuterRef("person")
    )
    return (
        Case.objects.filter(incident=incident)
        .exclude(Q(closed_at=None) & Exists(hidden))
        .order_by(F("owner").asc(nulls_first=True), "-priority", "opened_at")
    )
