"""Open cases: for a call for help, for words of danger, for silence, by an officer."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alerts.checkins import duplicates
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
from alerts.incidents.audiences import warned
from alerts.incidents.models import (
    AudienceMessage,
    AudiencePerson,
    Incident,
    ZoneLevel,
)
from consular.compiled import Compiled
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.models import Person

_OPEN = Compiled(
    lambda incident, persons: Case.objects.filter(
        incident=incident, person__in=persons, closed_at=None
    ).values_list("pk")
)
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
    )


def _open(
    incident: Incident,
    lead: Person,
    origin: str,
    facts: Facts,
    now: datetime,
    officer: Officer | None = None,
) -> tuple[Case, bool]:
    """Open a case, or make an open one worse; tell whether it is new."""
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
        case.priority, case.reasons = max(case.priority, points), both
        is_open = (
            Case.objects.open()
            .filter(pk=case.pk)
            .update(
                priority=case.priority,
                reasons=both,
                changed_at=now,
                origin=origin if worse else case.origin,
            )
        )
        if not is_open:  # closed in this moment, by who had not heard of this
            return _open(incident, lead, origin, facts, now, officer)
    share_urgency(case, now)
    return case, is_new


def share_urgency(case: Case, now: datetime) -> None:
    """Make the case behind which a merged entry's stands as urgent as that one."""
    kept = duplicates.kept_of(case.person_id)
    if kept == case.person_id:
        return
    share_with(kept, case, now)


def share_with(person_id: int, case: Case, now: datetime) -> bool:
    """Make a person's open case as urgent as another; tell whether there is one."""
    listed = Case.objects.open().filter(incident=case.incident_id, person=person_id)
    shown = listed.first()
    if shown is None:
        return False
    points, both = urgency.together(shown.reasons, case.reasons)
    most = max(shown.priority, case.priority, points)
    return bool(listed.update(priority=most, reasons=both, changed_at=now))


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
    """Open cases for people with needs whom no step of a ladder, or no way, reaches."""
    tried = _by_silence(_tried(now), now, is_unreached=False)
    return tried + _by_silence(_unreached(now), now, is_unreached=True)


def _tried(now: datetime) -> QuerySet[AudiencePerson]:
    """Keep those for whom every step of a ladder was taken."""
    tried = LadderStep.objects.filter(
        step=LAST_STEP, audience=OuterRef("audience"), taken_at__lte=now
    )
    return AudiencePerson.objects.filter(Exists(tried))


def _unreached(now: datetime) -> QuerySet[AudiencePerson]:
    """Keep those to whom a warning that has left was written by no way at all."""
    written = AudienceMessage.objects.filter(audience=OuterRef("audience"))
    return AudiencePerson.objects.filter(
        ~Exists(written),
        audience__reason__in=warned.UNREACHED,
        audience__alert__kind__in=warned.WARNINGS,
        audience__alert__released_at__isnull=False,
        audience__alert__opens_at__lte=now,
    )


def _by_silence(
    rows: QuerySet[AudiencePerson], now: datetime, *, is_unreached: bool
) -> int:
    incident = OuterRef("audience__alert__incident")
    found = (
        rows.filter(
            audience__is_included=True, audience__alert__incident__closed_at=None
        )
        .exclude(person__needs="")
        .annotate(
            has_case=Exists(
                Case.objects.filter(incident=incident, person=OuterRef("person"))
            ),
            has_said=Exists(
                Standing.objects.filter(incident=incident, person=OuterRef("person"))
            ),
        )
        .filter(has_case=False, has_said=False)
        .select_related("audience__alert__incident", "person__registration")
    )
    opened = 0
    for row in found.order_by("id")[:AT_ONCE]:
        at = row.audience.alert.incident
        facts = replace(
            _facts(at, row.person),
            is_silent=not is_unreached,
            is_unreached=is_unreached,
        )
        with transaction.atomic():
            opened += _open(at, row.person, Case.Origin.SILENCE, facts, now)[1]
    return opened


def close_cleared(
    incident: Incident,
    person_ids: Iterable[int],
    status: str,
    stated_at: datetime,
    now: datetime,
) -> None:
    """Close the cases of people who have said by link or code how they are.

    A party has one case: while anybody of it still needs help it goes on, in that
    person's name. So it does where something was learned after they said it, which may
    be long before it came: a phone keeps what it cannot send.
    """
    numbers = [number for (number,) in _OPEN.ask(incident.pk, sorted(person_ids))]
    if not numbers:
        return
    cases = Case.objects.filter(~Exists(_learned_after(stated_at)), pk__in=numbers)
    for case in cases.select_related("person"):
        mine = Case.objects.open().filter(pk=case.pk)
        calling = _calling(case)
        if case.person_id in calling:
            continue
        if calling and not _has_case(case.incident_id, calling):
            if mine.update(person=calling[0]):
                note(case, CaseEvent.Kind.NOTE, now, body=GOES_ON, person=calling[0])
        elif mine.update(closed_at=now, outcome=status):
            note(case, CaseEvent.Kind.CLOSED, now, outcome=str(status), by="self")


def _learned_after(stated_at: datetime) -> QuerySet[CaseEvent]:
    """Keep what tells a case something new since a moment, calls for help aside.

    Which call an answer takes back is told by when that was said, not by when it came.
    """
    others = [each for each in Case.Origin.values if each != Case.Origin.HELP]
    is_opening = Q(kind=CaseEvent.Kind.OPENED, facts__origin__in=others)
    is_note = Q(kind=CaseEvent.Kind.NOTE, officer__isnull=False)
    return CaseEvent.objects.filter(
        is_opening | is_note, case=OuterRef("pk"), at__gt=stated_at
    )


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


def shown() -> CaseQuerySet:
    """Keep the cases that stand for a person: those of a merged entry stand behind."""
    kept = Case.objects.open().filter(
        incident=OuterRef(OuterRef("incident")), person=OuterRef("kept")
    )
    hidden = SamePerson.objects.filter(
        Exists(kept), undone_at=None, duplicate=OuterRef("person")
    )
    return Case.objects.exclude(Q(closed_at=None) & Exists(hidden))


def listed(incident: Incident) -> CaseQuerySet:
    """Keep an incident's cases, one a person, in the order of a list."""
    free = F("owner").asc(nulls_first=True)
    mine = shown().filter(incident=incident)
    return mine.order_by(free, "-priority", "opened_at")
