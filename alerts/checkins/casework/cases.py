"""Work on a case: take it, hand it over, note, plan, close; the history has it all."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from alerts.checkins import duplicates
from alerts.checkins.answers import checking
from alerts.checkins.casework import letters
from alerts.checkins.casework.opening import note
from alerts.checkins.models import Case, CaseEvent, CheckIn, SamePerson, Status
from alerts.incidents.models import Incident
from consular import languages
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer
from consular.people.models import Person

Kind = CaseEvent.Kind


class CaseError(ValueError):
    """Say why something cannot be done with a case, in words for the officer."""


@transaction.atomic
def take(case: Case, officer: Officer, now: datetime) -> bool:
    """Make an officer the owner of a case that has none; tell whether it worked."""
    row = Case.objects.open().filter(pk=case.pk, owner=None)
    if not row.update(owner=officer, taken_at=now):
        return False
    note(case, Kind.TAKEN, now, officer)
    audit.record("take_case", officer, f"case {case.pk}", now)
    _tell(case, now)
    return True


def _tell(case: Case, now: datetime) -> None:
    """Write to the person that an officer has the case, because now one has."""
    with languages.speak(case.person.registration.language):
        subject = gettext("An officer has your case")
        body = gettext(
            "{ministry}: an officer has your call for help and is working on it. "
            "If you are in danger now, call the local emergency number first."
        ).format(ministry=settings.MINISTRY_NAME)
    if not letters.write(case, "taken", subject, body, now):
        audit.record("not_told", None, f"case {case.pk}", now)


@transaction.atomic
def hand_over(
    case: Case, to: Officer, why: str, officer: Officer, now: datetime
) -> None:
    """Give a case to another officer, who may answer where it lies.

    Raises
    ------
    CaseError
        When it is closed, or the other officer may not work on it.
    """
    if not may(to, Verb.ANSWER, now, case.incident.territory):
        raise CaseError("That officer may not work on cases of this incident.")
    row = Case.objects.open().filter(pk=case.pk).exclude(owner=to)
    if not row.update(owner=to, taken_at=now):
        raise CaseError("The case is closed, or that officer has it already.")
    note(case, Kind.HANDED_OVER, now, officer, why, to=to.pk)
    audit.record("hand_over_case", officer, f"case {case.pk}", now, to=to.pk)


@transaction.atomic
def log(
    case: Case, kind: str, body: str, officer: Officer, now: datetime, **facts: object
) -> None:
    """Write a call, with how it went, or a note into the history."""
    note(case, kind, now, officer, body, **facts)
    audit.record(f"{kind}_case", officer, f"case {case.pk}", now)


@transaction.atomic
def write_to(
    case: Case, subject: str, body: str, officer: Officer, now: datetime
) -> None:
    """Send the person of a case a message: one notice, one recipient.

    Raises
    ------
    CaseError
        When there is no way to reach them, or they had too many this hour.
    """
    event = note(case, Kind.MESSAGE, now, officer, body)
    if not letters.write(case, f"message:{event.pk}", subject, body, now):
        raise CaseError(
            "It was not sent: there is no number or address, or ten messages went "
            "there within an hour. Call, or write later."
        )
    audit.record("write_case", officer, f"case {case.pk}", now)


@transaction.atomic
def follow_up(case: Case, at: datetime | None, officer: Officer, now: datetime) -> None:
    """Set when a case has to be looked at again; nothing takes it off."""
    Case.objects.open().filter(pk=case.pk).update(follow_up_at=at)
    note(case, Kind.FOLLOW_UP, now, officer, at=at.isoformat() if at else None)
    audit.record("follow_up_case", officer, f"case {case.pk}", now)


@transaction.atomic
def close(case: Case, officer: Officer, outcome: str, why: str, now: datetime) -> bool:
    """Close a case; its outcome answers the calls for help of the whole party.

    Where the person was entered twice, the cases of all entries close.
    """
    if outcome not in Status.values or outcome == Status.NEEDS_HELP:
        return False
    group = duplicates.groups([case.person_id])[case.person_id]
    theirs = Case.objects.open().filter(incident=case.incident, person__in=group)
    closed = list(theirs.select_related("person"))
    if case.pk not in {each.pk for each in closed}:
        return False
    persons: set[int] = set()
    for each in closed:
        persons |= _close(each, officer, outcome, why, now)
    checking.refresh(case.incident, persons, now)
    return True


def _close(
    case: Case, officer: Officer, outcome: str, why: str, now: datetime
) -> set[int]:
    """Close one case; return the persons whose calls it answered."""
    owner = case.owner or officer
    row = Case.objects.open().filter(pk=case.pk)
    if not row.update(closed_at=now, outcome=outcome, owner=owner):
        return set()
    case.note = why
    case.save(update_fields=["note"])
    calls = CheckIn.objects.filter(
        incident=case.incident,
        person__registration_id=case.person.registration_id,
        status=Status.NEEDS_HELP,
        closed_by=None,
        checkin=None,
        stated_at__lte=now,
    )
    persons = set(calls.values_list("person_id", flat=True))
    calls.update(closed_by=case)
    note(case, Kind.CLOSED, now, officer, why, outcome=outcome)
    audit.record("close_case", officer, f"case {case.pk}", now, outcome=outcome)
    return persons


@transaction.atomic
def merge(case: Case, duplicate: Person, officer: Officer, now: datetime) -> None:
    """Say that another entry is this case's person.

    Raises
    ------
    CaseError
        When they are one already.
    """
    row = duplicates.merge(case.person, duplicate, officer, now)
    if row is None:
        raise CaseError("These two entries are one person already.")
    note(case, Kind.MERGED, now, officer, person=duplicate.pk)
    _refresh_both(row, now)


@transaction.atomic
def unmerge(case: Case, row: SamePerson, officer: Officer, now: datetime) -> None:
    """Part two entries again; each has what it had before.

    Raises
    ------
    CaseError
        When they were parted already.
    """
    if not duplicates.unmerge(row, officer, now):
        raise CaseError("These two entries were parted already.")
    note(case, Kind.UNMERGED, now, officer, person=row.duplicate_id)
    _refresh_both(row, now)


def _refresh_both(row: SamePerson, now: datetime) -> None:
    both = {row.kept_id, row.duplicate_id}
    for incident in Incident.objects.filter(checkins__person__in=both).distinct():
        checking.refresh(incident, both, now)
