"""Carry everything out of one database and into another, with a hash to compare.

One line of JSON a row, table by table in the order of the keys, sealed fields as they
are sealed: a backup opens nothing by itself. It goes from SQLite to PostgreSQL as well
as to its own kind, because values are written in one way for both.
"""

import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from consular import copying
from consular.carrying import Table, back, plain, tables

AT_ONCE = 2_000
Fetch = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]


class BackupError(ValueError):
    """Say why a backup cannot be restored here, and what to do."""


def _rows(table: Table, fetch: Fetch) -> Iterator[list[Any]]:
    kinds = [field.get_internal_type() for field in table.fields]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in table.fields)
    place = [field.column for field in table.fields].index(table.key)
    sql = f"SELECT {columns} FROM {quote(table.name)}"
    order = f" ORDER BY {quote(table.key)} LIMIT {AT_ONCE}"
    mark = "?" if connection.vendor == "sqlite" else "%s"
    rows = fetch(sql + order, [])
    while rows:
        for row in rows:
            yield [plain(kind, value) for kind, value in zip(kinds, row, strict=True)]
        after = f" WHERE {quote(table.key)} > {mark}"
        rows = fetch(sql + after + order, [rows[-1][place]])


def _line(value: Any) -> bytes:
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    ).encode()


@contextmanager
def _snapshot() -> Iterator[Fetch]:
    """Give one moment's view of the database, while others go on writing."""
    if connection.vendor == "sqlite":
        with tempfile.TemporaryDirectory(prefix="muster-backup-") as folder:
            connection.ensure_connection()
            copy = sqlite3.connect(Path(folder, "copy.sqlite3"))
            connection.connection.backup(copy)
            yield lambda sql, given: copy.execute(sql, given).fetchall()
            copy.close()
        return
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

            def fetch(sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
                cursor.execute(sql, given or None)
                return cursor.fetchall()

            yield fetch
            cursor.execute("COMMIT")
    finally:
        other.close()


def migrations() -> list[str]:
    """Return the migrations that made the tables."""
    done = MigrationRecorder(connection).applied_migrations()
    labels = {table.model._meta.app_label for table in tables()}  # noqa: SLF001
    return sorted(f"{app}.{name}" for app, name in done if app in labels)


def dump(at: datetime) -> Iterator[bytes]:
    """Yield the lines of a backup: what it is, the rows, the hash of each table."""
    listed = tables()
    names = {t.name: [str(f.column) for f in t.fields] for t in listed}
    yield _line({"muster": 1, "at": at.isoformat(), "migrations": migrations()})
    with _snapshot() as fetch:
        for table in listed:
            yield _line({"table": table.name, "columns": names[table.name]})
            digest, count = hashlib.sha256(), 0
            for row in _rows(table, fetch):
                line = _line(row)
                digest.update(line + b"\n")
                count += 1
                yield line
            yield _line(
                {"end": table.name, "rows": count, "sha256": digest.hexdigest()}
            )


def noting(lines: Iterable[bytes], found: dict[str, str]) -> Iterator[bytes]:
    """Pass lines on, and note the hashes that are among them."""
    for line in lines:
        if line.startswith(b'{"end":'):
            said = json.loads(line)
            found[said["end"]] = said["sha256"]
        yield line


def hashes() -> dict[str, str]:
    """Return the hash of each table as it is now."""
    found = {}
    with _snapshot() as fetch:
        for table in tables():
            digest = hashlib.sha256()
            for row in _rows(table, fetch):
                digest.update(_line(row) + b"\n")
            found[table.name] = digest.hexdigest()
    return found


def total(found: dict[str, str]) -> str:
    """Return one hash for all tables: two databases with the same rows share it."""
    return hashlib.sha256(_line(found)).hexdigest()


def load(lines: Iterable[bytes]) -> dict[str, str]:
    """Write a backup into an installation that is new; return the hashes it names.

    Raises
    ------
    BackupError
        When it was made by another version, or somebody is registered here.
    """
    waiting = iter(lines)
    _check(json.loads(next(waiting)))
    by_name = {table.name: table for table in tables()}
    said: dict[str, str] = {}
    with transaction.atomic():
        _empty(by_name)
        for line in waiting:
            table = by_name[json.loads(line)["table"]]
            said[table.name] = _fill(table, waiting)
    _reset_sequences()
    return said


def _empty(names: Iterable[str]) -> None:
    """Take out what migrations have written, for the backup has it too."""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")


def _fill(table: Table, waiting: Iterator[bytes]) -> str:
    """Write the rows of one table; return the hash that stands behind them."""
    chunk: list[list[Any]] = []
    for line in waiting:
        value = json.loads(line)
        if isinstance(value, dict):
            _write(table, chunk)
            return str(value["sha256"])
        chunk.append(value)
        if len(chunk) >= AT_ONCE:
            _write(table, chunk)
            chunk = []
    raise BackupError("the file ends too early: fetch it again")


def _check(head: dict[str, Any]) -> None:
    here = migrations()
    if head.get("migrations") != here:
        other = set(head.get("migrations", [])) ^ set(here)
        raise BackupError(
            f"it was made by another version ({sorted(other)[0]}): restore it with that"
            " version, then update"
        )
    for label in ("people.Registration", "missions.Officer"):
        model = apps.get_model(label)
        if model._base_manager.exists():  # noqa: SLF001
            raise BackupError("this installation is in use: restore into a new one")


def _write(table: Table, rows: list[list[Any]]) -> None:
    if not rows:
        return
    kinds = [field.get_internal_type() for field in table.fields]
    columns = [
        [back(kind, value) for value in column]
        for kind, column in zip(kinds, zip(*rows, strict=True), strict=True)
    ]
    names = [field.attname for field in table.fields]
    if "BinaryField" in kinds:  # COPY has its own way of writing bytes
        table.model._base_manager.bulk_create(  # noqa: SLF001
            table.model(**dict(zip(names, row, strict=True)))
            for row in zip(*columns, strict=True)
        )
        return
    copying.write(table.model, len(rows), dict(zip(names, columns, strict=True)))


def _reset_sequences() -> None:
    listed = [table.model for table in tables()]
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), listed):
            cursor.execute(sql)
