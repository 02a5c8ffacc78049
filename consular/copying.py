"""Write many rows at once: `COPY` on PostgreSQL, one prepared statement on SQLite.

For what is written by the thousand: an import, an audience with its messages. Columns
come in, no object a row is made, and what a model does in `save()` is not done.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Field
from django.db.models.options import Options

from consular import sealing
from consular.sealing import SealedTextField

Columns = Mapping[str, Any]
"""Values by the name of a field (`registration_id` for a relation).

A list is one value a row; anything else is the same value in every row. A text that is
empty where it may be null is written as null.
"""
_UNCHANGED = {
    "BigAutoField",
    "BigIntegerField",
    "BooleanField",
    "CharField",
    "FloatField",
    "ForeignKey",
    "IntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
}
_REPEATED = {"DateField", "DateTimeField"}
Look = Callable[[type[models.Model], Iterable[int]], None]
_AT_A_TIME = 1 << 20  # bytes handed to the driver: each time costs a turn of Python's


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows of one table as its database takes them; on PostgreSQL, `text` is for COPY.

    Whoever has the transaction writes them: also another thread, for which nothing is
    left to do in Python.
    """

    model: type[models.Model]
    fields: "Sequence[Field[Any, Any]]"
    rows: list[tuple[Any, ...]]
    text: bytes

    def write(self, ignore_conflicts: bool = False) -> bool:
        """Write the rows, as `write` does; tell whether every one was written."""
        if connection.vendor == "postgresql":
            return _copy(self, ignore_conflicts)
        return _insert(self, ignore_conflicts)


class Batch:
    """Rows of several tables that are prepared now and written later, in this order.

    What they name in other tables, and the database does not look for, is held first.
    """

    def __init__(self) -> None:
        self._looks: list[tuple[Look, type[models.Model], list[int]]] = []
        self._prepared: list[Prepared] = []

    def first(
        self, how: Look, model: type[models.Model], numbers: Iterable[int]
    ) -> None:
        """Have `hold` or `expect` done before anything is written."""
        self._looks.append((how, model, list(numbers)))

    def add(self, model: type[models.Model], count: int, columns: Columns) -> None:
        """Prepare rows whose columns are given, as for `write`."""
        if count:
            self._prepared.append(prepared(model, count, columns))

    def write(self) -> None:
        """Write them all; inside a transaction.

        Raises
        ------
        IntegrityError
            When one of them cannot be, or what is to be held is gone.
        """
        for how, model, numbers in self._looks:
            how(model, numbers)
        for each in self._prepared:
            each.write()


def numbers(model: type[models.Model], count: int) -> list[int]:
    """Take so many primary keys that nobody else will get; inside a transaction.

    On SQLite the transaction holds the one lock for writing; on PostgreSQL they come
    from the sequence.
    """
    if not count:
        return []
    table, key = _meta(model).db_table, _meta(model).pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass))"
                " FROM generate_series(1, %s)",
                [f'"{table}"', key, count],
            )
            return [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()
    first = (last[0] if last else 0) + 1
    return list(range(first, first + count))


def need_not_last() -> None:
    """Let the transaction under way be lost in a power cut, and not wait for the disk.

    For work in steps that whoever comes back does again, when a last step, which does
    wait, makes it count: that one's wait makes all before it last as well.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")


def hold(model: type[models.Model], numbers: Iterable[int]) -> None:
    """Let nobody delete rows before the transaction ends; one look for all of them.

    It stands for a foreign key, which looks for each row that names another. Whoever
    deletes such rows holds them first (`select_for_update`), and then asks whether
    somebody names them.

    Raises
    ------
    IntegrityError
        When one of them is gone.
    """
    _look(model, numbers, "FOR KEY SHARE")


def look(how: Look, model: type[models.Model], numbers: Iterable[int]) -> None:
    """Do `hold` or `expect` now, where a batch does it later."""
    how(model, numbers)


def expect(model: type[models.Model], numbers: Iterable[int]) -> None:
    """Look whether rows are there, which nobody deletes without what we hold.

    Raises
    ------
    IntegrityError
        When one of them is gone.
    """
    _look(model, numbers, "")


def _look(model: type[models.Model], numbers: Iterable[int], lock: str) -> None:
    wanted = sorted(set(numbers))
    if not wanted:
        return
    ids = ",".join(map(str, wanted))
    among = f"IN ({ids})"
    if connection.vendor == "postgresql":
        among = f"= ANY('{{{ids}}}'::bigint[]) {lock}"
    table = connection.ops.quote_name(_meta(model).db_table)
    found = f"SELECT 1 FROM {table} WHERE id {among}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({found}) AS found")
        if cursor.fetchone()[0] != len(wanted):
            raise IntegrityError(f"of {len(wanted)} rows of {model.__name__} some went")


def write(
    model: type[models.Model],
    count: int,
    columns: Columns,
    *,
    ignore_conflicts: bool = False,
) -> bool:
    """Write rows whose columns are given; a field that is not named gets its default.

    Parameters
    ----------
    model : type of Model
        The table.
    count : int
        How many rows there are.
    columns : mapping
        See `Columns`.
    ignore_conflicts : bool
        Whether to leave out rows that break a unique constraint.

    Returns
    -------
    bool
        Whether every row was written.
    """
    return not count or prepared(model, count, columns).write(ignore_conflicts)


def prepared(model: type[models.Model], count: int, columns: Columns) -> Prepared:
    """Bring rows whose columns are given into the form that the database takes."""
    fields = [
        field
        for field in _meta(model).concrete_fields
        if field.attname in columns or not field.primary_key
    ]
    values = [
        _prepared(field, columns.get(field.attname, field.get_default()), count)
        for field in fields
    ]
    rows = list(zip(*values, strict=True))
    text = io.StringIO()
    if connection.vendor == "postgresql":
        csv.writer(text, lineterminator="\n").writerows(rows)
    return Prepared(model, fields, rows, text.getvalue().encode())


def create(rows: Sequence[models.Model]) -> None:
    """Write objects that are not stored yet, all of one model; give them their keys."""
    if not rows:
        return
    model = type(rows[0])
    for row, number in zip(rows, numbers(model, len(rows)), strict=True):
        row.pk = number
    fields = _meta(model).concrete_fields
    names = [str(field.attname) for field in fields]
    write(model, len(rows), {n: [getattr(row, n) for row in rows] for n in names})
    for row in rows:
        row._state.adding = False  # noqa: SLF001 - Django documents it


def _meta(model: type[models.Model]) -> "Options[Any]":
    return model._meta  # noqa: SLF001 - Django documents it


def _prepared(field: "Field[Any, Any]", given: Any, count: int) -> Iterable[Any]:
    """Return what the database takes for each row."""
    if not isinstance(given, list):
        return repeat(_stored(field, given), count)
    if isinstance(field, SealedTextField) and None not in given:
        return sealing.seal_all(given)
    kind = field.get_internal_type()
    if kind in _UNCHANGED:
        return given
    if kind == "UUIDField":  # as SQLite keeps them; PostgreSQL reads them too
        return [str(value).replace("-", "") for value in given]
    if kind in _REPEATED:  # a few days, many rows
        stored = {value: _stored(field, value) for value in set(given)}
        return [stored[value] for value in given]
    return [_stored(field, value) for value in given]


def _stored(field: "Field[Any, Any]", value: Any) -> Any:
    if field.get_internal_type() == "TextField":
        return field.get_prep_value(value)
    if field.get_internal_type() == "JSONField":
        return None if value is None else json.dumps(value)
    stored = field.get_db_prep_save(value, connection)
    return str(stored) if isinstance(stored, date) else stored  # once, not in each row


def _names(fields: Sequence["Field[Any, Any]"]) -> str:
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)


def _copy(given: Prepared, ignore_conflicts: bool) -> bool:
    never_null = _names([field for field in given.fields if not field.null])
    sql = (
        f"COPY {_table(given)} ({_names(given.fields)}) FROM STDIN"
        f" WITH (FORMAT csv, FORCE_NOT_NULL ({never_null}))"
    )
    try:
        with (
            transaction.atomic() if ignore_conflicts else nullcontext(),
            connection.cursor() as cursor,
            connection.wrap_database_errors,
        ):
            cursor.copy_expert(sql, io.BytesIO(given.text), _AT_A_TIME)
            return True
    except IntegrityError:
        if not ignore_conflicts:
            raise
        return _insert(given, ignore_conflicts)


def _table(given: Prepared) -> str:
    return connection.ops.quote_name(_meta(given.model).db_table)


def _insert(given: Prepared, ignore_conflicts: bool) -> bool:
    marks = ", ".join(["%s"] * len(given.fields))
    sql = f"INSERT INTO {_table(given)} ({_names(given.fields)}) VALUES ({marks})"
    if ignore_conflicts:
        sql += " ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        cursor.executemany(sql, given.rows)
        return bool(cursor.rowcount == len(given.rows))
