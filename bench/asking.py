"""Ask one database, arrays and PostGIS in turn: a child process of `bench.audience`.

Prints one line of JSON. Everything is measured in the same minutes of the same process,
so that what else the machine does falls on all of them.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402 - after set-up
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from shapely.geometry import MultiPolygon  # noqa: E402

from bench import crowd, filling, postgis, zones  # noqa: E402
from bench.crowd import Arrays  # noqa: E402
from consular.people import matching  # noqa: E402
from consular.people.matching import Question  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "5"))
LOCAL = ("block of 300 m", "city, 10 km", "earthquake, 300 km")
Ids = NDArray[np.int64]
Ask = Callable[[str, MultiPolygon], Ids]


def keys(name: str, shape: MultiPolygon) -> Ids:
    """Ask Muster."""
    day = crowd.TODAY
    return matching.keys(
        Question(shape=shape, starts_on=day, ends_on=day, mode=crowd.MODE)
    )


def settled() -> None:
    """Leave the tables as a server that has been up for a while has them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE people_stay")
        else:
            cursor.execute("ANALYZE")


def milliseconds(
    asks: dict[str, Ask], areas: dict[str, MultiPolygon]
) -> dict[str, dict[str, float]]:
    """Ask each in turn, some rounds; return the median of each zone."""
    taken: dict[str, dict[str, list[float]]] = {
        name: {zone: [] for zone in areas} for name in asks
    }
    for _ in range(ROUNDS + 1):  # the first one warms up
        for zone, shape in areas.items():
            for name, ask in asks.items():
                begun = time.perf_counter()
                ask(zone, shape)
                taken[name][zone].append((time.perf_counter() - begun) * 1000)
    return {
        name: {zone: median(times[1:]) for zone, times in rows.items()}
        for name, rows in taken.items()
    }


def agree(asks: dict[str, Ask], arrays: Arrays, areas: dict[str, MultiPolygon]) -> int:
    """Fail unless every way finds what testing every stay finds; return how many."""
    total = 0
    for zone, shape in areas.items():
        expected = arrays.one_by_one(shape)
        total += len(expected)
        for name, ask in asks.items():
            assert np.array_equal(ask(zone, shape), expected), (name, zone)
    return total


def split(people: crowd.Crowd, areas: dict[str, MultiPolygon]) -> NDArray[np.bool_]:
    """Tell which stays to load last: half of those outside the three local zones."""
    outside = np.ones(len(people), bool)
    for name in LOCAL:
        west, south, east, north = areas[name].bounds
        lons, lats = people.lons, people.lats
        outside &= (lons < west) | (lons > east) | (lats < south) | (lats > north)
    outside &= np.arange(len(people)) % 2 == 1
    return outside


def main(rows: int) -> dict[str, Any]:
    """Load, ask, and tell."""
    call_command("migrate", verbosity=0)
    now, areas = timezone.now(), zones.ten()
    people = crowd.drawn(rows)
    later = split(people, areas)
    first, rest = people.kept(~later), people.kept(later)
    begun = time.perf_counter()
    ids = filling.load(first, now)
    loading_s = time.perf_counter() - begun
    settled()
    local = {name: areas[name] for name in LOCAL}
    before = milliseconds({"Muster": keys}, local)["Muster"]
    begun = time.perf_counter()
    ids = np.concatenate([ids, filling.load(rest, now)])
    loading_s += time.perf_counter() - begun
    settled()
    after = milliseconds({"Muster": keys}, local)["Muster"]
    peak_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for zone, shape in areas.items():
        keys(zone, shape)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_before
    both = crowd.Crowd(
        *(
            np.concatenate([a, b])
            for a, b in zip(vars(first).values(), vars(rest).values(), strict=True)
        )
    )
    arrays = Arrays(both, ids)
    asks: dict[str, Ask] = {
        "Muster": keys,
        "arrays": lambda zone, shape: arrays.by_cell(shape),
    }
    has_postgis = postgis.is_there()
    if has_postgis:
        postgis.fill(areas)
        asks |= {way.name: way.ask for way in postgis.WAYS}
    return {
        "matches": agree(asks, arrays, areas),
        "ms": milliseconds(asks, areas),
        "ms_before": before,
        "ms_after": after,
        "stays_a_second": rows / loading_s,
        "match_mb": grown / 1024,
        "has_postgis": has_postgis,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
