"""Who is inside, one row a person: the one statement that every number comes from.

The board, the list, the report and the exports all read these rows, counted or one by
one, so that their figures cannot differ. The same SQL runs on SQLite and PostgreSQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from alerts.checkins import duplicates
from alerts.checkins.board.choosing import (
    REACH_NAMES,
    SILENT,
    UNREACHABLE,
    Chosen,
    Given,
)
from alerts.dispatch.models import State
from alerts.incidents.models import Incident
from consular import languages
from consular.people.models import SILENCES_OF_STALE

# How far a message came, the furthest last; a person counts by the best of theirs.
REACH: dict[str, int] = {
    State.SET_ASIDE: 0,
    State.REJECTED: 0,
    State.EXPIRED: 0,
    State.STOPPED: 0,
    State.UNDELIVERED: 0,
    State.QUEUED: 1,
    State.CLAIMED: 1,
    State.UNCLEAR: 2,
    State.ACCEPTED: 3,
    State.DELIVERED: 4,
}
_GOT = " ".join(f"WHEN '{state}' THEN {got}" for state, got in REACH.items() if got)
# Alerts count once they are settled, unless they were stopped within the hold. Of the
# entries of one person the kept one counts, or the first where it is not inside, by the
# best message of them all.
_PERSON = f"""
WITH told AS (
  SELECT a.id FROM incidents_audience a JOIN incidents_alert l ON l.id = a.alert_id
  WHERE l.incident_id = %(incident)s AND l.settled_at IS NOT NULL
    AND (l.state <> 'stopped' OR l.released_at IS NOT NULL) AND a.is_included
), best AS (
  SELECT am.audience_id, MAX(CASE m.state {_GOT} ELSE 0 END) AS got
  FROM told JOIN incidents_audiencemessage am ON am.audience_id = told.id
  JOIN dispatch_message m ON m.id = am.message_id GROUP BY am.audience_id
), person AS (
  SELECT ap.person_id, MAX(COALESCE(best.got, 0)) AS got, MAX(ap.id) AS last_id
  FROM told JOIN incidents_audienceperson ap ON ap.audience_id = told.id
  LEFT JOIN best ON best.audience_id = told.id GROUP BY ap.person_id
)"""
_INSIDE = f""", inside AS (
  SELECT person.person_id, person.got, ap.stay_id, ap.level,
    COALESCE(s.status, CASE WHEN person.got > 0 THEN '{SILENT}'
      ELSE '{UNREACHABLE}' END) AS status,
    COALESCE(s.is_verified, %(true)s) AS is_verified
  FROM {{person}} JOIN incidents_audienceperson ap ON ap.id = person.last_id
  LEFT JOIN checkins_standing s ON s.person_id = person.person_id
    AND s.incident_id = %(incident)s
)
"""
_ENTRIES = """, merged AS (
  SELECT kept_id, duplicate_id FROM checkins_sameperson WHERE undone_at IS NULL
), entry AS (
  SELECT merged.kept_id AS root, person.person_id, person.got, 1 AS place
  FROM merged JOIN person ON person.person_id = merged.duplicate_id
  UNION SELECT merged.kept_id, person.person_id, person.got, 0
  FROM merged JOIN person ON person.person_id = merged.kept_id
), one AS (
  SELECT root, MAX(got) AS got, COALESCE(
    MAX(CASE WHEN place = 0 THEN person_id END), MIN(person_id)) AS person_id
  FROM entry GROUP BY root
), counted AS (
  SELECT person.person_id, COALESCE(one.got, person.got) AS got, person.last_id
  FROM person LEFT JOIN merged ON merged.duplicate_id = person.person_id
  LEFT JOIN one ON one.root = COALESCE(merged.kept_id, person.person_id)
  WHERE one.person_id IS NULL OR one.person_id = person.person_id
)"""
# By whether anybody was entered twice: it takes as long again to tell who is who.
_PEOPLE = {
    False: _PERSON + _INSIDE.format(person="person"),
    True: _PERSON + _ENTRIES + _INSIDE.format(person="counted AS person"),
}
# Asked twice in vain whether it is still right: where they are is less sure.
_STALE = f"CASE WHEN r.silences >= {SILENCES_OF_STALE} THEN 1 ELSE 0 END"
_ROWS = """
SELECT i.person_id, p.registration_id, i.status, i.is_verified, i.got, st.lon, st.lat,
  COALESCE(st.precision, ''), st.cell, r.language, {stale}
FROM inside i JOIN people_person p ON p.id = i.person_id
JOIN people_registration r ON r.id = p.registration_id
LEFT JOIN people_stay st ON st.id = i.stay_id
""".replace("{stale}", _STALE)
_COUNTS = f"""
SELECT i.status, i.got, {_STALE} AS is_stale, COUNT(*)
FROM inside i JOIN people_person p ON p.id = i.person_id
JOIN people_registration r ON r.id = p.registration_id
GROUP BY i.status, i.got, is_stale
"""
_CELLS = """
SELECT st.cell >> %(shift)s AS node, i.status, COUNT(*), AVG(st.lon), AVG(st.lat)
FROM inside i JOIN people_stay st ON st.id = i.stay_id GROUP BY node, i.status
"""
_EVERYTHING = f"""
SELECT i.status, i.got, i.level, r.language, {_STALE} AS is_stale,
  st.cell >> %(shift)s AS node, COUNT(*), AVG(st.lon), AVG(st.lat)
FROM inside i JOIN people_person p ON p.id = i.person_id
JOIN people_registration r ON r.id = p.registration_id
LEFT JOIN people_stay st ON st.id = i.stay_id
GROUP BY i.status, i.got, i.level, r.language, is_stale, node
"""


@dataclass(frozen=True, slots=True)
class Group:
    """People inside who have all of these in common; `node` is a grid cell."""

    status: str
    reach: str
    level: str
    language: str
    is_stale: bool
    node: int | None
    people: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Inside:
    """A person inside, where the stay says they are, and what is known of them."""

    person_id: int
    registration_id: int
    status: str
    is_verified: bool
    reach: str
    lon: float | None
    lat: float | None
    precision: str
    cell: int | None
    language: str
    is_stale: bool = False

    @property
    def language_name(self) -> str:
        """The name of their language, as officers read it."""
        return languages.english(self.language)


def _run(incident: Incident, sql: str, **values: Given) -> list[tuple[Any, ...]]:
    given: dict[str, Given] = {"incident": incident.pk, "true": True, **values}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE[duplicates.are_any()] + sql, given)
        return cursor.fetchall()


def rows(
    incident: Incident, chosen: Chosen | None = None, start: int = 0, most: int = 0
) -> list[Inside]:
    """Return people inside in a fixed order, all or `most` of them from `start`."""
    where, values = (chosen or Chosen()).where()
    limit = f" LIMIT {int(most)} OFFSET {int(start)}" if most else ""
    found = _run(incident, f"{_ROWS}{where} ORDER BY i.person_id{limit}", **values)
    return [_inside(row) for row in found]


def _inside(row: tuple[Any, ...]) -> Inside:
    person_id, registration_id, status, is_verified, got, *place, is_stale = row
    lon, lat, precision, cell, language = place
    return Inside(
        person_id=person_id,
        registration_id=registration_id,
        status=status,
        is_verified=bool(is_verified),
        reach=REACH_NAMES[got],
        lon=lon,
        lat=lat,
        precision=precision,
        cell=cell,
        language=language,
        is_stale=bool(is_stale),
    )


def count(incident: Incident, chosen: Chosen) -> int:
    """Count the people that a choice keeps."""
    where, values = chosen.where()
    sql = f"SELECT COUNT(*) FROM ({_ROWS}{where}) kept"
    return int(_run(incident, sql, **values)[0][0])


def counts(incident: Incident) -> Iterable[tuple[str, str, bool, int]]:
    """Count people by status, how far their best message came, and staleness."""
    for status, got, is_stale, number in _run(incident, _COUNTS):
        yield status, REACH_NAMES[got], bool(is_stale), number


def cells(incident: Incident, zoom: int) -> list[tuple[int, str, int, float, float]]:
    """Count people by grid cell of a zoom (64 pixels wide) and status, with the mean.

    The cell's number is that of a tile two levels below the zoom.
    """
    return _run(incident, _CELLS, shift=shift_of(zoom))


def everything(incident: Incident, zoom: int) -> list[Group]:
    """Count people by all that a report tells of them, in one statement.

    One statement sees one moment, so that its breakdowns add up to the same total.
    """
    found = _run(incident, _EVERYTHING, shift=shift_of(zoom))
    return [
        Group(
            status,
            REACH_NAMES[got],
            level,
            language,
            bool(is_stale),
            node,
            people,
            lon or 0,
            lat or 0,
        )
        for status, got, level, language, is_stale, node, people, lon, lat in found
    ]


def shift_of(zoom: int) -> int:
    """Return by how many bits a stay's cell is shifted to a grid cell of a zoom."""
    return 2 * (26 - max(0, min(zoom, 22)) - 2)
