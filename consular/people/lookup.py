"""Read stays by ranges of cells from the index that covers them.

The join is written by hand, once for SQLite and PostgreSQL: `CROSS JOIN` makes SQLite
begin with the ranges, and its statement stands alone because PostgreSQL expects far too
many rows of it. Its conditions are those of the index, word for word. SQLite is told
its name: before an ANALYZE it prefers to copy the whole table into an index of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from consular.modes import Mode
from geo.cells import Ranges

Row = tuple[Any, ...]
_JOIN = (
    "WITH r(low, high, least) AS (VALUES {ranges}) SELECT {columns} FROM r"
    " CROSS JOIN people_stay s {index} WHERE s.cell BETWEEN r.low AND r.high"
    " AND s.radius_m >= r.least"
    " AND s.replaced_at IS NULL AND s.precision IN ('exact', 'town')"
    " AND s.mode = '{mode}'"
)
_ON_DAYS = " AND s.starts_on <= %s AND s.ends_on > %s"
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

    def values(self, start: int, end: int) -> str:
        """Write some of them as rows of SQL."""
        some = zip(
            self.ranges[start:end].tolist(),
            self.least_m[start:end].tolist(),
            strict=True,
        )
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
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        for start in range(0, len(span.ranges), _MOST_RANGES):
            sql = _JOIN.format(
                ranges=span.values(start, start + _MOST_RANGES),
                columns=columns,
                index=f"INDEXED BY stay_cell_{Mode(mode).value}" if is_sqlite else "",
                mode=Mode(mode).value,
            )
            values = [*given]
            if days:
                sql += _ON_DAYS
                values += [days[1].isoformat(), days[0].isoformat()]
            cursor.execute(sql, values)
            rows += cursor.fetchall()
    return rows


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
