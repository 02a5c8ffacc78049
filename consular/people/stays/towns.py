"""The towns that people stay in, and which of them reach into a shape.

A stay in a town is somewhere in it: when the town's circle touches a zone, the stay is
inside. All stays in a town share its point, so that a town outside a shape is looked up
by one cell.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from consular import copying
from consular.people.models import Town
from consular.people.stays import lookup
from consular.people.stays.lookup import Span
from geo import cells, nearness
from geo.cells import Covering

FARTHEST_M = 60_000.0  # the largest cities' circles; a larger one is cut off


@dataclass(frozen=True, kw_only=True)
class Towns:
    """All towns as columns of one length, as of the newest of them.

    `awaits` is a transaction's number: until all before it are over, one of them may
    still bring a town that is older than the newest. 0 is none.
    """

    newest: tuple[int, int, float] | None
    awaits: int
    cells: NDArray[np.int64]
    lons: NDArray[np.float64]
    lats: NDArray[np.float64]
    radii_m: NDArray[np.float64]


_NONE: dict[str, NDArray[Any]] = {
    "cells": np.zeros(0, np.int64),
    "lons": np.zeros(0),
    "lats": np.zeros(0),
    "radii_m": np.zeros(0),
}
_kept = Towns(newest=None, awaits=0, **_NONE)
_NEWEST = "SELECT id, cell, radius_m FROM people_town ORDER BY id DESC LIMIT 1"
_COUNT = "SELECT COUNT(*) FROM people_town"
_WRITERS = (
    "SELECT CAST(CAST(pg_snapshot_xmin(s) AS text) AS bigint),"
    " CAST(CAST(pg_snapshot_xmax(s) AS text) AS bigint) FROM pg_current_snapshot() s"
)


Spot = tuple[int, float, float, float]  # cell, longitude, latitude, radius in metres


def note(spots: Iterable[Spot]) -> None:
    """Write the towns of new stays that are not known yet."""
    wanted = {
        (cell, min(radius_m, FARTHEST_M)): (lon, lat)
        for cell, lon, lat, radius_m in spots
        if radius_m > 0
    }
    listed = np.array(sorted({cell for cell, _ in wanted}), np.int64)
    sql = "SELECT cell, radius_m FROM people_town WHERE cell IN ({ids})"
    for row in lookup.by_number(sql, listed):
        wanted.pop(row, None)
    columns = {
        "cell": [cell for cell, _ in wanted],
        "radius_m": [radius_m for _, radius_m in wanted],
        "lon": [lon for lon, _ in wanted.values()],
        "lat": [lat for _, lat in wanted.values()],
    }
    copying.write(Town, len(wanted), columns, ignore_conflicts=True)


def known() -> Towns:
    """Return all towns; they are read again when there are new ones."""
    global _kept
    rows = lookup.run(_NEWEST, ())
    newest = rows[0] if rows else None
    if newest != _kept.newest:
        _kept = _read(newest)
    elif _kept.awaits:
        oldest, _ = _writers()
        if lookup.run(_COUNT, ()) != [(len(_kept.cells),)]:
            _kept = _read(newest)
        elif oldest >= _kept.awaits:
            _kept = replace(_kept, awaits=0)
    return _kept


def _read(newest: tuple[int, int, float] | None) -> Towns:
    oldest, _ = _writers()
    rows = list(Town.objects.values_list("cell", "lon", "lat", "radius_m"))
    _, following = _writers()
    own, lons, lats, radii_m = zip(*rows, strict=True) if rows else ((),) * 4
    return Towns(
        newest=newest,
        awaits=following if oldest < following else 0,
        cells=np.array(own, np.int64),
        lons=np.array(lons, np.float64),
        lats=np.array(lats, np.float64),
        radii_m=np.array(radii_m, np.float64),
    )


def _writers() -> tuple[int, int]:
    """Return the oldest transaction that is writing, and the number of the next one.

    They are equal where nobody is, as on SQLite, which has one writer at a time: there
    towns come in their order.
    """
    if connection.vendor != "postgresql":
        return 0, 0
    ((oldest, following),) = lookup.run(_WRITERS, ())
    return oldest, following


def reaching(shape: MultiPolygon, cover: Covering) -> Span:
    """Return where the towns are that reach into a shape from outside.

    Parameters
    ----------
    shape : MultiPolygon
        Longitudes in [-180, 180].
    cover : Covering
        Its covering.

    Returns
    -------
    Span
        One cell a town, with the least radius there that touches the shape; an address
        in that cell, which has no radius, is not taken in.
    """
    towns = known()
    if not len(towns.cells):
        return Span.of(np.zeros((0, 2), np.int64))
    outside = ~cover.has_whole(towns.cells)
    near = np.flatnonzero(cover.has_near(towns.cells, FARTHEST_M) & outside)
    lons, lats, radii_m = towns.lons[near], towns.lats[near], towns.radii_m[near]
    touched = nearness.touched_by(shape, lons, lats, radii_m)
    touched &= ~cells.contains(shape, lons, lats)
    order = np.lexsort([radii_m[touched], towns.cells[near[touched]]])
    own = towns.cells[near[touched]][order]
    found, first = np.unique(own, return_index=True)
    return Span(np.column_stack([found, found]), radii_m[touched][order][first])
