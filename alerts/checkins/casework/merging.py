"""Count two entries as one person, or part them: what follows for standings and cases.

Both are derived anew from all that was said under either, in every incident.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from alerts.checkins import duplicates
from alerts.checkins.answers import checking
from alerts.checkins.casework import opening
from alerts.checkins.models import Case, SamePerson
from alerts.incidents.models import Incident
from consular.missions.models import Officer
from consular.people.models import Person


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
