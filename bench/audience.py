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
MOST_MB = 500
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
    """Run the questions against one empty database."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.asking", str(ROWS)],
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: Answer = json.loads(done.stdout.splitlines()[-1])
    return answer


def a_second(times: dict[str, float]) -> float:
    """Return zones a second from milliseconds a zone."""
    return len(times) / sum(times.values()) * 1000


def of_both(database: str, answer: Answer) -> list[Figure]:
    """Return what is measured on either database."""
    ours, arrays = a_second(answer["ms"]["Muster"]), a_second(answer["ms"]["arrays"])
    before, after = a_second(answer["ms_before"]), a_second(answer["ms_after"])
    room = MOST_MB / max(answer["match_mb"], 1)
    return [
        figure(f"ten zones, {database}", ours, "zones/s", "sorted arrays", arrays, 0.5),
        figure(
            f"twice the stays outside, {database}",
            after,
            "zones/s",
            "before",
            before,
            0.83,
        ),
        figure(f"room in memory, {database}", room, "×", "500 MB", 1, 1),
    ]


def of_postgis(answer: Answer) -> list[Figure]:
    """Return how much faster Muster is than the best of four ways in PostGIS."""
    if not answer["has_postgis"]:
        print("PostGIS: not installed here; its figures are left out.")
        return []
    ours = a_second(answer["ms"]["Muster"])
    rest = {k: a_second(v) for k, v in answer["ms"].items() if "GiST" in k}
    best = max(rest, key=rest.__getitem__)
    goal = 2.5 if ROWS > 2_000_000 else 5.0
    against = f"PostGIS, {best}"
    return [figure("ten zones", ours, "zones/s", against, rest[best], goal)]


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
