"""Run every test: `python -m tests.run [pytest options]`, which `make test` calls.

Tests that touch no database run once, database tests on SQLite and on PostgreSQL,
browser tests on PostgreSQL with one journey on SQLite. The last line sums all runs.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from tests import chromium, postgres, second

SQLITE = ""
IN_DATABASE = "database and not browser and not processes"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One call of pytest."""

    name: str
    markers: str
    database: str = SQLITE
    workers: int = 2


@dataclass
class Sum:
    """How the tests of one or several runs ended."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, report: Path) -> None:
        """Add what one run's report says."""
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            total = int(suite.get("tests", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            self.failed += failed
            self.skipped += skipped
            self.passed += total - failed - skipped

    def __str__(self) -> str:
        line = f"{self.passed} passed, {self.failed} failed"
        return f"{line}, {self.skipped} skipped" if self.skipped else line


def runs(postgres_url: str, has_browser: bool) -> list[Run]:
    """List the calls of pytest that make up the whole."""
    plain = "not database and not browser and not processes"
    listed = [
        Run(name="no database", markers=plain),
        Run(name="SQLite", markers=IN_DATABASE),
        Run(name="PostgreSQL", markers=IN_DATABASE, database=postgres_url),
        Run(name="processes, SQLite", markers="processes", workers=0),
        Run(
            name="processes, PostgreSQL",
            markers="processes",
            database=postgres_url,
            workers=0,
        ),
    ]
    if has_browser:
        listed += [
            Run(
                name="browser, PostgreSQL",
                markers="browser",
                database=postgres_url,
                workers=0,
            ),
            Run(name="browser, SQLite", markers="journey", workers=0),
        ]
    return listed


def carry_out(run: Run, folder: Path, options: list[str], total: Sum) -> bool:
    """Run pytest once; tell whether it ended well."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {
        "MUSTER_DATA_DIR": str(folder / "data"),
        "MUSTER_HASHED_STATIC": "no",
        "MUSTER_LOG_LEVEL": "WARNING",
        "CHROMIUM": chromium.find(),
    }
    if run.database:
        environment["DATABASE_URL"] = run.database
    words = [sys.executable, "-m", "pytest", "-m", run.markers, f"--junitxml={report}"]
    words += ["-p", "no:cacheprovider"]
    words += ["-n", str(run.workers)] if run.workers else []
    print(f"--- {run.name}", flush=True)
    ended = subprocess.run([*words, *options], env=environment, check=False)
    if report.exists():
        total.add(report)
    elif ended.returncode != 5:
        total.failed += 1
    return ended.returncode in (0, 5)


def main(options: list[str]) -> int:
    """Run everything and print the sum last."""
    total = Sum()
    browser = chromium.install()
    second.install()
    well = True
    with tempfile.TemporaryDirectory(prefix="muster-test-") as folder:
        Path(folder, "data", "static").mkdir(parents=True)
        with postgres.server() as url:
            for run in runs(url, bool(browser)):
                well &= carry_out(run, Path(folder), options, total)
    if not browser:
        print("Browser tests were skipped: no Chromium here, and none could be had.")
        total.skipped += 1
    print(total)
    return 0 if well and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
