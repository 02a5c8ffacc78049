"""Write with one statement on both databases: many rows, or one and no transaction.

`UPDATE … FROM (VALUES …)` calls its columns `column1`, `column2` … on SQLite and
PostgreSQL alike; PostgreSQL must be told the types of what is not text or a number.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import Error, connection, models

Row = TypeVar("Row", bound=models.Model)


def rows(count: int, columns: int) -> str:
    """Return the placeholders of so many rows."""
    row = "(" + ", ".join(["%s"] * columns) + ")"
    return ", ".join([row] * count)


def typed(kind: str, number: int) -> str:
    """Return a column of VALUES as a PostgreSQL type; SQLite has no such types."""
    column = f"v.column{number}"
    return f"CAST({column} AS {kind})" if connection.vendor == "postgresql" else column


def time(value: datetime | None) -> Any:
    """Return a time as the database keeps it."""
    return None if value is None else connection.ops.adapt_datetimefield_value(value)


def uid(value: uuid.UUID) -> str:
    """Return an id as the database keeps it."""
    return str(value) if connection.features.has_native_uuid_field else value.hex


def insert_new(row: models.Model) -> None:
    """Insert a row and commit by one statement; what is there already is left alone.

    `bulk_create(ignore_conflicts=True)` sends a statement before that and one after it,
    while whoever posts the row waits. Nor is the connection tried beforehand: where it
    is gone, the same statement goes out on a new one, and again writes one row.
    """
    values = _values(row)
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        _execute(_insert(type(row), 1), values)
    except Error:
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        _execute(_insert(type(row), 1), values)


def insert_missing(rows_: Sequence[Row], by: str) -> list[Row]:
    """Insert rows by one statement and return, with their ids, those that were new.

    Parameters
    ----------
    by : str
        A field whose column is unique and tells the rows apart.
    """
    if not rows_:
        return []
    kind = type(rows_[0])
    sql = f'{_insert(kind, len(rows_))} RETURNING "id", "{by}"'
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows_ for value in _values(row)])
        numbers = {key: number for number, key in cursor.fetchall()}
    new = {getattr(row, by): row for row in rows_ if getattr(row, by) in numbers}
    for key, row in new.items():
        row.pk = numbers[key]
        row._state.adding = False  # noqa: SLF001 - Django documents it
    return list(new.values())


def upsert(
    rows_: Sequence[models.Model], by: Sequence[str], beside: Sequence[str] = ()
) -> None:
    """Insert rows by one statement; where one is there already, it becomes the new one.

    Parameters
    ----------
    by : sequence of str
        The fields whose columns are unique together.
    beside : sequence of str
        Fields that change only where another one does.
    """
    if not rows_:
        return
    kind = type(rows_[0])
    insert = _insert(kind, len(rows_)).removesuffix("DO NOTHING")
    sql = insert + _replacing(kind, tuple(by), tuple(beside), connection.vendor)
    _execute(sql, [value for row in rows_ for value in _values(row)])


def _execute(sql: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _values(row: models.Model) -> list[Any]:
    return [
        field.get_db_prep_save(field.pre_save(row, True), connection)
        for field in _fields(type(row))
    ]


@cache
def _fields(kind: type[models.Model]) -> tuple[Any, ...]:
    known = kind._meta.concrete_fields  # noqa: SLF001 - Django documents it
    return tuple(field for field in known if not field.primary_key)


@cache
def _replacing(
    kind: type[models.Model], by: tuple[str, ...], beside: tuple[str, ...], vendor: str
) -> str:
    unique = [field.column for field in _fields(kind) if field.name in by]
    others = [field for field in _fields(kind) if field.name not in by]
    changes = ", ".join(f'"{f.column}" = excluded."{f.column}"' for f in others)
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    table = kind._meta.db_table  # noqa: SLF001 - Django documents it
    is_other = " OR ".join(
        f'"{table}"."{field.column}" {differs} excluded."{field.column}"'
        for field in others
        if field.name not in beside
    )
    at = ", ".join(f'"{name}"' for name in unique)
    return f"({at}) DO UPDATE SET {changes} WHERE {is_other}"


@cache
def _insert(kind: type[models.Model], count: int) -> str:
    names = ", ".join(f'"{field.column}"' for field in _fields(kind))
    table = kind._meta.db_table  # noqa: SLF001 - Django documents it
    marks = rows(count, len(_fields(kind)))
    return f'INSERT INTO "{table}" ({names}) VALUES {marks} ON CONFLICT DO NOTHING'
