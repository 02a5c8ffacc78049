"""Who is in ten zones: Muster on both databases beside PostGIS and arrays in memory.

`ROWS=10000000 make bench ONLY=audience` is the large run. The servers are tuned as one
that is meant for this; each database is asked in a child process of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.__main__ import Figure, figure, save
from tests.postgres import Postgres

ROWS = int(os.environ.get("ROWS", "1000000"))
STAYS = int(os.environ.get("STAYS", "500000"))  # asked about at once, 10,000 zones
MOST_MB, ONE_MS = 500, 10
TUNED = {
    "shared_buffers": "2GB" if ROWS > 2_000_000 else "512MB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}
Answer = dict[str, Any]


def asked(url: str) -> Answer:
    """Run the questions against one empty database, each kind in its own process."""
    answer: Answer = {}
    for words in (
        ["bench.asking", str(ROWS)],
        ["bench.asking", "memory"],
        ["bench.reaching", str(STAYS)],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            env=os.environ | {"DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        answer |= json.loads(done.stdout.splitlines()[-1])
    return answer


def limit(name: str, value: float, unit: str, most: float) -> Figure:
    """Put what may not be more than a limit beside it; the ratio is the limit's."""
    row = figure(name, value, unit, "at most", most, 0)
    return row | {"ratio": round(most / value, 3), "goal": 1, "holds": value <= most}


def a_second(times: dict[str, float]) -> float:
    """Return zones a second from milliseconds a zone."""
    return len(times) / sum(times.values()) * 1000


def of_both(database: str, answer: Answer) -> list[Figure]:
    """Return what is measured on either database.

    Brute force tests the point of every stay of today, in memory. Sorted arrays are
    what nothing in a database can be faster than: our own coverings, cut out of them.
    """
    times = {name: a_second(zones) for name, zones in answer["ms"].items()}
    ours, brute = times["Muster"], times["brute force"]
    arrays = max(each for name, each in times.items() if name.startswith("arrays"))
    first = answer["bulk_first_a_second"]
    print(f"{database}: {first:,.0f} stays/s while 10,000 outlines are read for it")
    before, after = a_second(answer["ms_before"]), a_second(answer["ms_after"])
    return [
        figure(f"ten zones, {database}", ours, "zones/s", "brute force", brute, 0.5),
        figure(f"ten zones, {database}", ours, "zones/s", "sorted arrays", arrays, 0.5),
        figure(
            f"twice the stays outside, {database}",
            after,
            "zones/s",
            "before",
            before,
            0.83,
        ),
        limit(f"memory of a match, {database}", answer["mb"], "MB", MOST_MB),
        limit(f"one stay, 10,000 zones, {database}", answer["one_ms"], "ms", ONE_MS),
        figure(
            f"stays, 10,000 zones, {database}",
            answer["bulk_a_second"],
            "stays/s",
            "the aim",
            50_000,
            1,
        ),
    ]


def of_postgis(answer: Answer) -> list[Figure]:
    """Return how much faster Muster is than the best ways in PostGIS.

    First than those that get the zone when Muster gets it, then than those that find it
    cut up on the server already.
    """
    if not answer["has_postgis"]:
        print("PostGIS: not installed here; its figures are left out.")
        return []
    times = answer["ms"]
    for name, zones in times.items():
        print(f"{name:34}{sum(zones.values()):>10.1f} ms for the ten zones")
    goal = 2.5 if ROWS > 2_000_000 else 5.0
    ours, figures = a_second(times["Muster"]), []
    for is_beforehand in (False, True):
        ways = answer["is_beforehand"].items()
        names = [name for name, is_so in ways if is_so == is_beforehand]
        best = min(names, key=lambda name: sum(times[name].values()))
        peer, against = a_second(times[best]), f"PostGIS, {best}"
        figures.append(figure("ten zones", ours, "zones/s", against, peer, goal))
    return figures


def main() -> None:
    """Measure both databases; all ways must find the same stays."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        sqlite = asked(f"sqlite:///{Path(folder) / 'audience.sqlite3'}")
    with Postgres(TUNED) as url:
        postgres = asked(url)
    assert sqlite["matches"] == postgres["matches"]
    loaded = postgres["stays_a_second"]
    save(
        "audience",
        [
            *of_both("SQLite", sqlite),
            *of_both("PostgreSQL", postgres),
            *of_postgis(postgres),
            figure("loading, PostgreSQL", loaded, "stays/s", "the aim", 60_000, 1),
        ],
    )


if __name__ == "__main__":
    main()
