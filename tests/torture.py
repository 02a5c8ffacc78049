"""What takes longer than `make test` may: `python -m tests.torture`.

The kill test with ten times the kills, on both databases, and a rehearsal in which
the provider misbehaves in every way it can. Prints a table and writes JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "torture.json"
FAULTS = {
    "busy": 0.1,
    "error_500": 0.05,
    "accepted_500": 0.05,
    "reset": 0.05,
    "accepted_reset": 0.05,
    "receipt_double": 0.1,
    "receipt_shuffled": 0.1,
    "receipt_dropped": 0.05,
}


def run(name: str, words: list[str], **changes: str) -> dict[str, object]:
    """Run one torture; its exit code says whether it held."""
    begun = time.perf_counter()
    environment = os.environ | {"MUSTER_LOG_LEVEL": "ERROR"} | changes
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, check=False
    )
    row = {
        "name": name,
        "holds": done.returncode == 0,
        "seconds": round(time.perf_counter() - begun, 1),
    }
    print(f"{name:40}{'held' if row['holds'] else 'BROKE':8}{row['seconds']:>8} s")
    return row


def main() -> int:
    """Run all of them, and print and keep what came of it."""
    kill = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/dispatch"]
    kill += ["-m", "processes"]
    rehearse = ["manage.py", "rehearse", "--json", "--registrations=5000"]
    rehearse += ["--speed=60", f"--faults={json.dumps(FAULTS)}"]
    rows = []
    with tempfile.TemporaryDirectory() as folder, postgres.server() as url:
        more = {"MUSTER_DATA_DIR": folder, "MUSTER_HASHED_STATIC": "no"}
        more["MUSTER_KILL_MESSAGES"], more["MUSTER_KILLS"] = "100000", "60"
        rows.append(run("100,000 messages, 60 kills, SQLite", kill, **more))
        more["DATABASE_URL"] = url
        rows.append(run("100,000 messages, 60 kills, PostgreSQL", kill, **more))
        rows.append(run("rehearsal with faults", rehearse))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
