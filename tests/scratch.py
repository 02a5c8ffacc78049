"""A database of its own for tests that start processes, on the engine under test."""

import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Scratch:
    """A migrated database and the environment of processes that use it."""

    environment: dict[str, str]

    def manage(self, *words: str) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def ask(self, code: str) -> Any:
        """Run code in Muster and return what it assigns to `answer`, through JSON."""
        printing = (
            f"import json\n{code}\nprint('\\x1e' + json.dumps(answer, default=str))"
        )
        said = self.manage("shell", "--no-imports", "-c", printing)
        return json.loads(said.rpartition("\x1e")[2])

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a command that goes on."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment
        )


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[str]:
    conf = settings.DATABASES["default"]
    if conf["ENGINE"].endswith("sqlite3"):
        yield f"sqlite:///{folder / 'scratch.sqlite3'}"
        return
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    words = {"host": conf["HOST"], "port": conf["PORT"] or None, "user": conf["USER"]}
    words |= {"password": conf["PASSWORD"] or None}

    def run(statement: str) -> None:
        connection = psycopg2.connect(dbname="postgres", **words)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    run(f"CREATE DATABASE {name}")
    try:
        base = os.environ["DATABASE_URL"].rpartition("/")[0]
        yield f"{base}/{name}"
    finally:
        run(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def scratch(folder: Path, **changes: str) -> Iterator[Scratch]:
    """Make a database, migrate it, and remove it at the end."""
    with _database(folder) as url:
        environment = os.environ | {
            "DATABASE_URL": url,
            "MUSTER_DATA_DIR": str(folder),
            "MUSTER_HASHED_STATIC": "no",
            **changes,
        }
        made = Scratch(environment)
        made.manage("migrate", "-v0")
        yield made
