"""Update many rows, each with values of its own, by one statement on both databases.

`UPDATE … FROM (VALUES …)` calls its columns `column1`, `column2` … on SQLite and
PostgreSQL alike; PostgreSQL must be told the types of what is not text or a number.
"""

import uuid
from datetime import datetime
from typing import Any

from django.db import connection


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
