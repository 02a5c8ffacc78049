"""A database of its own for tests that start processes, on the engine under test."""

import atexit
import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
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


def _scratch_on(url: str, folder: Path, **changes: str) -> Scratch:
    own = {"DATABASE_URL": url, "MUSTER_DATA_DIR": str(folder)}
    return Scratch(os.environ | own | {"MUSTER_HASHED_STATIC": "no"} | changes)


def _run(statement: str) -> None:
    conf = settings.DATABASES["default"]
    words = {"host": conf["HOST"], "port": conf["PORT"] or None, "user": conf["USER"]}
    words |= {"password": conf["PASSWORD"] or None}
    connection = psycopg2.connect(dbname="postgres", **words)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)


def _address(name: str) -> str:
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


def _new_name() -> str:
    return f"scratch_{uuid.uuid4().hex[:12]}"


@functools.cache
def _migrated_file() -> Path:
    """Migrate a file once for this process; every scratch is a copy of it."""
    folder = Path(tempfile.mkdtemp(prefix="muster-scratch-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "migrated.sqlite3"
    _scratch_on(f"sqlite:///{path}", folder).manage("migrate", "-v0")
    return path


@functools.cache
def _migrated_database() -> str:
    """Migrate a PostgreSQL database once for this process, likewise."""
    name = _new_name()
    _run(f"CREATE DATABASE {name}")
    atexit.register(_run, f"DROP DATABASE {name} WITH (FORCE)")
    with tempfile.TemporaryDirectory(prefix="muster-scratch-") as folder:
        _scratch_on(_address(name), Path(folder)).manage("migrate", "-v0")
    return name


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[str]:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        path = folder / "scratch.sqlite3"
        shutil.copy(_migrated_file(), path)
        yield f"sqlite:///{path}"
        return
    name = _new_name()
    _run(f"CREATE DATABASE {name} TEMPLATE {_migrated_database()}")
    try:
        yield _address(name)
    finally:
        _run(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def scratch(folder: Path, **changes: str) -> Iterator[Scratch]:
    """Make a migrated database, and remove it at the end."""
    with _database(folder) as url:
        yield _scratch_on(url, folder, **changes)
