"""Write with one statement on both databases: many rows, or one and no transaction.

`UPDATE … FROM (VALUES …)` calls its columns `column1`, `column2` … on SQLite and
PostgreSQL alike; PostgreSQL must be told the types of what is not text or a number.
"""

import uuid
from datetime import datetime
from functools import cache
from typing import Any

from django.db import Error, connection, models


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
    fields = _fields(type(row))
    values = [
        field.get_db_prep_save(field.pre_save(row, True), connection)
        for field in fields
    ]
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        _execute(_insert(type(row)), values)
    except Error:
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        _execute(_insert(type(row)), values)


def _execute(sql: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@cache
def _fields(kind: type[models.Model]) -> tuple[Any, ...]:
    known = kind._meta.concrete_fields  # noqa: SLF001 - Django documents it
    return tuple(field for field in known if not field.primary_key)


@cache
def _insert(kind: type[models.Model]) -> str:
    names = ", ".join(f'"{field.column}"' for field in _fields(kind))
    table = kind._meta.db_table  # noqa: SLF001 - Django documents it
    marks = rows(1, len(_fields(kind)))
    return f'INSERT INTO "{table}" ({names}) VALUES {marks} ON CONFLICT DO NOTHING'
