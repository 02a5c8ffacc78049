"""Merge two entries of one person, and unmerge them: a row says so, none is moved."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from alerts.checkins.models import SamePerson
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.models import Person

Groups = dict[int, frozenset[int]]


def groups(person_ids: Collection[int]) -> Groups:
    """Return for each person, and all who are the same as one, who that is."""
    ids = set(person_ids)
    if not SamePerson.objects.filter(undone_at=None).exists():
        return {each: frozenset({each}) for each in ids}
    roots = set(
        SamePerson.objects.filter(duplicate__in=ids, undone_at=None).values_list(
            "kept_id", flat=True
        )
    )
    rows = SamePerson.objects.filter(
        Q(kept__in=ids | roots), undone_at=None
    ).values_list("kept_id", "duplicate_id")
    found: dict[int, set[int]] = {each: {each} for each in ids | roots}
    for kept, duplicate in rows:
        found[kept].add(duplicate)
    listed: Groups = {}
    for kept in found:
        group = frozenset(found[kept])
        if len(group) > 1 or kept not in listed:
            listed |= dict.fromkeys(group, group)
    return listed


def pairs() -> list[tuple[int, int]]:
    """Return the entries that count, each with one that stands behind it."""
    rows = SamePerson.objects.filter(undone_at=None)
    return list(rows.values_list("kept_id", "duplicate_id"))


def kept_of(person_id: int) -> int:
    """Return the entry that stands for a person."""
    row = SamePerson.objects.filter(duplicate=person_id, undone_at=None).first()
    return row.kept_id if row else person_id


@transaction.atomic
def merge(
    kept: Person, duplicate: Person, officer: Officer, now: datetime
) -> SamePerson | None:
    """Say that two entries are one person; return nothing if they are already.

    What stood behind the duplicate stands behind `kept` too, as rows of its own.
    """
    root, other = kept_of(kept.pk), kept_of(duplicate.pk)
    if root == other:
        return None
    behind = SamePerson.objects.filter(kept=other, undone_at=None)
    moved = list(behind.values_list("duplicate_id", flat=True))
    behind.update(undone_at=now, undone_by=officer)
    rows = [
        SamePerson(kept_id=root, duplicate_id=each, merged_by=officer, merged_at=now)
        for each in (other, *moved)
    ]
    SamePerson.objects.bulk_create(rows)
    facts = {"kept": root, "duplicate": other}
    audit.record("merge_persons", officer, f"person {root}", now, **facts)
    return SamePerson.objects.get(duplicate_id=other, undone_at=None)


@transaction.atomic
def unmerge(row: SamePerson, officer: Officer, now: datetime) -> bool:
    """Bring both entries back as they were; tell whether they were merged."""
    open_row = SamePerson.objects.filter(pk=row.pk, undone_at=None)
    if not open_row.update(undone_at=now, undone_by=officer):
        return False
    facts = {"duplicate": row.duplicate_id}
    audit.record("unmerge_persons", officer, f"person {row.kept_id}", now, **facts)
    return True
