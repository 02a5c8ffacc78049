"""What takes longer than `make test` may: `python -m tests.torture`.

A siege of the whole service on both databases, a provider that misbehaves in every way
it can, the memory of a sender, callbacks and mails by the ten thousand, each process of
an idle queue killed in turn, and a rehearsal with faults. Prints a table, writes JSON.
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
MESSAGES = os.environ.get("MUSTER_TORTURE_MESSAGES", "100000")
KILLS = os.environ.get("MUSTER_KILLS", "60")
FAULTS = {
    "busy": 0.1,
    "unavailable": 0.03,
    "error_500": 0.04,
    "accepted_500": 0.04,
    "reset": 0.04,
    "accepted_reset": 0.04,
    "hang": 0.005,
    "accepted_hang": 0.005,
    "receipt_double": 0.1,
    "receipt_shuffled": 0.1,
    "receipt_dropped": 0.05,
    "retry_after_s": 3,
}
PROPERTIES = [
    "tests/geo",
    "tests/people/test_whereabouts.py",
    "tests/incidents/test_audience.py",
    "tests/checkins/test_statuses.py",
    "tests/checkins/test_understanding.py",
    "tests/dispatch/test_interleaving.py",
    "tests/dispatch/test_answering.py",
    "tests/dispatch/test_ledger.py",
    "tests/dispatch/test_text.py",
    "tests/hazards/feeds/test_documents.py",
    "tests/test_sealing.py",
]
MISSIONS = {
    "1,000 tampers with the audit": "test_audit",
    "10,000 sign-in attempts": "test_throttling",
}


def run(name: str, words: list[str], **changes: str) -> dict[str, object]:
    """Run one torture; its exit code says whether it held."""
    begun = time.perf_counter()
    environment = os.environ | {"MUSTER_LOG_LEVEL": "ERROR"} | changes
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = done.stdout.strip().rpartition("\n")[2]
    row = {
        "name": name,
        "holds": done.returncode == 0,
        "seconds": round(time.perf_counter() - begun, 1),
        "said": json.loads(said) if said.startswith("{") else said,
    }
    print(f"{name:40}{'held' if row['holds'] else 'BROKE':8}{row['seconds']:>8} s")
    return row


def main() -> int:
    """Run all of them, and print and keep what came of it."""
    test = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    siege = ["-m", "tests.siege", f"--messages={MESSAGES}"]
    faulty = [f"--faults={json.dumps(FAULTS)}", "--kills=0", "--restarts=0"]
    faulty += [f"--messages={min(int(MESSAGES), 20_000)}"]
    rehearse = ["manage.py", "rehearse", "--json", "--registrations=5000"]
    rehearse += ["--speed=60", f"--faults={json.dumps(FAULTS)}"]
    many = {"MUSTER_HOOKS": "10000", "MUSTER_MAILS": "10000"}
    hooks = [*test, "tests/dispatch/test_hooks.py", "tests/dispatch/test_transports.py"]
    rows = []
    with tempfile.TemporaryDirectory() as folder, postgres.server() as url:
        more = {"MUSTER_DATA_DIR": folder, "MUSTER_HASHED_STATIC": "no"}
        on_postgres = more | {"DATABASE_URL": url}
        kills = [f"--kills={KILLS}"]
        rows.append(run("siege, PostgreSQL", [*siege, *kills], **more))
        sqlite = [*siege, *kills, "--database=sqlite", "--restarts=0"]
        rows.append(run("siege, SQLite", sqlite, **more))
        rows.append(run("30 % faults, PostgreSQL", [*siege, *faulty], **more))
        flat = ["-m", "tests.footprint", f"--messages={2 * int(MESSAGES)}"]
        rows.append(run("a sender's memory, PostgreSQL", flat, **more))
        rows.append(
            run("30,000 callbacks, 20,000 forged", hooks, **on_postgres, **many)
        )
        queue = [*test, "tests/missions/test_serve.py"]
        rows.append(run("each queue process killed", queue, **more, MUSTER_QUEUE="all"))
        rows.append(run("rehearsal with faults", rehearse, **on_postgres))
        planted = [*test, "tests/flows/test_planted_values.py"]
        rows.append(
            run("5,000 planted values", planted, **on_postgres, MUSTER_PLANTED="5000")
        )
        fuzz = [*test, "tests/hazards/test_fuzz.py"]
        rows.append(run("5,000 damaged documents", fuzz, **more, MUSTER_FUZZED="5000"))
        rules = [*test, "--hypothesis-profile=wide", *PROPERTIES]
        rows.append(run("1,000 new examples of each rule", rules, **more))
        more |= {"MUSTER_TAMPERS": "1000", "MUSTER_ATTEMPTS": "10000"}
        for title, name in MISSIONS.items():
            missions = [*test, f"tests/missions/{name}.py"]
            rows.append(run(title, missions, **more))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
