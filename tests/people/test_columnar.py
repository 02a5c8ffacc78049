"""Columns of numbers as arrays: the same from both databases, and nothing guessed."""

import numpy as np
import pytest
from django.db import connection

from consular.people.stays import columnar

pytestmark = pytest.mark.django_db
_NUMBERS = "SELECT CAST(%s AS bigint), CAST(%s AS double precision)"


def test_numbers_come_back_as_they_are() -> None:
    most, least = 2**63 - 1, -(2**63)
    sql = f"{_NUMBERS} UNION ALL {_NUMBERS}"
    found = columnar.read(sql, [most, "-179.95", least, "1e-300"], ["i8", "f8"])
    rows = sorted(zip(found["0"].tolist(), found["1"].tolist(), strict=True))
    assert rows == [(least, 1e-300), (most, -179.95)]


def test_no_row_is_an_empty_array() -> None:
    found = columnar.read(f"{_NUMBERS} WHERE 1 = 0", [1, "2"], ["i8", "f8"])
    assert found.dtype == np.dtype([("0", "i8"), ("1", "f8")])
    assert len(found) == 0


@pytest.mark.parametrize(
    "sql",
    ["SELECT NULL::bigint", "SELECT 1::smallint", "SELECT 1::bigint, 2::bigint"],
)
def test_a_null_or_another_type_is_refused(sql: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's rows say what they hold")
    with pytest.raises(ValueError, match="null or of another type"):
        columnar.read(sql, [], ["i8"])
