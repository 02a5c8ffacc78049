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
import shapely  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from shapely.geometry import MultiPolygon, box  # noqa: E402

from bench import crowd, filling, postgis, zones  # noqa: E402
from bench.crowd import Arrays  # noqa: E402
from consular.people.stays import matching  # noqa: E402
from consular.people.stays.matching import Question  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "5"))
LOCAL = ("block of 300 m", "city, 10 km", "earthquake, 300 km")
BUDGETS = (64, 128, 256, 512)  # of coverings: arrays get the one they are best with
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
    """Ask each in turn, some rounds; return the median of each zone.

    Each gets a shape that nobody has prepared yet.
    """
    taken: dict[str, dict[str, list[float]]] = {
        name: {zone: [] for zone in areas} for name in asks
    }
    for _ in range(ROUNDS + 1):  # the first one warms up
        for zone, area in areas.items():
            for name, ask in asks.items():
                shape = shapely.from_wkb(shapely.to_wkb(area))
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


def _of_arrays(arrays: Arrays, budget: int) -> Ask:
    return lambda zone, shape: arrays.by_cell(shape, budget)


def main(rows: int) -> dict[str, Any]:
    """Load, ask, and tell."""
    call_command("migrate", verbosity=0)
    now, areas = timezone.now(), zones.ten()
    people = crowd.drawn(rows)
    later = split(people, areas)
    first, rest = people.kept(~later), people.kept(later)
    ids, loading_s = filling.load(first, now)
    settled()
    local = {name: areas[name] for name in LOCAL}
    before = milliseconds({"Muster": keys}, local)["Muster"]
    more, more_s = filling.load(rest, now)
    ids = np.concatenate([ids, more])
    loading_s += more_s
    settled()
    after = milliseconds({"Muster": keys}, local)["Muster"]
    both = crowd.Crowd(
        *(
            np.concatenate([a, b])
            for a, b in zip(vars(first).values(), vars(rest).values(), strict=True)
        )
    )
    arrays = Arrays(both, ids)
    asks: dict[str, Ask] = {
        "Muster": keys,
        "brute force": lambda zone, shape: arrays.one_by_one(shape),
    }
    for budget in BUDGETS:
        asks[f"arrays, {budget} ranges"] = _of_arrays(arrays, budget)
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
        "has_postgis": has_postgis,
        "is_beforehand": {way.name: way.is_beforehand for way in postgis.WAYS},
    }


def memory() -> dict[str, Any]:
    """Ask for the zones in a process that did nothing else; tell its largest size."""
    areas = zones.ten() | {"the world": MultiPolygon([box(-180, -90, 180, 90)])}
    for name, shape in areas.items():
        keys(name, shape)
    return {"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    said = memory() if sys.argv[1] == "memory" else main(int(sys.argv[1]))
    print(json.dumps(said))
