"""The audit trail: written in the caller's transaction, chained within a second."""

import hashlib
import json
from datetime import datetime

from django.db import transaction

from consular.missions.models import AuditEntry, Officer


def record(
    action: str, officer: Officer | None, subject: str, now: datetime, **facts: object
) -> AuditEntry:
    """Write one entry; the subject and facts are references and counts, never names."""
    return AuditEntry.objects.create(
        at=now, officer=officer, action=action, subject=subject, facts=facts
    )


def _hash(entry: AuditEntry, sequence: int, previous: str) -> str:
    line = json.dumps(
        [
            sequence,
            previous,
            entry.at.isoformat(),
            entry.officer_id,
            entry.action,
            entry.subject,
            entry.facts,
        ],
        sort_keys=True,
    )
    return hashlib.sha256(line.encode()).hexdigest()


def seal(now: datetime) -> int:
    """Chain the entries that are not chained yet, in the order of their ids."""
    with transaction.atomic():
        last = (
            AuditEntry.objects.select_for_update()
            .exclude(sequence=None)
            .order_by("-sequence")
            .first()
        )
        sequence, previous = (last.sequence or 0, last.entry_hash) if last else (0, "")
        waiting = list(AuditEntry.objects.filter(sequence=None).order_by("id")[:500])
        for entry in waiting:
            sequence += 1
            previous = _hash(entry, sequence, previous)
            AuditEntry.objects.filter(pk=entry.pk, sequence=None).update(
                sequence=sequence, entry_hash=previous
            )
    return len(waiting)


def first_break() -> int | None:
    """Return the sequence of the first entry that was changed or removed, if any."""
    previous = ""
    sealed = AuditEntry.objects.exclude(sequence=None).order_by("sequence")
    for expected, entry in enumerate(sealed.iterator(), start=1):
        previous = _hash(entry, expected, previous)
        if entry.sequence != expected or entry.entry_hash != previous:
            return expected
    return None


def tick(now: datetime) -> None:
    """Chain what was written since the last second."""
    if AuditEntry.objects.filter(sequence=None).exists():
        seal(now)
