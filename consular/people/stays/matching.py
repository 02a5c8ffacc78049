"""Match stays with a shape, and say what is known about each match.

Stays in ranges of cells wholly inside need no test; those on the boundary get an exact
one; towns with their point outside that reach into the shape are looked up by cell.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from consular.modes import Mode
from consular.people.models import SILENCES_OF_STALE, Stay
from consular.people.stays import covers, lookup, towns
from consular.people.stays.found import Degrees, Flags, Ids, Stays
from consular.people.stays.lookup import Row, Span
from geo import cells, gazetteer, nearness, shapes
from geo.cells import Covering

NEARBY_M = 25_000.0
_STAY = "s.id, s.registration_id, s.lon, s.lat, s.precision, s.is_shared"
_KEY = {"s.id": "i8"}
_PEOPLE = {"CAST(s.people AS bigint)": "i8"}
_POINT = {"s.lon": "f8", "s.lat": "f8"}
_IS_ON_DAYS = ", s.starts_on <= %s AND s.ends_on > %s"


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

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        return self.starts_on, self.ends_on


def keys(question: Question) -> Ids:
    """Return the primary keys of the stays in the shape on the days, in order.

    Nothing but the match: confirmed or not, whatever kind of registration.
    """
    cover = covers.covering(question.shape)
    ids, lons, lats = _points(question, Span.of(cover.full, cover.edge), _KEY)
    is_in = cover.has_whole(cells.cells_of(lons, lats))
    open_ = np.flatnonzero(~is_in)
    is_in[open_] = cells.contains(question.shape, lons[open_], lats[open_])
    reaching = towns.reaching(question.shape, cover)
    (others,) = lookup.arrays(reaching, _KEY, question.mode, question.days)
    found: Ids = np.concatenate([ids[is_in], others])
    found.sort()
    return found


def quickly(question: Question) -> int:
    """Count the people of the stays in the shape on the days, in one look.

    A person with two stays inside counts twice, one whose registration is not confirmed
    counts too: a figure to follow the mouse with, not one to act on.
    """
    cover = covers.covering(question.shape)
    sure = Span.of(cover.full).with_(towns.reaching(question.shape, cover))
    total = "COALESCE(SUM(s.people), 0)"
    whole = lookup.stays(sure, total, question.mode, question.days)
    people, lons, lats = _points(question, Span.of(cover.edge), _PEOPLE)
    is_in = cells.contains(question.shape, lons, lats)
    return int(sum(row[0] for row in whole) + people[is_in].sum())


def _points(
    question: Question, span: Span, column: dict[str, str]
) -> list[NDArray[Any]]:
    """Read a column of the stays in ranges of cells on the days, and their points."""
    return lookup.arrays(span, column | _POINT, question.mode, question.days)


def inside(question: Question) -> Stays:
    """Return the stays on the question's days whose point or town is in the shape."""
    cover = covers.covering(question.shape)
    found = _read(Span.of(cover.full, cover.edge), question, any_day=False)
    own = cells.cells_of(found.lons, found.lats)
    found.distances_m[cover.has_whole(own)] = 0
    open_ = np.flatnonzero(found.distances_m != 0)
    lons, lats = found.lons[open_], found.lats[open_]
    is_in = cells.contains(question.shape, lons, lats)
    found.distances_m[open_] = np.where(is_in, 0.0, np.inf)
    found = found.kept(found.is_inside)
    return found.with_(_reaching(question, cover, any_day=False))


def among(question: Question, numbers: Ids) -> Stays:
    """Return the current stays of some registrations, on any day and however far.

    Where they are, on which days and how near is told as `around` tells it.

    Parameters
    ----------
    question : Question
        The shape, days and mode.
    numbers : ndarray (n,)
        Ids of registrations.
    """
    rows = lookup.by_number(
        f"SELECT {_STAY}{_IS_ON_DAYS}, s.radius_m FROM people_stay s"
        " WHERE s.replaced_at IS NULL AND s.precision IN ('exact', 'town')"
        f" AND s.mode = '{Mode(question.mode).value}'"
        " AND s.registration_id IN ({ids})",
        numbers,
        _placeholders(question),
    )
    radii_m = {row[0]: min(row[7], towns.FARTHEST_M) for row in rows}
    found = _stays([row[:7] for row in rows], question.mode, any_day=True)
    reach_m = np.array([radii_m[number] for number in found.ids.tolist()], np.float64)
    reach_m[found.precisions == Stay.Precision.EXACT.value] = 0
    spots = found.lons, found.lats
    away = nearness.distances_to(question.shape, *spots, NEARBY_M)
    is_touched = nearness.touched_by(question.shape, *spots, reach_m)
    found.distances_m[:] = np.where(is_touched, 0.0, away)
    return found.with_(by_country(question, any_day=True, among=numbers))


def of_parties(numbers: Ids, mode: str, *, ever: bool = False) -> Stays:
    """Return the current stays of some registrations, wherever and on any day.

    With `ever` also those that were replaced. Nothing is measured: all are infinitely
    far.
    """
    current = "" if ever else " AND s.replaced_at IS NULL"
    rows = lookup.by_number(
        f"SELECT {_STAY} FROM people_stay s"
        " WHERE s.registration_id IN ({ids})" + current,
        numbers,
    )
    return _stays(rows, mode, any_day=False)


def with_a_stay(numbers: Ids, days: tuple[date, date]) -> set[int]:
    """Keep the registrations that have a current stay on some of the days, wherever."""
    rows = lookup.by_number(
        "SELECT DISTINCT s.registration_id FROM people_stay s"
        " WHERE s.replaced_at IS NULL AND s.starts_on <= %s AND s.ends_on > %s"
        " AND s.registration_id IN ({ids})",
        numbers,
        (days[1].isoformat(), days[0].isoformat()),
    )
    return {row[0] for row in rows}


def by_country(
    question: Question, *, any_day: bool = False, among: Ids | None = None
) -> Stays:
    """Return the stays of which only a country or region is known that shares an area.

    A stay in a region has its point in it. Outlines of regions are approximate: one
    within `NEARBY_M` of the shape counts.

    Parameters
    ----------
    question : Question
        The shape, days and mode.
    any_day : bool
        Whether to return the stays on other days as well.
    among : ndarray (n,), optional
        Only those of these registrations.
    """
    codes = gazetteer.countries_in(question.shape)
    listed = ",".join(f"'{code}'" for code in codes) or "''"
    sql = (
        f"SELECT {_STAY}{_IS_ON_DAYS if any_day else ''} FROM people_stay s"
        " WHERE s.replaced_at IS NULL AND s.precision IN ('region', 'country')"
        f" AND s.country IN ({listed}) AND s.mode = '{Mode(question.mode).value}'"
    )
    if not any_day:
        sql += " AND s.starts_on <= %s AND s.ends_on > %s"
    given = _placeholders(question)
    if among is None:
        rows = lookup.run(sql, given)
    else:
        sql += " AND s.registration_id IN ({ids})"
        rows = lookup.by_number(sql, among, given)
    return _stays(_by_region(rows, question.shape), question.mode, any_day=any_day)


def _by_region(rows: list[Row], shape: MultiPolygon) -> list[Row]:
    """Leave out stays in a region that is known and does not touch a shape."""
    spots = [(row[2], row[3]) for row in rows if row[4] == Stay.Precision.REGION]
    if not spots:
        return rows
    at = dict(zip(spots, gazetteer.regions_at(*zip(*spots, strict=True)), strict=True))
    touched = regions_near(shape)
    return [
        row
        for row in rows
        if row[4] != Stay.Precision.REGION or str(at[row[2], row[3]]) in touched
    ]


def regions_near(shape: MultiPolygon) -> set[str]:
    """Return the regions by whose code a stay counts, and "" for none."""
    return {"", *gazetteer.regions_in(shapes.grown(shape, NEARBY_M))}


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
    cover = covers.covering(question.shape)
    wide = covers.covering(shapes.grown(question.shape, NEARBY_M))
    found = _read(Span.of(wide.full, wide.edge), question, any_day=any_day)
    found.distances_m[:] = _distances(question, cover, found)
    reaching = _reaching(question, cover, any_day=any_day)
    found = found.kept(
        np.isfinite(found.distances_m) & ~np.isin(found.ids, reaching.ids)
    )
    return found.with_(reaching).with_(by_country(question, any_day=any_day))


def _distances(question: Question, cover: Covering, found: Stays) -> Degrees:
    """Measure from stays to the shape, as far as `NEARBY_M`."""
    own = cells.cells_of(found.lons, found.lats)
    away = np.where(cover.has_whole(own), 0.0, np.inf)
    open_ = np.flatnonzero(away)
    away[open_] = nearness.distances_to(
        question.shape, found.lons[open_], found.lats[open_], NEARBY_M
    )
    return away


def _reaching(question: Question, cover: Covering, *, any_day: bool) -> Stays:
    """Return the stays in towns with their point outside that reach into the shape."""
    span = towns.reaching(question.shape, cover)
    found = _read(span, question, any_day=any_day)
    found.distances_m[:] = 0
    return found


def _read(span: Span, question: Question, *, any_day: bool) -> Stays:
    columns = _STAY + (_IS_ON_DAYS if any_day else "")
    days = None if any_day else question.days
    given = _placeholders(question) if any_day else ()
    rows = lookup.stays(span, columns, question.mode, days, given)
    return _stays(rows, question.mode, any_day=any_day)


def _placeholders(question: Question) -> tuple[str, str]:
    return question.ends_on.isoformat(), question.starts_on.isoformat()


def _stays(rows: list[Row], mode: str, *, any_day: bool) -> Stays:
    """Return rows as columns, with what their registrations say."""
    width = 7 if any_day else 6
    wanted = np.unique(np.array([row[1] for row in rows], np.int64))
    parties = _registrations(wanted, mode)
    if len(parties.numbers) < len(wanted):  # some were erased since we looked
        there = set(parties.numbers.tolist())
        rows = [row for row in rows if row[1] in there]
    columns = list(zip(*rows, strict=True)) if rows else [()] * width
    numbers = np.array(columns[1], np.int64)
    ids = np.array(columns[0], np.int64)
    order = np.lexsort([ids, numbers])
    places = np.searchsorted(parties.numbers, numbers[order])
    is_there = np.ones(len(rows), bool) if not any_day else np.array(columns[6], bool)
    return Stays(
        ids=ids[order],
        registration_ids=numbers[order],
        lons=np.array(columns[2], np.float64)[order],
        lats=np.array(columns[3], np.float64)[order],
        precisions=np.array(columns[4], np.str_)[order],
        kinds=parties.kinds[places],
        languages=parties.languages[places],
        is_confirmed=parties.is_confirmed[places],
        is_stale=parties.is_stale[places],
        is_shared=np.array(columns[5], bool)[order],
        is_on_days=is_there[order],
        distances_m=np.full(len(rows), np.inf),
    )


@dataclass(frozen=True, kw_only=True)
class _Parties:
    """Registrations as columns, in the order of their numbers."""

    numbers: Ids
    kinds: NDArray[np.str_]
    languages: NDArray[np.str_]
    is_confirmed: Flags
    is_stale: Flags


def _registrations(numbers: Ids, mode: str) -> _Parties:
    rows = lookup.by_number(
        "SELECT id, kind, language, confirmed_at IS NOT NULL, silences >= "
        f"{SILENCES_OF_STALE} FROM people_registration"
        " WHERE mode = %s AND id IN ({ids}) ORDER BY id",
        numbers,
        [mode],
    )
    found, kinds, languages, sure, stale = (
        zip(*rows, strict=True) if rows else ((),) * 5
    )
    return _Parties(
        numbers=np.array(found, np.int64),
        kinds=np.array(kinds, np.str_),
        languages=np.array(languages, np.str_),
        is_confirmed=np.array(sure, np.bool_),
        is_stale=np.array(stale, np.bool_),
    )
