"""Read columns of numbers as arrays, without an object for each row.

On PostgreSQL they come through a binary COPY, whose bytes are the arrays' own.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

_HEADER, _TRAILER = 19, 2  # bytes before the first row and after the last
_WRONG = "a column is null or of another type"


def read(sql: str, given: Sequence[Any], types: Sequence[str]) -> NDArray[Any]:
    """Run a statement and return its rows as arrays.

    Parameters
    ----------
    sql : str
        One SELECT of bigint and double columns that are never null.
    given : sequence
        Values for its placeholders.
    types : sequence of str
        "i8" or "f8" for each column.

    Returns
    -------
    ndarray (n,)
        Structured; the fields are "0", "1" and so on.

    Raises
    ------
    ValueError
        When PostgreSQL sends a null or a column of another type.
    """
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            # Row by row: as a list, all of them are eight times as large as the arrays.
            return np.fromiter(cursor, named(types))
    sent = io.BytesIO()
    with connection.cursor() as cursor, connection.wrap_database_errors:
        query = cursor.mogrify(sql, given).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", sent)
    return _unpacked(sent.getbuffer()[_HEADER:-_TRAILER], types)


def named(types: Sequence[str]) -> list[tuple[str, str]]:
    """Return what numpy calls the columns, each with its type."""
    return [(str(n), kind) for n, kind in enumerate(types)]


def _unpacked(sent: memoryview, types: Sequence[str]) -> NDArray[Any]:
    """Take rows apart: the number of columns, then each one's size and its bytes."""
    layout = [("width", ">i2")]
    for name, kind in named(types):
        layout += [(f"size of {name}", ">i4"), (name, f">{kind}")]
    if len(sent) % np.dtype(layout).itemsize:
        raise ValueError(_WRONG)
    rows = np.frombuffer(sent, layout)
    is_right = rows["width"] == len(types)
    whole = np.zeros(len(rows), named(types))
    for name, _ in named(types):
        is_right &= rows[f"size of {name}"] == whole[name].itemsize
        whole[name] = rows[name]
    if not is_right.all():
        raise ValueError(_WRONG)
    return whole
