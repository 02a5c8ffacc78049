"""Keep an uploaded list, look at it, take it in some hundred parties at a time.

A list is looked at before anything of it counts. How far it was taken in is committed
with what was written, so that a run that was killed goes on and no line comes in twice.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction

from consular import modes
from consular.missions import audit
from consular.missions.access import Reach, Verb, reach
from consular.missions.models import Officer
from consular.people.lists import columns, lines, reading, structured
from consular.people.lists.cells import Problem
from consular.people.lists.lines import Party, Settings
from consular.people.managing import errands
from consular.people.models import Group, Membership, Upload
from consular.people.registering import enrolling
from consular.people.registering.entries import Entry

AT_ONCE = 200  # parties: some 2,000 rows
KEPT = timedelta(days=1)
SHOWN = 10
ELSEWHERE = "Your missions look after none of these countries."


@dataclass
class Summary:
    """What a list holds, before it is taken in.

    Attributes
    ----------
    parties, people : int
        That can be taken in.
    left_out : int
        Parties with something to mend.
    problems : list of Problem
        In the order of the lines, `lines.MOST_PROBLEMS` at most.
    """

    parties: int = 0
    people: int = 0
    left_out: int = 0
    problems: list[Problem] = field(default_factory=list)
    first: list[Party] = field(default_factory=list)


def keep(
    document: bytes,
    now: datetime,
    *,
    group: Group | None = None,
    officer: Officer | None = None,
) -> Upload:
    """Keep a list for a day, to be looked at and then taken in.

    Raises
    ------
    ListError
        When it cannot be read.
    """
    mapping: dict[str, int] = {}
    if reading.is_json(document):
        found = reading.parties(document)
        kept: dict[str, Any] = {"registrations": found}
        rows = len(found)
    else:
        table = reading.table(document)
        kept = {"columns": table.columns, "rows": table.rows, "lines": table.lines}
        mapping, rows = columns.guessed(table.columns), len(table.rows)
    Upload.objects.filter(wanted_at=None, created_at__lt=now - KEPT).delete()
    return Upload.objects.create(
        group=group,
        officer=officer,
        document=json.dumps(kept),
        mapping=mapping,
        rows=rows,
        created_at=now,
    )


def headings(upload: Upload) -> list[str]:
    """Return the list's own headings; a JSON document has none."""
    found = json.loads(upload.document or "{}")
    return list(found.get("columns", []))


def parties(upload: Upload, now: datetime) -> Iterable[Party]:
    """Read the parties of a list, in their order."""
    today = now.date()
    how = Settings(
        mode=modes.installation(),
        language=upload.group.language if upload.group else "en",
        country=settings.MINISTRY_COUNTRY,
        today=upload.created_at.date(),
        consents={"warn": today.isoformat()} if upload.agreed else {},
    )
    found = json.loads(upload.document or "{}")
    if "registrations" in found:
        rows = structured.parties(found["registrations"], how)
    elif "rows" in found:
        table = reading.Table(found["columns"], found["rows"], found["lines"])
        rows = lines.parties(table, upload.mapping, how)
    else:
        return iter(())
    if upload.officer is None:
        return rows
    where = reach(upload.officer, Verb.REGISTER, upload.wanted_at or now)
    return rows if where.everywhere else (_within(each, where) for each in rows)


def _within(party: Party, where: Reach) -> Party:
    """Leave a party out that is nowhere where the officer's missions look."""
    stays = party.entry.stays if party.entry else []
    if stays and not where.countries & {stay.country for stay in stays}:
        party.problems.append(Problem(party.lines[0], "country", ELSEWHERE))
    return party


def look(upload: Upload, now: datetime) -> Summary:
    """Say what of a list can be taken in, and what has to be mended where."""
    summary = Summary()
    for party in parties(upload, now):
        summary.problems += party.problems
        if party.is_usable and party.entry:
            summary.parties += 1
            summary.people += len(party.entry.persons)
            if len(summary.first) < SHOWN:
                summary.first.append(party)
        else:
            summary.left_out += 1
    summary.problems = summary.problems[: lines.MOST_PROBLEMS]
    return summary


def want(upload: Upload, now: datetime, *, agreed: str = "") -> bool:
    """Have a list taken in; tell whether that is new.

    Parameters
    ----------
    agreed : str
        How its people have agreed to be warned; without it each is asked by link.
    """
    row = Upload.objects.filter(pk=upload.pk, wanted_at=None)
    with transaction.atomic():
        if not row.update(wanted_at=now, agreed=agreed[:200]):
            return False
        if upload.officer:
            is_agreed = bool(agreed)
            audit.record(
                "import",
                upload.officer,
                str(upload),
                now,
                rows=upload.rows,
                agreed=is_agreed,
            )
    return True


def run(now: datetime) -> int:
    """Take in the next parties of a list that waits; return how many."""
    with transaction.atomic():
        upload = (
            Upload.objects.select_for_update(skip_locked=True)
            .filter(wanted_at__isnull=False, ended_at=None)
            .order_by("wanted_at", "pk")
            .first()
        )
        if upload is None:
            return 0
        chunk = list(islice(parties(upload, now), upload.taken, upload.taken + AT_ONCE))
        _enter(upload, [party.entry for party in chunk if party.is_usable], now)
        upload.refused += [party.lines[0] for party in chunk if not party.is_usable]
        upload.taken += len(chunk)
        if len(chunk) < AT_ONCE:
            upload.ended_at, upload.document = now, ""
        upload.save(update_fields=["taken", "refused", "ended_at", "document"])
    return len(chunk)


def _enter(upload: Upload, entries: Sequence[Entry | None], now: datetime) -> None:
    """Write parties with what a list's people are owed: a question, a membership."""
    usable = [entry for entry in entries if entry is not None]
    is_agreed = bool(upload.agreed)
    rows = enrolling.enrol(usable, now, confirmed=is_agreed)
    if upload.group:
        Membership.objects.bulk_create(
            Membership(group=upload.group, registration=row) for row in rows
        )
    if not is_agreed:
        errands.confirm_all_later(rows, now)
