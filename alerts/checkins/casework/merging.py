"""Count two entries as one person, or part them: what follows for standings and cases.

Both are derived anew from all that was said under either, in every incident.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from alerts.checkins import duplicates
from alerts.checkins.answers import checking
from alerts.checkins.casework import opening
from alerts.checkins.models import Case, CaseEvent, CheckIn, SamePerson, Status
from alerts.incidents.models import Incident
from consular.missions.models import Officer
from consular.people.models import Person

HANDED_ON = "The entry that had this case was erased; the person's other entry has it."


@transaction.atomic
def merge(
    kept: Person, duplicate: Person, officer: Officer, now: datetime
) -> SamePerson | None:
    """Say that two entries are one person; return nothing if they are already."""
    row = duplicates.merge(kept, duplicate, officer, now)
    if row is not None:
        entries = _derive(row, now)
        for case in Case.objects.open().filter(person__in=entries):
            opening.share_urgency(case, now)
    return row


@transaction.atomic
def unmerge(row: SamePerson, officer: Officer, now: datetime) -> bool:
    """Bring both entries back as they were; tell whether they were merged."""
    if not duplicates.unmerge(row, officer, now):
        return False
    _derive(row, now)
    return True


def _derive(row: SamePerson, now: datetime) -> Collection[int]:
    entries = set(duplicates.groups({row.kept_id, row.duplicate_id}))
    incidents = Incident.objects.filter(checkins__person__in=entries)
    for incident in incidents.distinct().order_by("pk"):
        checking.refresh(incident, entries, now)
    return entries


@transaction.atomic
def hand_on(leaving: Collection[int], now: datetime) -> None:
    """Hand on open calls and cases of persons who are erased to who they are besides.

    Somebody who calls for help goes on calling though one of their entries is erased:
    the call stays, with its needs, without its words and place. All else that was said
    goes with who said it, and those who remain are as what they said themselves.
    """
    if not _parted(leaving):
        return
    duplicates.hold()
    for group in _parted(leaving):
        gone, rest = group.intersection(leaving), group.difference(leaving)
        root = duplicates.kept_of(min(group))
        heir = root if root in rest else min(rest)
        incidents = list(_spoken_of(group))
        called = {each.pk: _hand_on_calls(each, gone, heir) for each in incidents}
        for case in Case.objects.open().filter(person__in=gone).order_by("-priority"):
            _hand_on(case, heir, now)
        others = SamePerson.objects.filter(kept__in=gone, duplicate__in=rest - {heir})
        others.filter(undone_at=None).update(kept=heir)
        SamePerson.objects.filter(Q(kept__in=gone) | Q(duplicate__in=gone)).delete()
        CheckIn.objects.filter(person__in=gone).delete()
        for incident in incidents:
            checking.refresh(incident, rest, now)
            if (needs := called[incident.pk]) is not None:
                _keep_open(incident, rest, heir, needs, now)


def _parted(leaving: Collection[int]) -> set[frozenset[int]]:
    """Return the groups of entries of one person of which some go and some remain."""
    found = set(duplicates.groups(leaving).values())
    return {group for group in found if group.difference(leaving)}


def _spoken_of(entries: Collection[int]) -> QuerySet[Incident]:
    said = Q(checkins__person__in=entries)
    has_case = Q(cases__person__in=entries, cases__closed_at=None)
    return Incident.objects.filter(said | has_case).distinct().order_by("pk")


def _hand_on_calls(
    incident: Incident, gone: Collection[int], heir: int
) -> set[str] | None:
    """Make the unanswered calls of some entries another's; return what was needed."""
    calls = CheckIn.objects.filter(
        incident=incident,
        person__in=gone,
        status=Status.NEEDS_HELP,
        closed_by=None,
        checkin=None,
    )
    found = {call.pk: call.needs for call in calls}
    CheckIn.objects.filter(pk__in=found).update(
        person=heir,
        inbound=None,
        message=None,
        place="",
        note="",
        callback="",
        lon=None,
        lat=None,
        accuracy_m=None,
    )
    return {need for needs in found.values() for need in needs} if found else None


def _hand_on(case: Case, heir: int, now: datetime) -> None:
    """Make a case that of another entry, or that entry's as urgent."""
    if not opening.share_with(heir, case, now):
        Case.objects.filter(pk=case.pk).update(person=heir)
        opening.note(case, CaseEvent.Kind.NOTE, now, body=HANDED_ON)


def _keep_open(
    incident: Incident,
    entries: Collection[int],
    heir: int,
    needs: Collection[str],
    now: datetime,
) -> None:
    """Open a case for a call that was handed on where none was: a companion had it."""
    listed = Case.objects.open().filter(incident=incident, person__in=entries)
    if incident.closed_at is None and not listed.exists():
        person = Person.objects.select_related("registration").get(pk=heir)
        opening.by_statement(
            incident, [person], Status.NEEDS_HELP.value, needs, "", now
        )
