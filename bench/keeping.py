"""Carry registrations out and in again: how long, and whether it is all the same.

A database on SQLite is backed up in one encrypted file, and restored on PostgreSQL: the
other kind of database on what might be another machine.

`REGISTRATIONS=20000 python -m bench.keeping` is a short run.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.__main__ import figure, save
from tests.postgres import Postgres

REGISTRATIONS = int(os.environ.get("REGISTRATIONS", "100000"))
LIMIT_S = 300.0
SECRET = "bench-only-not-a-secret-0123456789"


def run(environment: dict[str, str], *words: str) -> tuple[float, str]:
    """Run a command; return its seconds and what it said last."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - begun, (done.stdout.split() or [""])[-1]


def main() -> None:
    """Fill, back up, restore, compare."""
    with tempfile.TemporaryDirectory() as folder, Postgres() as url:
        path = str(Path(folder, "muster.backup"))
        here = os.environ | {
            "DATABASE_URL": f"sqlite:///{folder}/old.sqlite3",
            "MUSTER_BACKUP_KEY": SECRET,
        }
        there = here | {"DATABASE_URL": url}
        for environment in (here, there):
            run(environment, "manage.py", "migrate", "-v0")
        run(here, "-m", "bench.keeping_fill", str(REGISTRATIONS))
        out_s, before = run(here, "manage.py", "backup", path)
        in_s, after = run(there, "manage.py", "restore", path)
        size = Path(path).stat().st_size / 1e6
    what = f"{REGISTRATIONS:,} registrations"
    print(f"{what}: {size:.1f} MB, out {out_s:.1f} s, in {in_s:.1f} s, sha256 {after}")
    save(
        "keeping",
        [
            figure(
                f"limit over backup and restore, {what}",
                LIMIT_S,
                "s",
                "measured",
                out_s + in_s,
                1.0,
            ),
            figure(
                "same hash on the other database",
                float(before == after),
                "",
                "yes",
                1,
                1.0,
            ),
        ],
    )


if __name__ == "__main__":
    main()
