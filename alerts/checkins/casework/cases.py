"""Work on a case: take it, hand it over, note, plan, close; the history has it all."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from alerts.checkins import duplicates
from alerts.checkins.answers import checking
from alerts.checkins.casework import letters, merging, opening
from alerts.checkins.casework.opening import note
from alerts.checkins.models import (
    Basis,
    Case,
    CaseEvent,
    CheckIn,
    SamePerson,
    Status,
)
from alerts.incidents.models import Incident
from consular import languages
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer
from consular.people.models import Person

Kind = CaseEvent.Kind
TAKEN = "taken"  # the message that says so


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
    """Write to the person that an officer has the case, because now one has.

    Who has not called learns nothing from that, and would take it for a mistake.
    """
    case.refresh_from_db(fields=["origin"])  # they may have called since it was read
    if not case.was_asked_for:
        return
    with languages.speak(case.person.registration.language):
        subject = gettext("An officer has your case")
        body = gettext(
            "{ministry}: an officer has your call for help and is working on it. "
            "If you are in danger now, call the local emergency number first."
        ).format(ministry=settings.MINISTRY_NAME)
    if not letters.write(case, TAKEN, subject, body, now):
        audit.record("not_told", None, f"case {case.pk}", now)


def was_told(case: Case) -> bool:
    """Tell whether the person was written to that an officer has the case."""
    return letters.was_written(case, TAKEN)


def are_taken(incident: Incident, calling: Collection[int]) -> bool:
    """Tell whether an officer has a case of each who calls, and no call is without one.

    Parties that share a phone have a case each. Who was entered twice has theirs under
    any of the entries.
    """
    groups = duplicates.groups(calling)
    entries = Person.objects.filter(pk__in=groups)
    party_of = dict(entries.values_list("pk", "registration"))
    rows = opening.shown().filter(
        closed_at=None,
        incident=incident,
        person__registration__in=set(party_of.values()),
    )
    found = list(rows.values_list("person__registration", "origin", "owner"))
    if any(owner is None and origin == Case.Origin.HELP for _, origin, owner in found):
        return False
    taken = {party for party, _, owner in found if owner is not None}
    return bool(calling) and all(
        taken & {party_of[entry] for entry in groups[who]} for who in calling
    )


@transaction.atomic
def hand_over(
    case: Case, to: Officer, why: str, officer: Officer, now: datetime
) -> None:
    """Give a case to an officer who may answer where it lies: another, or oneself.

    Where nobody had it, a person who has called is told that an officer has it now.

    Raises
    ------
    CaseError
        When it is closed, or the other officer may not work on it.
    """
    if not may(to, Verb.ANSWER, now, case.incident.territory):
        raise CaseError("That officer may not work on cases of this incident.")
    row = Case.objects.open().filter(pk=case.pk)
    is_free = bool(row.filter(owner=None).update(owner=to, taken_at=now))
    if not is_free and not row.exclude(owner=to).update(owner=to, taken_at=now):
        raise CaseError("The case is closed, or that officer has it already.")
    note(case, Kind.HANDED_OVER, now, officer, why, to=to.pk)
    audit.record("hand_over_case", officer, f"case {case.pk}", now, to=to.pk)
    if is_free:
        _tell(case, now)


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
            "It was not sent: no number or address would be reached, or ten messages "
            "went there within an hour. Call, or write later."
        )
    audit.record("write_case", officer, f"case {case.pk}", now)


@transaction.atomic
def follow_up(case: Case, at: datetime | None, officer: Officer, now: datetime) -> None:
    """Set when a case has to be looked at again; nothing takes it off.

    Raises
    ------
    CaseError
        When it is closed.
    """
    if not Case.objects.open().filter(pk=case.pk).update(follow_up_at=at):
        raise CaseError("The case is closed.")
    note(case, Kind.FOLLOW_UP, now, officer, at=at.isoformat() if at else None)
    audit.record("follow_up_case", officer, f"case {case.pk}", now)


@transaction.atomic
def close(
    case: Case,
    officer: Officer,
    outcome: str,
    why: str,
    now: datetime,
    seen: int | None = None,
) -> bool:
    """Close a case; its outcome is how the person is, and answers the party's calls.

    Where the person was entered twice, the cases of all entries close. A companion who
    has a case of their own keeps it, and their calls.

    Parameters
    ----------
    seen : int, optional
        How many calls for help the officer knew of, as `calls` counts them.

    Raises
    ------
    CaseError
        When somebody has called since.
    """
    if outcome not in Status.values or outcome == Status.NEEDS_HELP:
        return False
    _hold_party(case)
    if seen is not None and calls(case) > seen:
        raise CaseError(
            "They have called for help again since you opened this page. Read what was "
            "said, then close the case."
        )
    theirs = Case.objects.open().filter(incident=case.incident, person__in=_group(case))
    closed = list(theirs.select_related("person"))
    if case.pk not in {each.pk for each in closed}:
        return False
    persons: set[int] = set()
    for each in closed:
        persons |= _close(each, officer, outcome, why, now)
    checking.refresh(case.incident, persons, now)
    return True


def calls(case: Case) -> int:
    """Count the calls for help of a case's party, under all entries of its person."""
    said = CheckIn.objects.filter(incident=case.incident, status=Status.NEEDS_HELP)
    return said.filter(person__in=_party(case)).count()


def _group(case: Case) -> frozenset[int]:
    return duplicates.groups([case.person_id])[case.person_id]


def _party(case: Case) -> QuerySet[Person]:
    return Person.objects.filter(registration__persons__in=_group(case))


def _hold_party(case: Case) -> None:
    """Let nobody of a party say anything until this transaction ends.

    Who calls in this moment waits, finds the case closed, and opens another.
    """
    numbers = list(_party(case).values_list("pk", flat=True))
    rows = Person.objects.filter(pk__in=numbers).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _close(
    case: Case, officer: Officer, outcome: str, why: str, now: datetime
) -> set[int]:
    """Close one case; return the persons of whom it says how they are."""
    owner = case.owner or officer
    row = Case.objects.open().filter(pk=case.pk)
    if not row.update(closed_at=now, outcome=outcome, owner=owner):
        return set()
    case.note = why
    case.save(update_fields=["note"])
    others = Case.objects.open().filter(
        incident=case.incident,
        person__registration_id=case.person.registration_id,
    )
    calls = CheckIn.objects.filter(
        incident=case.incident,
        person__registration_id=case.person.registration_id,
        status=Status.NEEDS_HELP,
        closed_by=None,
        checkin=None,
        stated_at__lte=now,
    ).exclude(person__in=others.values("person"))
    persons = set(calls.values_list("person_id", flat=True))
    calls.update(closed_by=case)
    if case.person_id not in persons:
        _state(case, officer, outcome, now)
        persons.add(case.person_id)
    note(case, Kind.CLOSED, now, officer, why, outcome=outcome)
    audit.record("close_case", officer, f"case {case.pk}", now, outcome=outcome)
    return persons


def _state(case: Case, officer: Officer, outcome: str, now: datetime) -> None:
    """Write how somebody is who had not called, so that the outcome counts for them."""
    CheckIn.objects.create(
        incident=case.incident,
        person_id=case.person_id,
        status=outcome,
        basis=Basis.OFFICER,
        stated_at=now,
        received_at=now,
        officer=officer,
        closed_by=case,
    )


@transaction.atomic
def merge(case: Case, duplicate: Person, officer: Officer, now: datetime) -> None:
    """Say that another entry is this case's person.

    Raises
    ------
    CaseError
        When they are one already.
    """
    if merging.merge(case.person, duplicate, officer, now) is None:
        raise CaseError("These two entries are one person already.")
    note(case, Kind.MERGED, now, officer, person=duplicate.pk)


@transaction.atomic
def unmerge(case: Case, row: SamePerson, officer: Officer, now: datetime) -> None:
    """Part two entries again; each has what it had before.

    Raises
    ------
    CaseError
        When they were parted already.
    """
    if not merging.unmerge(row, officer, now):
        raise CaseError("These two entries were parted already.")
    note(case, Kind.UNMERGED, now, officer, person=row.duplicate_id)
