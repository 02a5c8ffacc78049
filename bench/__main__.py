"""`python -m bench [NAME]`: measure, print a table, write `bench/results/NAME.json`.

A figure is a ratio to a named peer or limit measured in the same run, never one time of
one machine alone.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import postgres

Figure = dict[str, Any]
RESULTS = Path(__file__).parent / "results"
ON_BOTH = {"audit", "dispatch", "feeds", "webhooks"}
NAMES = (
    "audit",
    "dispatch",
    "understanding",
    "audience",
    "freeze",
    "board",
    "places",
    "duplicates",
    "citizens",
    "forms",
    "keeping",
    "feeds",
    "webhooks",
    "replies",
    "stories",
)


def figure(
    name: str, value: float, unit: str, against: str, peer: float, goal: float
) -> dict[str, Any]:
    """Put a measurement beside its peer; it holds when the ratio reaches the goal."""
    ratio = value / peer if peer else 0.0
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "against": against,
        "against_value": round(peer, 2),
        "ratio": round(ratio, 3),
        "goal": goal,
        "holds": ratio >= goal,
    }


def _commit() -> str:
    words = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def save(name: str, figures: list[dict[str, Any]]) -> None:
    """Print and keep the figures of one measurement."""
    RESULTS.mkdir(exist_ok=True)
    said = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "commit": _commit(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "figures": figures,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(said, indent=1) + "\n")
    for row in figures:
        print(
            f"{name:14}{row['name']:34}{row['value']:>10} {row['unit']:8}"
            f" {row['ratio']:>6} × {row['against']} ({row['against_value']})"
            f" {'ok' if row['holds'] else 'BELOW'}"
        )


def main(wanted: list[str]) -> int:
    """Run the measurements that are named, or all."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        environment = os.environ | {
            "MUSTER_DATA_DIR": folder,
            "MUSTER_HASHED_STATIC": "no",
            "MUSTER_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "consular.settings",
        }
        ended = 0
        for name in wanted or NAMES:
            words = [sys.executable, "-m", f"bench.{name}"]
            ended |= subprocess.run(words, env=environment, check=False).returncode
            if name in ON_BOTH:
                with postgres.server() as url:
                    more = environment | {"DATABASE_URL": url}
                    ended |= subprocess.run(words, env=more, check=False).returncode
        return ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
