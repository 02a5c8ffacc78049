"""Cover a shape as finely as it pays for the stays that there are.

A finer covering takes longer to make and to join, and leaves fewer points to test. The
answer is the same with any.
"""

import time
from dataclasses import dataclass

from django.db import connection
from shapely.geometry import MultiPolygon

from geo import cells
from geo.cells import Covering

FEW, MANY = 128, 512  # ranges
MANY_STAYS = 2_500_000
KEPT_S = 60.0


@dataclass
class _Budget:
    """What was last found to pay, in which database, and until when that holds."""

    ranges: int = FEW
    database: str = ""
    until_s: float = 0.0


_kept = _Budget()


def covering(shape: MultiPolygon) -> Covering:
    """Cover a shape by ranges of cells (`geo.cells.covering`)."""
    return cells.covering(shape, _budget())


def _budget() -> int:
    """Return the ranges that pay, by the newest stay's number, a minute old at most."""
    now_s, database = time.monotonic(), str(connection.settings_dict["NAME"])
    if now_s >= _kept.until_s or _kept.database != database:
        with connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(MAX(id), 0) FROM people_stay")
            (newest,) = cursor.fetchone()
        _kept.ranges = MANY if newest > MANY_STAYS else FEW
        _kept.database, _kept.until_s = database, now_s + KEPT_S
    return _kept.ranges
