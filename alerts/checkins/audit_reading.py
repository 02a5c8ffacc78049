"""Read the audit trail: who knew what when, by person, officer, incident and time."""

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from alerts.checkins.models import Case
from alerts.checkins.reports.exporting import harmless
from alerts.incidents.models import Audience, Incident
from consular import modes, words
from consular.missions.access import Verb, reach
from consular.missions.models import AuditEntry, Officer, Posting
from consular.modes import Mode
from consular.people.models import Person, Registration
from consular.people.protecting import scoping

# Looks at many people at once: a person of the incident may have been among them.
LISTS = (
    "view_board",
    "view_people",
    "view_cases",
    "view_inbox",
    "make_report",
    "print_report",
    "ask_export",
    "allow_export",
    "take_export",
)
MOST_EXPORTED = 50_000
COLUMNS = (
    "sequence",
    "at",
    "officer",
    "action",
    "subject",
    "facts",
    "entry_hash",
    "mode",
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What an auditor asks for; what is empty is not asked for."""

    registration: str = ""
    incident: str = ""
    officer: int | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """The entries that fit, and whether what was named is known here."""

    entries: QuerySet[AuditEntry]
    is_unknown: bool = False


def ask(question: Question, by: Officer, now: datetime) -> Answer:
    """Find entries, the newest first, as far as the auditor's missions reach."""
    rows = AuditEntry.objects.select_related("officer").order_by("-id")
    named = _subjects(question, by, now)
    if named is None:
        return Answer(rows.none(), is_unknown=True)
    rows = rows.filter(named)
    if not question.registration:
        rows = rows.filter(_within(by, now))
    if question.officer is not None:
        rows = rows.filter(
            Q(officer=question.officer) | Q(subject=f"officer {question.officer}")
        )
    if question.action:
        rows = rows.filter(action=question.action)
    if question.since is not None:
        rows = rows.filter(at__gte=question.since)
    if question.until is not None:
        rows = rows.filter(at__lt=question.until)
    return Answer(rows)


def _subjects(question: Question, by: Officer, now: datetime) -> Q | None:
    """Return what names the person or the incident; nothing when one is unknown."""
    found = Q()
    if question.registration:
        seen = scoping.seen_by(by, now, Verb.AUDIT)
        registration = seen.filter(reference=question.registration).first()
        if registration is None:
            return None
        found &= _about(registration)
    if question.incident:
        seen_incidents = Incident.objects.seen_by(by, now, Verb.AUDIT)
        incident = seen_incidents.filter(reference=question.incident).first()
        if incident is None:
            return None
        cases = Case.objects.filter(incident=incident).values_list("pk", flat=True)
        found &= Q(subject__in=[incident.key, *(f"case {pk}" for pk in cases)])
    return found


def _about(registration: Registration) -> Q:
    """Keep what was done with a party, and looks at lists on which it stood."""
    persons = list(registration.persons.values_list("pk", flat=True))
    cases = Case.objects.filter(person__in=persons).values_list("pk", flat=True)
    names = [f"registration {registration.pk}"]
    names += [f"person {pk}" for pk in persons]
    names += [f"case {pk}" for pk in cases]
    rows = Audience.objects.filter(registration=registration, is_included=True)
    keys = {
        f"incident:{pk}" for pk in rows.values_list("alert__incident_id", flat=True)
    }
    return Q(subject__in=names) | Q(subject__in=keys, action__in=LISTS)


def _within(by: Officer, now: datetime) -> Q:
    """Keep what concerns the auditor's missions: their incidents and their officers."""
    where = reach(by, Verb.AUDIT, now)
    if where.everywhere:
        return Q()
    incidents = Incident.objects.seen_by(by, now, Verb.AUDIT)
    keys = {f"incident:{pk}" for pk in incidents.values_list("pk", flat=True)}
    postings = Posting.objects.filter(mission_id__in=where.missions)
    return Q(subject__in=keys) | Q(officer__in=postings.values("officer"))


def officers(by: Officer, now: datetime) -> QuerySet[Officer]:
    """Return the officers whose doings an auditor may read."""
    where = reach(by, Verb.AUDIT, now)
    listed = Officer.objects.order_by("full_name", "pk")
    if where.everywhere:
        return listed
    postings = Posting.objects.filter(mission_id__in=where.missions)
    return listed.filter(pk__in=postings.values("officer"))


def as_csv(entries: QuerySet[AuditEntry]) -> tuple[bytes, int, str]:
    """Return the entries as a file, how many they are, and the file's hash.

    What belongs to an exercise says so in its row, and no cell is a formula.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    listed = list(entries[:MOST_EXPORTED])
    exercises = _exercises(listed)
    for entry in listed:
        is_drill = modes.installation() == Mode.EXERCISE or entry.subject in exercises
        row = (
            entry.sequence,
            entry.at.isoformat(),
            f"{entry.officer_id}" if entry.officer_id else "",
            entry.action,
            entry.subject,
            json.dumps(entry.facts, ensure_ascii=False, sort_keys=True),
            entry.entry_hash,
            "EXERCISE" if is_drill else "live",
        )
        writer.writerow([harmless(value) for value in row])
    body = out.getvalue().encode()
    return body, len(listed), hashlib.sha256(body).hexdigest()


def _exercises(entries: list[AuditEntry]) -> set[str]:
    """Return the subjects among entries that belong to an exercise."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for subject in {entry.subject for entry in entries}:
        kind, _, number = subject.replace(":", " ").partition(" ")
        if pk := words.row_number(number):
            numbers[kind].add(pk)
    found = set()
    drill = Mode.EXERCISE
    for kind, mark, rows in (
        ("incident", "incident:", Incident.objects.filter(mode=drill)),
        ("case", "case ", Case.objects.filter(incident__mode=drill)),
        ("registration", "registration ", Registration.objects.filter(mode=drill)),
        ("person", "person ", Person.objects.filter(registration__mode=drill)),
    ):
        keys = rows.filter(pk__in=numbers[kind]).values_list("pk", flat=True)
        found |= {f"{mark}{key}" for key in keys}
    return found


def references(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return how pages name the incidents among subjects, by subject."""
    keys = {entry.subject for entry in entries if entry.subject.startswith("incident:")}
    numbers = [int(key[9:]) for key in keys if key[9:].isdecimal()]
    named = Incident.objects.filter(pk__in=numbers).values_list("pk", "reference")
    return {f"incident:{pk}": reference for pk, reference in named}


def said(facts: dict[str, object]) -> str:
    """Say the facts of an entry in a line, without what is empty."""
    return ", ".join(
        f"{name.replace('_', ' ')} {_value(value)}"
        for name, value in facts.items()
        if value not in ({}, [], "", None)
    )


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"({said(value)})"
    if isinstance(value, list):
        return " ".join(map(_value, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
