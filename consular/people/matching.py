"""Match stays with a shape: the range join, and what is known about each match.

The join is written by hand, once for SQLite and PostgreSQL: `CROSS JOIN` makes SQLite
begin with the ranges, and its statement stands alone because PostgreSQL expects far too
many rows of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from consular.people.models import Registration, Stay
from geo import cells, gazetteer, nearness, shapes

NEARBY_M = 25_000.0
# Who is included unless a question says otherwise.
INCLUDE = {"trip": True, "residence": True, "crisis": True, "country_only": False}
POINTS = (Stay.Precision.EXACT.value, Stay.Precision.TOWN.value)
AREAS = (Stay.Precision.REGION.value, Stay.Precision.COUNTRY.value)
_AT_ONCE = 5_000  # numbers in one IN list
_STAY = (
    "s.id, s.registration_id, s.lon, s.lat, s.precision,"
    " s.starts_on <= %s AND s.ends_on > %s"
)

Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]
Degrees = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Ask who is somewhere at some time.

    Attributes
    ----------
    shape : MultiPolygon
        WGS 84, cut at ±180°, valid (`geo.shapes`).
    starts_on, ends_on : date
        The first and the last local day, both belonging to the question.
    mode : str
        Only registrations of this mode are looked at.
    """

    shape: MultiPolygon
    starts_on: date
    ends_on: date
    mode: str


@dataclass(frozen=True, kw_only=True)
class Stays:
    """Stays as columns of one length, in the order of registrations.

    `distances_m` is 0 inside the shape, and infinite where only the country is known;
    `is_on_days` tells whether the stay shares a day with the question.
    """

    ids: Ids
    registration_ids: Ids
    lons: Degrees
    lats: Degrees
    precisions: NDArray[np.str_]
    kinds: NDArray[np.str_]
    languages: NDArray[np.str_]
    is_confirmed: Flags
    is_on_days: Flags
    distances_m: Degrees

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_inside(self) -> Flags:
        """Where the point is in the shape."""
        is_inside: Flags = self.distances_m == 0
        return is_inside

    @property
    def is_area(self) -> Flags:
        """Where only the region or country is known."""
        is_area: Flags = np.isin(self.precisions, AREAS)
        return is_area

    def kept(self, mask: Flags) -> "Stays":
        """Return the stays that a mask keeps."""
        return Stays(**{name: column[mask] for name, column in vars(self).items()})

    def with_(self, other: "Stays") -> "Stays":
        """Return both, in the order of registrations."""
        both = {
            name: np.concatenate([column, vars(other)[name]])
            for name, column in vars(self).items()
        }
        order = np.lexsort([both["ids"], both["registration_ids"]])
        return Stays(**{name: column[order] for name, column in both.items()})

    def included(self, include: Mapping[str, bool] | None = None) -> "Stays":
        """Return the stays that put somebody into the audience."""
        chosen = INCLUDE | dict(include or {})
        kinds = [kind for kind in Registration.Kind.values if chosen[kind]]
        place = self.is_inside
        if chosen["country_only"]:
            place = place | self.is_area
        is_in = place & self.is_on_days & self.is_confirmed
        return self.kept(is_in & np.isin(self.kinds, kinds))


def inside(question: Question) -> Stays:
    """Return the stays on the question's days whose point is in the shape."""
    return _by_point(question, question.shape, any_day=False)


def by_country(question: Question, *, any_day: bool = False) -> Stays:
    """Return the stays of which only a country is known that shares an area."""
    codes = gazetteer.countries_in(question.shape)
    listed = ",".join(f"'{code}'" for code in codes) or "''"
    return _stays(
        f"SELECT {_STAY} FROM people_stay s WHERE s.replaced_at IS NULL"
        f" AND s.precision IN {AREAS} AND s.country IN ({listed})",
        question,
        any_day=any_day,
    )


def around(question: Question, *, any_day: bool = False) -> Stays:
    """Return all stays that a count or a reason can be about.

    They are inside the shape or within 25 km, or known only by a country that shares an
    area with it; confirmed or not.

    Parameters
    ----------
    question : Question
        The shape, days and mode.
    any_day : bool
        Whether to return the stays on other days as well.
    """
    wide = shapes.grown(question.shape, NEARBY_M)
    by_point = _by_point(question, wide, any_day=any_day)
    return by_point.with_(by_country(question, any_day=any_day))


def _by_point(question: Question, around: MultiPolygon, *, any_day: bool) -> Stays:
    """Return the stays with a point in `around`, which holds the question's shape."""
    cover = cells.covering(around)
    ranges = ",".join(
        f"({low},{high})" for low, high in np.vstack([cover.full, cover.edge]).tolist()
    )
    found = _stays(
        f"WITH r(low, high) AS (VALUES {ranges}) SELECT {_STAY} FROM r"
        " CROSS JOIN people_stay s WHERE s.cell BETWEEN r.low AND r.high"
        f" AND s.replaced_at IS NULL AND s.precision IN {POINTS}",
        question,
        any_day=any_day,
    )
    within = NEARBY_M if around is not question.shape else 0.0
    inner = cells.covering(question.shape) if within else cover
    own = cells.cells_of(found.lons, found.lats)
    found.distances_m[inner.has_whole(own)] = 0
    open_ = np.flatnonzero(found.distances_m != 0)
    lons, lats = found.lons[open_], found.lats[open_]
    if within:
        away = nearness.distances_to(question.shape, lons, lats, within)
    else:
        away = np.where(cells.contains(question.shape, lons, lats), 0.0, np.inf)
    found.distances_m[open_] = away
    return found.kept(np.isfinite(found.distances_m))


def _stays(sql: str, question: Question, *, any_day: bool) -> Stays:
    days = [question.ends_on.isoformat(), question.starts_on.isoformat()]
    if not any_day:
        sql += " AND s.starts_on <= %s AND s.ends_on > %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, days if any_day else days * 2)
        rows = cursor.fetchall()
    rows.sort(key=lambda row: (row[1], row[0]))
    known = _registrations({row[1] for row in rows}, question.mode)
    rows = [row + known[row[1]] for row in rows if row[1] in known]
    ids, numbers, lons, lats, precisions, days_, kinds, languages, sure = (
        zip(*rows, strict=True) if rows else ((),) * 9
    )
    return Stays(
        ids=np.array(ids, np.int64),
        registration_ids=np.array(numbers, np.int64),
        lons=np.array(lons, np.float64),
        lats=np.array(lats, np.float64),
        precisions=np.array(precisions, np.str_),
        kinds=np.array(kinds, np.str_),
        languages=np.array(languages, np.str_),
        is_confirmed=np.array(sure, np.bool_),
        is_on_days=np.array(days_, np.bool_),
        distances_m=np.full(len(rows), np.inf),
    )


def _registrations(numbers: set[int], mode: str) -> dict[int, tuple[Any, ...]]:
    rows = rows_of(
        "SELECT id, kind, language, confirmed_at IS NOT NULL FROM people_registration"
        " WHERE mode = %s AND id IN ({ids})",
        np.array(sorted(numbers), np.int64),
        [mode],
    )
    return {row[0]: row[1:] for row in rows}


def rows_of(sql: str, numbers: Ids, given: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """Run a statement for many ids, in their order, some thousand at a time."""
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for start in range(0, len(numbers), _AT_ONCE):
            listed = ",".join(map(str, numbers[start : start + _AT_ONCE].tolist()))
            cursor.execute(sql.format(ids=listed), given)
            rows += cursor.fetchall()
    return rows


def columns(rows: list[tuple[Any, ...]], width: int) -> list[Ids]:
    """Return rows of numbers as columns."""
    return list(np.array(rows, np.int64).reshape(-1, width).T)
