"""Read what a page shows of cases: their rows, history, answers, look-alikes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from anyascii import anyascii
from django.db.models import F, Prefetch, Q

from alerts.checkins import duplicates
from alerts.checkins.casework import letters, opening, urgency
from alerts.checkins.models import (
    Case,
    CaseEvent,
    CaseQuerySet,
    CheckIn,
    SamePerson,
    Status,
)
from alerts.incidents.models import AudiencePerson, Incident
from consular.missions.access import Verb, may
from consular.missions.models import AuditEntry, Officer
from consular.people.models import Contact, Person

LOOKED_AT = timedelta(minutes=3)
MOST_ALIKE = 6


@dataclass(frozen=True)
class Row:
    """A case as a list shows it."""

    case: Case
    call: CheckIn | None
    companions: int
    has_minor: bool
    phone: str
    lon: float | None
    lat: float | None
    waiting_min: int
    is_due: bool


def with_people(cases: CaseQuerySet) -> CaseQuerySet:
    """Fetch beside cases what their rows need."""
    calls = CheckIn.objects.filter(status=Status.NEEDS_HELP).order_by(
        "-stated_at", "-id"
    )
    phones = Contact.objects.filter(kind=Contact.Kind.PHONE, role=Contact.Role.OWN)
    return cases.select_related("person__registration", "owner").prefetch_related(
        Prefetch("person__checkins", queryset=calls, to_attr="calls"),
        "person__registration__persons",
        Prefetch("person__registration__contacts", queryset=phones, to_attr="phones"),
    )


def rows(cases: list[Case], now: datetime) -> list[Row]:
    """Return cases as rows, with the place of the last call or of the stay."""
    found = with_people(Case.objects.filter(pk__in=[case.pk for case in cases]))
    by_id = {case.pk: case for case in found}
    places = _places(cases)
    return [_row(by_id[case.pk], places, now) for case in cases if case.pk in by_id]


def rows_of(numbers: list[int], now: datetime) -> list[Row]:
    """Return cases by number as rows, in the order of the numbers."""
    by_id = Case.objects.in_bulk(numbers)
    return rows([by_id[each] for each in numbers if each in by_id], now)


def numbers(
    incident: Incident, name: str, officer: Officer, now: datetime
) -> list[int]:
    """Return the numbers of the cases that a name stands for, in a list's order."""
    kept = chosen(incident, name, officer, now)
    if name == "closed":
        return list(kept.values_list("pk", flat=True))
    return order(kept, now)


Places = dict[tuple[int, int], tuple[float, float]]  # by incident and person


def _places(cases: Iterable[Case]) -> Places:
    """Return where the stays are by which the incident of each case was theirs."""
    wanted = {(case.incident_id, case.person_id) for case in cases}
    stays = AudiencePerson.objects.filter(
        person__in={person for _, person in wanted},
        audience__alert__incident__in={incident for incident, _ in wanted},
        audience__is_included=True,
    ).exclude(stay=None)
    columns = ("audience__alert__incident", "person", "stay__lon", "stay__lat")
    known = stays.order_by("id").values_list(*columns)
    return {(incident, person): (lon, lat) for incident, person, lon, lat in known}


def _row(case: Case, places: Places, now: datetime) -> Row:
    person: Any = case.person  # with what `with_people` fetched beside it
    calls = [call for call in person.calls if call.incident_id == case.incident_id]
    call = next(iter(calls), None)
    lon, lat = places.get((case.incident_id, case.person_id), (None, None))
    if call is not None and call.lon is not None:
        lon, lat = call.lon, call.lat
    party = list(person.registration.persons.all())
    phone = next(iter(person.registration.phones), None)
    is_due = bool(case.follow_up_at and case.follow_up_at <= now)
    return Row(
        case=case,
        call=call,
        companions=len(party) - 1,
        has_minor=any(each.is_minor for each in party),
        phone=phone.address if phone else "",
        lon=lon,
        lat=lat,
        waiting_min=int(
            ((case.closed_at or now) - case.opened_at).total_seconds() // 60
        ),
        is_due=is_due and case.closed_at is None,
    )


def order(cases: CaseQuerySet, now: datetime) -> list[int]:
    """Return open cases by number, who needs an officer most first.

    Not taken before taken, and what is to be looked at again before both.
    """
    columns = ("pk", "owner", "priority", "opened_at", "follow_up_at")

    def rank(row: tuple[Any, ...]) -> tuple[bool, bool, int, datetime]:
        _, owner, priority, opened_at, again_at = row
        is_due = again_at is not None and again_at <= now
        points = priority + urgency.waiting(opened_at, now)
        return owner is not None and not is_due, not is_due, -points, opened_at

    listed = sorted(cases.order_by().values_list(*columns), key=rank)
    return [row[0] for row in listed]


def spots(incident: Incident, numbers: list[int]) -> list[tuple[float, float, int]]:
    """Return where cases are, in their order: by the last call, else by the stay."""
    cases = Case.objects.in_bulk(numbers)
    places = {person: at for (_, person), at in _places(cases.values()).items()}
    calls = CheckIn.objects.filter(
        incident=incident,
        person__in={case.person_id for case in cases.values()},
        status=Status.NEEDS_HELP,
    ).exclude(lon=None)
    for person, lon, lat in calls.order_by("stated_at", "id").values_list(
        "person_id", "lon", "lat"
    ):
        places[person] = (float(lon or 0), float(lat or 0))
    there = [each for each in numbers if each in cases]
    found = ((places.get(cases[each].person_id), each) for each in there)
    return [(*place, each) for place, each in found if place is not None]


def chosen(
    incident: Incident, name: str, officer: Officer | None, now: datetime
) -> CaseQuerySet:
    """Keep the cases that a name in the address stands for; open ones by default."""
    listed = opening.listed(incident)
    free = F("owner").asc(nulls_first=True)
    sets: dict[str, CaseQuerySet] = {
        "urgent": listed.open().urgent(),
        "free": listed.open().filter(owner=None),
        "mine": listed.open().filter(owner=officer),
        "due": listed.open().followed_up_by(now),
        "closed": listed.exclude(closed_at=None).order_by("-closed_at"),
    }
    return sets.get(name, listed.open().order_by(free, "-priority", "opened_at"))


def counts(incident: Incident, officer: Officer, now: datetime) -> dict[str, int]:
    """Count the cases of each choice."""
    names = ("open", "urgent", "free", "mine", "due", "closed")
    return {name: chosen(incident, name, officer, now).count() for name in names}


def entries(case: Case) -> frozenset[int]:
    """Return the numbers of a case's person under all of their entries."""
    return duplicates.groups([case.person_id])[case.person_id]


def said(case: Case) -> list[CheckIn]:
    """Return what was said of the case's person, under any entry, the newest first."""
    group = entries(case)
    rows = CheckIn.objects.filter(incident=case.incident, person__in=group)
    return list(rows.select_related("officer").order_by("-stated_at", "-id")[:60])


@dataclass(frozen=True)
class Line:
    """A line of a case's history, and how far the message that it tells of came."""

    event: CaseEvent
    came: str = ""
    has_failed: bool = False


def history(case: Case) -> list[Line]:
    """Return the history of a case, the newest first, with that of merged entries."""
    group = entries(case)
    events = CaseEvent.objects.filter(
        case__incident=case.incident, case__person__in=group
    )
    listed = list(events.select_related("officer").order_by("-id")[:200])
    arrived = letters.arrived(listed)
    return [Line(event, *arrived.get(event.pk, ())) for event in listed]


def also_here(case: Case, officer: Officer, now: datetime) -> list[Officer]:
    """Return the others who opened this case a moment ago."""
    entries = AuditEntry.objects.filter(
        subject=f"case {case.pk}", action="view_case", at__gt=now - LOOKED_AT
    )
    others = entries.exclude(officer=officer).exclude(officer=None)
    return list(Officer.objects.filter(pk__in=others.values("officer")))


def colleagues(case: Case, now: datetime) -> list[Officer]:
    """Return who may be given a case of an incident: all but who has it."""
    incident = case.incident
    staff = Officer.objects.filter(is_active=True).exclude(pk=case.owner_id or 0)
    territory = incident.territory
    return [
        each
        for each in staff.order_by("full_name")[:200]
        if may(each, Verb.ANSWER, now, territory)
    ]


def merged(case: Case) -> list[SamePerson]:
    """Return the entries that count as this case's person."""
    rows = SamePerson.objects.filter(
        Q(kept=case.person_id) | Q(duplicate=case.person_id), undone_at=None
    )
    people = ("kept__registration", "duplicate__registration")
    return list(rows.select_related(*people))


def look_alikes(case: Case) -> list[Person]:
    """Return entries of the incident that may be the same person.

    They share a number or an address with the case's party, and the name sounds alike.
    """
    party = case.person.registration
    keys = party.contacts.values("address_key")
    inside = AudiencePerson.objects.filter(audience__alert__incident=case.incident)
    others = (
        Person.objects.filter(
            pk__in=inside.values("person"),
            registration__contacts__address_key__in=keys,
        )
        .exclude(registration=party)
        .exclude(pk__in=entries(case))
        .select_related("registration")
        .distinct()
    )
    mine = _sound(case.person)
    return [each for each in others[:50] if _sound(each) & mine][:MOST_ALIKE]


def _sound(person: Person) -> set[str]:
    return {word for word in anyascii(person.full_name).casefold().split() if word}
