"""Seal again, with the newest key, what older keys have sealed; the service runs on.

A row is found by the key that sealed it, so that a run that was interrupted goes on
where it ended. A value that somebody changes meanwhile is sealed anew by them, and is
left alone here.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from consular import sealing

AT_ONCE = 500


def sealed_models() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Yield each model with sealed fields, and the names of their columns."""
    for model in apps.get_models():
        fields = model._meta.concrete_fields  # noqa: SLF001 - Django documents it
        sealed = [
            str(f.column) for f in fields if isinstance(f, sealing.SealedTextField)
        ]
        if sealed:
            yield model, sealed


def run(most: int | None = None) -> dict[str, int]:
    """Seal again what is not sealed with the newest key; return values by table.

    Parameters
    ----------
    most : int, optional
        Rows a table, to stop early.
    """
    done = {}
    for model, columns in sealed_models():
        table = model._meta.db_table  # noqa: SLF001 - Django documents it
        key = str(model._meta.pk.column)  # noqa: SLF001
        done[table] = _table(table, key, columns, most)
    return done


def _table(table: str, key: str, columns: list[str], most: int | None) -> int:
    """Go through one table in the order of its key, some hundred rows at a time."""
    quoted = [connection.ops.quote_name(name) for name in columns]
    table, key = connection.ops.quote_name(table), connection.ops.quote_name(key)
    old = " OR ".join(f"({name} <> '' AND {name} NOT LIKE %s)" for name in quoted)
    sql = (
        f"SELECT {key}, {', '.join(quoted)} FROM {table}"
        f" WHERE {key} > %s AND ({old}) ORDER BY {key} LIMIT {AT_ONCE}"
    )
    marks = [f"{sealing.newest_prefix()}%"] * len(columns)
    last, rows_seen, total = 0, 0, 0
    while most is None or rows_seen < most:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [last, *marks])
            rows = cursor.fetchall()[: None if most is None else most - rows_seen]
            for row in rows:
                total += _row(cursor, table, key, quoted, row)
        if not rows:
            break
        last, rows_seen = rows[-1][0], rows_seen + len(rows)
    return total


def _row(
    cursor: Any, table: str, key: str, columns: list[str], row: tuple[Any, ...]
) -> int:
    number, *values = row
    done = 0
    for column, value in zip(columns, values, strict=True):
        if value and not value.startswith(sealing.newest_prefix()):
            fresh = sealing.seal(sealing.unseal(value))
            cursor.execute(
                f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",
                [fresh, number, value],
            )
            done += cursor.rowcount
    return done


def left() -> int:
    """Return how many values are not sealed with the newest key."""
    return _others([sealing.newest_prefix()])


def shut() -> int:
    """Return how many values were sealed with a key that is not set."""
    return _others(sealing.prefixes())


def _others(prefixes: list[str]) -> int:
    """Count the values that begin with none of the prefixes of keys."""
    total = 0
    for model, columns in sealed_models():
        for column in columns:
            table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001
            name = connection.ops.quote_name(column)
            with connection.cursor() as cursor:
                others = f" AND {name} NOT LIKE %s" * len(prefixes)
                cursor.execute(
                    f"SELECT COUNT(*) FROM {table} WHERE {name} <> ''{others}",
                    [f"{prefix}%" for prefix in prefixes],
                )
                total += cursor.fetchone()[0]
    return total
