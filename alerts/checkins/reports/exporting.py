"""Take a list of people out: for a purpose, with a second person where it is long.

Every row carries who took it out, when and under which number, because a file is copied
and its first page is not. Nothing in it is read as a formula by a spreadsheet.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from xlsxwriter import Workbook

from alerts.checkins.board import choosing, inside
from alerts.checkins.board.titles import STATUS_NAMES
from alerts.checkins.models import Export, Standing
from alerts.incidents.models import Incident
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer
from consular.people.models import Contact, Person

FEW = 200  # so many people one officer may take out alone
WITHIN = timedelta(days=1)  # in all lists of so long together
# What a spreadsheet reads as the beginning of a formula, where a cell may begin: it may
# part a line by other signs than a comma.
RISKY = re.compile(r"(^|[;|\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
AT_ONCE = 2_000
PLAIN = (
    "registration",
    "person",
    "status",
    "since",
    "verified",
    "message",
    "language",
    "place known by",
    "fresh or stale",
    "longitude",
    "latitude",
)
NAMED = ("name", "born", "phone", "e-mail")
TYPES = {
    Export.Format.CSV.value: "text/csv; charset=utf-8",
    Export.Format.XLSX.value: (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
    Export.Format.GEOJSON.value: "application/geo+json",
}
Row = dict[str, Any]


class ExportError(ValueError):
    """Say why nothing may be taken out, in words for the officer."""


@transaction.atomic
def ask(
    incident: Incident,
    form: dict[str, str],
    chosen: choosing.Chosen,
    officer: Officer,
    now: datetime,
) -> Export:
    """Ask for an export; a short one is allowed at once, and several short ones.

    Raises
    ------
    ExportError
        When no purpose is given, or nobody is chosen.
    """
    purpose = form.get("purpose", "").strip()[:300]
    if len(purpose) < 5:
        raise ExportError("Say what the list is for.")
    if form.get("format") not in Export.Format.values:
        raise ExportError("Choose a format.")
    if chosen.status and chosen.status not in choosing.STATUSES:
        raise ExportError("Choose who is to be in it.")
    people = inside.count(incident, chosen)
    if not people:
        raise ExportError("Nobody is chosen.")
    _hold(officer)
    export = Export(
        incident=incident,
        format=form["format"],
        purpose=purpose,
        chosen=chosen.known,
        people=people,
        with_names=bool(form.get("with_names")),
        asked_by=officer,
        asked_at=now,
    )
    if people <= FEW:
        ids = _ids(inside.rows(incident, chosen))
        export.allowed_at = now if _alone(export, ids, now) <= FEW else None
    export.save()
    _log("ask_export", export, officer, now)
    return export


def _hold(officer: Officer) -> None:
    """Let who asks for two lists at once have the first one counted with the second."""
    held = Officer.objects.select_for_update(no_key=True).filter(pk=officer.pk)
    list(held.values_list("pk"))


def _ids(people: list[inside.Inside]) -> set[int]:
    return {each.person_id for each in people}


def _alone(export: Export, ids: set[int], now: datetime) -> int:
    """Count whom an officer takes out alone within a day, this list included.

    Whom lists held that were fetched counts once, whoever is in them when they are
    fetched again. Of those not fetched yet a choice counts once, by its longest list;
    and never more of an incident than are inside.
    """
    others = Export.objects.filter(
        asked_by=export.asked_by_id, allowed_by=None, allowed_at__gt=now - WITHIN
    ).exclude(pk=export.pk)
    taken = {export.incident: ids | set(export.taken)}
    asked: dict[Incident, dict[str, int]] = {}
    for other in others.select_related("incident"):
        taken.setdefault(other.incident, set()).update(other.taken)
        is_same = (other.incident, _choice(other)) == (export.incident, _choice(export))
        if not other.taken and not is_same:
            known = asked.setdefault(other.incident, {})
            known[_choice(other)] = max(known.get(_choice(other), 0), other.people)
    total = 0
    for incident, people in taken.items():
        waiting = sum(asked.get(incident, {}).values())
        most = inside.count(incident, choosing.Chosen()) if waiting else len(people)
        total += min(len(people) + waiting, max(most, len(people)))
    return total


def _choice(export: Export) -> str:
    return json.dumps(export.chosen, sort_keys=True)


def _log(action: str, export: Export, officer: Officer, now: datetime) -> None:
    facts = {"export": export.pk, "people": export.people, "format": export.format}
    facts["names"] = export.with_names
    audit.record(action, officer, export.incident.key, now, **facts)


@transaction.atomic
def allow(export: Export, officer: Officer, now: datetime) -> None:
    """Say the second yes.

    Raises
    ------
    ExportError
        When it is one's own, was allowed already, or one may not.
    """
    if officer.pk == export.asked_by_id:
        raise ExportError("A second person has to allow it.")
    territory = export.incident.territory
    if not any(may(officer, v, now, territory) for v in (Verb.APPROVE, Verb.REGISTER)):
        raise ExportError("You may not allow exports here.")
    row = Export.objects.filter(pk=export.pk, allowed_at=None)
    if not row.update(allowed_by=officer, allowed_at=now):
        raise ExportError("It was allowed already.")
    _log("allow_export", export, officer, now)


@transaction.atomic
def write(export: Export, officer: Officer, now: datetime) -> bytes:
    """Return the file, and log that it was taken.

    Raises
    ------
    ExportError
        When it was not allowed, its hour is over, or what one person takes out alone
        has become long.
    """
    if officer.pk != export.asked_by_id:
        raise ExportError("Only who asked for it can fetch it.")
    if not export.is_open(now):
        raise ExportError("It was not allowed, or its hour is over. Ask again.")
    people = inside.rows(export.incident, choosing.of(export.chosen))
    if export.allowed_by_id is None:
        _take_alone(export, people, officer, now)
    marked = mark(export)
    rows = _rows(export, people, marked)
    _log("take_export", export, officer, now)
    if export.format == Export.Format.CSV:
        return _csv(columns(export), rows)
    if export.format == Export.Format.XLSX:
        return _xlsx(columns(export), rows, marked)
    return _geojson(rows, marked, now)


def _take_alone(
    export: Export, people: list[inside.Inside], officer: Officer, now: datetime
) -> None:
    """Note whom an officer takes out without a second person's yes.

    A choice keeps others from minute to minute, and can be fetched again and again.
    """
    _hold(officer)
    export.refresh_from_db(fields=["taken"])
    ids = _ids(people)
    if len(people) > FEW or _alone(export, ids, now) > FEW:
        raise ExportError(
            "With your other lists of this day it is longer than one person may take "
            "out alone. Ask again: a second person can allow it."
        )
    export.taken = sorted(ids | set(export.taken))
    export.save(update_fields=["taken"])


def forget(now: datetime) -> None:
    """Forget whom lists held, once it does not count any more."""
    Export.objects.filter(allowed_at__lte=now - WITHIN).exclude(taken=[]).update(
        taken=[]
    )


def mark(export: Export) -> str:
    """Return what every row says of where it comes from."""
    exercise = "EXERCISE " if export.incident.mode == "exercise" else ""
    at = export.asked_at.strftime("%Y-%m-%d %H:%M UTC")
    return f"{exercise}export {export.pk} by officer {export.asked_by_id}, {at}"


def file_stem(incident: Incident) -> str:
    """Return what a file of an incident is called; an exercise's says so first."""
    exercise = "EXERCISE-" if incident.mode == "exercise" else ""
    return f"{exercise}{incident.reference}"


def columns(export: Export) -> list[str]:
    """Return the names of the columns: personal ones only where they are wanted."""
    return [*PLAIN, *(NAMED if export.with_names else ()), "taken out"]


def _rows(export: Export, people: list[inside.Inside], marked: str) -> Iterator[Row]:
    for start in range(0, len(people), AT_ONCE):
        yield from _some(export, people[start : start + AT_ONCE], marked)


def _some(export: Export, people: list[inside.Inside], marked: str) -> Iterator[Row]:
    known = Person.objects.select_related("registration").in_bulk(
        [each.person_id for each in people]
    )
    since = dict(
        Standing.objects.filter(incident=export.incident, person__in=known).values_list(
            "person_id", "since"
        )
    )
    contacts = _contacts(people) if export.with_names else {}
    for each in people:
        if each.person_id not in known:
            continue  # deleted their data in this moment
        person, at = known[each.person_id], since.get(each.person_id)
        row: Row = {
            "registration": person.registration.reference,
            "person": person.position + 1,
            "status": STATUS_NAMES[each.status],
            "since": at.isoformat(timespec="seconds") if at else "",
            "verified": ("yes" if each.is_verified else "no") if at else "",
            "message": each.reach,
            "language": each.language,
            "place known by": each.precision,
            "fresh or stale": "stale" if each.is_stale else "fresh",
            "longitude": each.lon,
            "latitude": each.lat,
        }
        if export.with_names:
            own = contacts.get(each.registration_id, {})
            row |= {
                "name": person.full_name,
                "born": person.birth_year or "",
                "phone": own.get("phone", ""),
                "e-mail": own.get("email", ""),
            }
        yield row | {"taken out": marked}


def _contacts(people: list[inside.Inside]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    rows = Contact.objects.filter(
        registration__in={each.registration_id for each in people},
        role=Contact.Role.OWN,
    )
    for contact in rows.order_by("-pk"):
        found.setdefault(contact.registration_id, {})[contact.kind] = contact.address
    return found


def harmless(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Ada;=1+1"), harmless("Ada"), harmless(-86.2)
    ("'=1+1", "Ada;'=1+1", 'Ada', -86.2)
    """
    return RISKY.sub(r"\1'", value) if isinstance(value, str) else value


def _csv(names: list[str], rows: Iterator[Row]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(names)
    for row in rows:
        writer.writerow([harmless(row[name]) for name in names])
    return file.getvalue().encode("utf-8-sig")  # so that spreadsheets see the letters


def _xlsx(names: list[str], rows: Iterator[Row], marked: str) -> bytes:
    file = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, {"in_memory": True, **options}) as book:
        sheet = book.add_worksheet("People")
        sheet.set_header(f"&C{marked}")
        sheet.set_footer(f"&L{marked}&RPage &P of &N")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, names, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            for place, name in enumerate(names):
                value = row[name]
                if isinstance(value, str):
                    sheet.write_string(number, place, str(harmless(value)))
                elif value is not None:
                    sheet.write_number(number, place, value)
    return file.getvalue()


def _geojson(rows: Iterator[Row], marked: str, now: datetime) -> bytes:
    features = []
    for row in rows:
        lon, lat = row.pop("longitude"), row.pop("latitude")
        point = {"type": "Point", "coordinates": [lon, lat]}
        geometry = point if lon is not None else None
        features.append({"type": "Feature", "geometry": geometry, "properties": row})
    said = {
        "type": "FeatureCollection",
        "taken_out": marked,
        "as_of": now.isoformat(timespec="seconds"),
        "features": features,
    }
    return json.dumps(said, ensure_ascii=False).encode()
