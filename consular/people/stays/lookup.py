"""Read stays by ranges of cells from the index that covers them.

The join is written by hand, once for SQLite and PostgreSQL: `CROSS JOIN` makes SQLite
begin with the ranges, and its statement stands alone because PostgreSQL expects far too
many rows of it. Its conditions are those of the index, word for word. SQLite is told
its name: before an ANALYZE it prefers to copy the whole table into an index of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from consular.modes import Mode
from consular.people.stays import columnar
from geo.cells import Ranges

Row = tuple[Any, ...]
_JOIN = (
    "WITH r(low, high{least}) AS (VALUES {ranges}) SELECT {columns} FROM r"
    " CROSS JOIN people_stay s {index} WHERE s.cell BETWEEN r.low AND r.high"
    "{more} AND s.replaced_at IS NULL AND s.precision IN ('exact', 'town')"
    " AND s.mode = '{mode}'"
)
# SQLite tests in this order: nine in ten stays are told apart by their days.
_ON_DAYS = " AND s.ends_on > %s AND s.starts_on <= %s"
_WIDE = " AND s.radius_m >= r.least"
_AT_ONCE = 5_000  # numbers in one IN list
_MOST_RANGES = 5_000  # in one statement


@dataclass(frozen=True)
class Span:
    """Where to look: ranges of cells, and how far a stay must reach in each.

    Attributes
    ----------
    ranges : ndarray (n, 2)
        First and last cells that do not overlap.
    least_m : ndarray (n,)
        The least radius of a stay; 0 takes all.
    """

    ranges: Ranges
    least_m: NDArray[np.float64]

    @classmethod
    def of(cls, *ranges: Ranges) -> "Span":
        """Return all stays in these ranges."""
        both = np.vstack(ranges)
        return cls(both, np.zeros(len(both)))

    def with_(self, other: "Span") -> "Span":
        """Return both."""
        return Span(
            np.vstack([self.ranges, other.ranges]),
            np.concatenate([self.least_m, other.least_m]),
        )

    @property
    def takes_all(self) -> bool:
        """Whether a stay's radius does not matter in any of them."""
        return not self.least_m.any()

    def values(self, start: int, end: int) -> str:
        """Write some of them as rows of SQL, with the radius if one matters."""
        ranges = self.ranges[start:end].tolist()
        if self.takes_all:
            return ",".join(f"({low},{high})" for low, high in ranges)
        some = zip(ranges, self.least_m[start:end].tolist(), strict=True)
        return ",".join(f"({low},{high},{least!r})" for (low, high), least in some)


def stays(
    span: Span,
    columns: str,
    mode: str,
    days: tuple[date, date] | None = None,
    given: Sequence[str] = (),
) -> list[Row]:
    """Read the stays whose point is known in ranges of cells.

    Parameters
    ----------
    span : Span
        The ranges.
    columns : str
        SQL; of `s`, best those that the index holds.
    mode : str
        That of the stays.
    days : (date, date), optional
        The first and last day; a stay must share one.
    given : sequence of str
        Values for the placeholders in `columns`.
    """
    rows: list[Row] = []
    with connection.cursor() as cursor:
        for sql, values in _statements(span, columns, mode, days):
            cursor.execute(sql, [*given, *values])
            rows += cursor.fetchall()
    return rows


def arrays(
    span: Span, columns: Mapping[str, str], mode: str, days: tuple[date, date]
) -> list[NDArray[Any]]:
    """Read columns of numbers of the stays in ranges of cells, as arrays.

    Parameters
    ----------
    span : Span
        The ranges.
    columns : dict of str to str
        SQL of `s`, never null, with its type: "i8" for bigint, "f8" for double.
    mode : str
        That of the stays.
    days : (date, date)
        The first and last day; a stay must share one.

    Returns
    -------
    list of ndarray (n,)
        One for each column, in their order.
    """
    types = [*columns.values()]
    pieces = [np.zeros(0, columnar.named(types))]
    for sql, values in _statements(span, ", ".join(columns), mode, days):
        pieces.append(columnar.read(sql, values, types))
    whole = np.concatenate(pieces)
    return [whole[name] for name in whole.dtype.names or ()]


def _statements(
    span: Span, columns: str, mode: str, days: tuple[date, date] | None
) -> Iterator[tuple[str, list[str]]]:
    """Write the statements for some thousand ranges each, with their days."""
    is_sqlite = connection.vendor == "sqlite"
    values = [days[0].isoformat(), days[1].isoformat()] if days else []
    more = (_ON_DAYS if days else "") + ("" if span.takes_all else _WIDE)
    for start in range(0, len(span.ranges), _MOST_RANGES):
        yield (
            _JOIN.format(
                least="" if span.takes_all else ", least",
                more=more,
                ranges=span.values(start, start + _MOST_RANGES),
                columns=columns,
                index=f"INDEXED BY stay_cell_{Mode(mode).value}" if is_sqlite else "",
                mode=Mode(mode).value,
            ),
            values,
        )


def run(sql: str, given: Sequence[str]) -> list[Row]:
    """Run one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return cursor.fetchall()


def by_number(
    sql: str, numbers: NDArray[np.int64], given: Sequence[str] = ()
) -> list[Row]:
    """Run a statement for many ids, in their order, some thousand at a time."""
    rows: list[Row] = []
    with connection.cursor() as cursor:
        for start in range(0, len(numbers), _AT_ONCE):
            listed = ",".join(map(str, numbers[start : start + _AT_ONCE].tolist()))
            cursor.execute(sql.format(ids=listed), given)
            rows += cursor.fetchall()
    return rows


def columns_of(rows: list[Row], width: int) -> list[NDArray[np.int64]]:
    """Return rows of numbers as columns."""
    return list(np.array(rows, np.int64).reshape(-1, width).T)
