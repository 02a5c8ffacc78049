"""The same question to PostGIS, with each index that one would give it.

A zone arrives from the application as a geometry, cut at ±180° as all of ours are, and
goes to the server as WKB while the clock runs. What a way does with it there is in its
time: nothing, or ST_Subdivide. Two more ways find their zones cut up on the server,
from before the clock ran. Primary keys come back as ours do, through a binary COPY.

All are asked as `geometry`: on `geography` edges are arcs of great circles, so that
other stays are inside, and no answer could be compared.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from django.db import DatabaseError, connection, transaction
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from bench.crowd import TODAY
from consular.people.stays import columnar

Ids = NDArray[np.int64]
_CUT = "ST_Subdivide(ST_GeomFromWKB(%s, 4326), 64)"
_SOME = "JOIN {table} p ON ST_Covers(z.area, p.geom) WHERE p.span @> %s::timestamptz"
WHOLE = "SELECT p.id FROM (SELECT ST_GeomFromWKB(%s, 4326) AS area) z " + _SOME
CUT = (
    f"WITH z AS MATERIALIZED (SELECT {_CUT} AS area)"
    f" SELECT DISTINCT p.id FROM z {_SOME}"
)
CUT_BEFOREHAND = (
    "WITH z AS (SELECT area FROM peer_zone WHERE name = %s)"
    f" SELECT DISTINCT p.id FROM z {_SOME}"
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
                f"INSERT INTO peer_zone SELECT %s, {_CUT}",
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
    sql: str

    @property
    def is_beforehand(self) -> bool:
        """Whether the zones were cut up on the server before they were asked for."""
        return self.sql == CUT_BEFOREHAND

    def ask(self, name: str, shape: MultiPolygon) -> Ids:
        """Return the primary keys of today's stays in a zone."""
        zone = name if self.is_beforehand else shapely.to_wkb(shape)
        sql = self.sql.format(table=self.table)
        return np.sort(columnar.read(sql, [zone, TODAY.isoformat()], ["i8"])["0"])


WAYS = tuple(
    Way(f"{index}, zones {state}", table, sql)
    for index, table in (
        ("GiST(geom)", "peer_point"),
        ("GiST(geom, days)", "peer_both"),
    )
    for state, sql in (("whole", WHOLE), ("cut", CUT), ("cut before", CUT_BEFOREHAND))
)
