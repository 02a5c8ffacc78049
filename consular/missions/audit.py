"""The audit trail: written in the caller's transaction, chained within a second."""

import hashlib
import json
from datetime import datetime

from django.db import transaction

from consular.missions import anchoring
from consular.missions.models import AuditEntry, Officer

AT_ONCE = 500  # entries a transaction
MOST_A_TICK = 5_000


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


def seal(now: datetime, most: int = AT_ONCE) -> int:
    """Chain the entries that are not chained yet, in the order of their ids."""
    with transaction.atomic():
        newest = AuditEntry.objects.exclude(sequence=None).order_by("-sequence")
        # Who waited here for another sealer must read the end of the chain anew.
        newest.select_for_update().first()
        last = newest.first()
        sequence, previous = (last.sequence or 0, last.entry_hash) if last else (0, "")
        unsealed = AuditEntry.objects.filter(sequence=None).order_by("id")
        waiting = list(unsealed[:most])
        for entry in waiting:
            sequence += 1
            previous = _hash(entry, sequence, previous)
            entry.sequence, entry.entry_hash = sequence, previous
        fields = ["sequence", "entry_hash"]
        AuditEntry.objects.bulk_update(waiting, fields, batch_size=200)
    if waiting:
        anchoring.keep(now, sequence, previous)
    return len(waiting)


def lost_anchor() -> int | None:
    """Return the first anchored sequence that the trail no longer holds, if any.

    The chain alone cannot tell that its end was cut off, or that all of it was written
    anew; a line that was kept elsewhere can.
    """
    kept = dict(
        AuditEntry.objects.exclude(sequence=None).values_list("sequence", "entry_hash")
    )
    for sequence, entry_hash in anchoring.kept():
        if kept.get(sequence) != entry_hash:
            return sequence
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
    for _ in range(MOST_A_TICK // AT_ONCE):
        if seal(now) < AT_ONCE:
            return
