"""All that an installation holds, to search it for what must not be there."""

import os
import subprocess
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.db import connection

from tests import postgres


def stored() -> str:
    """Return every column of every table as the database holds it."""
    parts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            parts += [
                str(bytes(v) if isinstance(v, memoryview) else v)
                for row in cursor.fetchall()
                for v in row
            ]
    return "\n".join(parts).lower()


def dumped() -> str:
    """Return the database as its own tools write it out for who has stolen it.

    Bytes are written as letters wherever they are some. What is not committed is not
    in it.
    """
    if connection.vendor == "sqlite":
        return "\n".join(connection.connection.iterdump()).lower()
    at = connection.settings_dict
    words = [str(postgres.binaries() / "pg_dump"), "--inserts", "--dbname", at["NAME"]]
    environment = os.environ | {
        "PGHOST": at["HOST"],
        "PGPORT": str(at["PORT"]),
        "PGUSER": at["USER"],
        "PGPASSWORD": at["PASSWORD"],
        "PGOPTIONS": "-c bytea_output=escape",
    }
    done = subprocess.run(words, env=environment, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace").lower()


def opened() -> str:
    """Return all that the database holds, opened with its keys."""
    rows = [
        serializers.serialize("json", model.objects.all(), ensure_ascii=False)
        for model in apps.get_models()
    ]
    return "\n".join(rows).lower()


def files(*others: str) -> str:
    """Return the files of the data folder but those of the outside world."""
    kept = [
        path.read_bytes().decode("utf-8", "replace")
        for path in sorted(Path(settings.DATA_DIR).rglob("*"))
        if path.is_file() and path.name not in others
    ]
    return "\n".join(kept).lower()


def sealed_of(registration: int) -> list[str]:
    """Return what stands sealed or hashed for a party, as the database holds it."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        for table, where in THEIRS.items():
            cursor.execute(f"SELECT * FROM {table} WHERE {where}", [registration])
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                found |= {
                    str(value).lower()
                    for name, value in zip(names, row, strict=True)
                    if value and (name.endswith("key") or str(value).startswith(SEALED))
                }
    return sorted(found)


SEALED = "1."
THEIRS = {
    "people_registration": "id = %s",
    "people_person": "registration_id = %s",
    "people_contact": "registration_id = %s",
    "people_namekey": "person_id IN "
    "(SELECT id FROM people_person WHERE registration_id = %s)",
}
