"""Merge two entries of one person, and unmerge them: a row says so, none is moved."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from alerts.checkins.models import SamePerson
from consular.compiled import Compiled
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.models import Person

Groups = dict[int, frozenset[int]]
_ANY = Compiled(
    lambda: SamePerson.objects.filter(undone_at=None).order_by().values_list("pk")[:1]
)


def groups(person_ids: Collection[int]) -> Groups:
    """Return for each person, and all who are the same as one, who that is."""
    ids = set(person_ids)
    if not _ANY.ask():
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


def are_any() -> bool:
    """Tell whether anybody counts as one person under several entries."""
    return SamePerson.objects.filter(undone_at=None).exists()


def pairs() -> list[tuple[int, int]]:
    """Return the entries that count, each with one that stands behind it."""
    rows = SamePerson.objects.filter(undone_at=None)
    return list(rows.values_list("kept_id", "duplicate_id"))


def parting(pair: Collection[int]) -> SamePerson | None:
    """Return the row whose end parts two entries, both of which may have a third's."""
    rows = list(SamePerson.objects.filter(duplicate__in=pair, undone_at=None))
    direct = [row for row in rows if row.kept_id in pair]
    shared = [row for row in rows if len({each.kept_id for each in rows}) == 1]
    found = direct or (shared if len(shared) == len(pair) else [])
    return max(found, key=lambda row: row.pk, default=None)


def kept_of(person_id: int) -> int:
    """Return the entry that stands for a person."""
    row = SamePerson.objects.filter(duplicate=person_id, undone_at=None).first()
    return row.kept_id if row else person_id


def hold() -> None:
    """Let nobody else merge or part until this transaction ends.

    Two officers who merge at once would each read what the other is about to change,
    and could put two entries behind one another. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(SamePerson._meta.db_table)  # noqa: SLF001
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


@transaction.atomic
def merge(
    kept: Person, duplicate: Person, officer: Officer, now: datetime
) -> SamePerson | None:
    """Say that two entries are one person; return nothing if they are already.

    Nor if one of them has been deleted meanwhile. What stood behind the duplicate
    stands behind `kept` too, as rows of its own.
    """
    hold()
    if Person.objects.filter(pk__in=(kept.pk, duplicate.pk)).count() < 2:
        return None
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
    """Bring both entries back as they were; tell whether they were merged.

    What stood behind the duplicate before stands behind it again.
    """
    hold()
    open_row = SamePerson.objects.filter(pk=row.pk, undone_at=None)
    if not open_row.update(undone_at=now, undone_by=officer):
        return False
    before = SamePerson.objects.filter(kept=row.duplicate_id, undone_at=row.merged_at)
    moved = SamePerson.objects.filter(
        kept=row.kept_id,
        duplicate__in=before.values("duplicate"),
        merged_at=row.merged_at,
        undone_at=None,
    )
    theirs = list(moved.values_list("duplicate_id", flat=True))
    moved.update(undone_at=now, undone_by=officer)
    SamePerson.objects.bulk_create(
        SamePerson(
            kept_id=row.duplicate_id,
            duplicate_id=each,
            merged_by=officer,
            merged_at=now,
        )
        for each in theirs
    )
    facts = {"duplicate": row.duplicate_id}
    audit.record("unmerge_persons", officer, f"person {row.kept_id}", now, **facts)
    return True
