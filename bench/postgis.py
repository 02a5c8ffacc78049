"""The same question to PostGIS, with each index that one would give it."""

from dataclasses import dataclass

import numpy as np
import shapely
from django.db import DatabaseError, connection, transaction
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from bench.crowd import TODAY

Ids = NDArray[np.int64]
_IS_TODAY = "p.span @> %s::timestamptz"
_WHOLE = (
    "SELECT p.id FROM {table} p, (SELECT ST_GeomFromWKB(%s, 4326) AS area) z"
    f" WHERE ST_Covers(z.area, p.geom) AND {_IS_TODAY}"
)
_PIECES = (
    "SELECT DISTINCT p.id FROM peer_zone z JOIN {table} p ON ST_Covers(z.area, p.geom)"
    f" WHERE z.name = %s AND {_IS_TODAY}"
)


def is_there() -> bool:
    """Make the extension, if this server has it."""
    if connection.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    except DatabaseError:
        return False
    return True


def fill(zones: dict[str, MultiPolygon]) -> None:
    """Copy the stays into tables of their own, and cut the zones up beforehand."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE peer_zone (name text, area geometry)")
        for name, shape in zones.items():
            cursor.execute(
                "INSERT INTO peer_zone SELECT %s,"
                " ST_Subdivide(ST_GeomFromWKB(%s, 4326), 64)",
                [name, shapely.to_wkb(shape)],
            )
        for table, indexed in (("peer_point", "geom"), ("peer_both", "geom, span")):
            cursor.execute(
                f"CREATE TABLE {table} AS SELECT id,"
                " ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS geom,"
                " tstzrange(starts_on, ends_on) AS span FROM people_stay"
            )
            cursor.execute(f"CREATE INDEX ON {table} USING gist ({indexed})")
            cursor.execute(f"VACUUM ANALYZE {table}")


@dataclass(frozen=True)
class Way:
    """One way to ask."""

    name: str
    table: str
    is_cut: bool

    def ask(self, name: str, shape: MultiPolygon) -> Ids:
        """Return the primary keys of today's stays in a zone."""
        sql = (_PIECES if self.is_cut else _WHOLE).format(table=self.table)
        zone = name if self.is_cut else shapely.to_wkb(shape)
        with connection.cursor() as cursor:
            cursor.execute(sql, [zone, TODAY.isoformat()])
            found = np.array(cursor.fetchall(), np.int64).ravel()
        return np.sort(found)


WAYS = (
    Way("GiST(geom)", "peer_point", is_cut=False),
    Way("GiST(geom), zones cut", "peer_point", is_cut=True),
    Way("GiST(geom, tstzrange)", "peer_both", is_cut=False),
    Way("GiST(geom, tstzrange), zones cut", "peer_both", is_cut=True),
)
