"""The audit trail: written in the caller's transaction, chained within a second."""

import hashlib
import json
from datetime import datetime
from pathlib import Path

from django.conf import settings
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
    if waiting:
        _anchor(sequence, previous, now)
    return len(waiting)


def _anchor(sequence: int, entry_hash: str, now: datetime) -> None:
    """Write the end of the chain to a file outside the database, where one is set."""
    name = settings.AUDIT_ANCHORS
    if not name:
        return
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{now.isoformat()} {sequence} {entry_hash}\n")


def lost_anchor() -> int | None:
    """Return the first anchored sequence that the trail no longer holds, if any.

    The chain alone cannot tell that its end was cut off, or that all of it was written
    anew; a line that was kept elsewhere can.
    """
    path = Path(settings.AUDIT_ANCHORS) if settings.AUDIT_ANCHORS else None
    if path is None or not path.exists():
        return None
    kept = dict(
        AuditEntry.objects.exclude(sequence=None).values_list("sequence", "entry_hash")
    )
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split(" ")
        if len(words) != 3 or not words[1].isdecimal():
            continue  # a line that was cut by a crash
        if kept.get(int(words[1])) != words[2]:
            return int(words[1])
    return None


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
