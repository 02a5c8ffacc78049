"""Write many rows at once: `COPY` on PostgreSQL, one prepared statement on SQLite.

For what is written by the thousand: an import, an audience with its messages. Columns
come in, no object a row is made, and what a model does in `save()` is not done.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
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
    if not count:
        return True
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
    if connection.vendor == "postgresql":
        return _copy(model, fields, rows, ignore_conflicts)
    return _insert(model, fields, rows, ignore_conflicts)


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
        return [value.hex for value in given]
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


def _copy(
    model: type[models.Model],
    fields: Sequence["Field[Any, Any]"],
    rows: list[tuple[Any, ...]],
    ignore_conflicts: bool,
) -> bool:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    text.seek(0)
    never_null = _names([field for field in fields if not field.null])
    table = connection.ops.quote_name(_meta(model).db_table)
    sql = (
        f"COPY {table} ({_names(fields)}) FROM STDIN"
        f" WITH (FORMAT csv, FORCE_NOT_NULL ({never_null}))"
    )
    try:
        with (
            transaction.atomic() if ignore_conflicts else nullcontext(),
            connection.cursor() as cursor,
            connection.wrap_database_errors,
        ):
            cursor.copy_expert(sql, text)
            return True
    except IntegrityError:
        if not ignore_conflicts:
            raise
        return _insert(model, fields, rows, ignore_conflicts)


def _insert(
    model: type[models.Model],
    fields: Sequence["Field[Any, Any]"],
    rows: list[tuple[Any, ...]],
    ignore_conflicts: bool,
) -> bool:
    table = connection.ops.quote_name(_meta(model).db_table)
    marks = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {table} ({_names(fields)}) VALUES ({marks})"
    if ignore_conflicts:
        sql += " ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
        return bool(cursor.rowcount == len(rows))
