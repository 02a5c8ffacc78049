"""Keys are rotated while all runs on; a backup is the same installation elsewhere."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from alerts.hazards.models import Document, Source
from consular import backups, rotating, sealing
from consular.missions import audit
from consular.people.models import Person, Registration
from tests import factories
from tests.factories import NOON

NAMES = ("Plantedone", "Plantedtwo")


def plant(settings: Any) -> None:
    for name in NAMES:
        person = factories.PersonEntry(given_name=name, needs="Plantedneed")
        factories.make_registration(phone="+12025550101", persons=[person])


def run(command: str, *words: str) -> str:
    out = io.StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue()


def raw() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT given_name FROM people_person ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db
def test_a_key_is_rotated_in_pieces_and_the_old_one_may_go(settings: Any) -> None:
    old = settings.SEALING_KEYS[0]
    plant(settings)
    settings.SEALING_KEYS = ["a new key", old]
    assert [person.given_name for person in Person.objects.all()] == list(NAMES)
    rotating.run(most=1)
    assert [value.startswith(sealing.newest_prefix()) for value in raw()] == [1, 0]
    assert rotating.left() > 0
    assert "the others may go" in run("rotate_keys")
    settings.SEALING_KEYS = ["a new key"]
    assert [person.given_name for person in Person.objects.all()] == list(NAMES)
    assert sum(rotating.run().values()) == 0


@pytest.mark.django_db
def test_without_the_old_key_rotation_says_what_to_do(settings: Any) -> None:
    plant(settings)
    settings.SEALING_KEYS = ["a new key"]
    with pytest.raises(CommandError, match="add it to MUSTER_KEYS"):
        run("rotate_keys")


@pytest.mark.django_db(transaction=True)
def test_a_restore_says_when_the_keys_of_its_time_are_not_set(
    settings: Any, tmp_path: Path
) -> None:
    settings.BACKUP_KEY = "secret of the backup"
    plant(settings)
    path = tmp_path / "muster.backup"
    run("backup", str(path))
    call_command("flush", interactive=False, verbosity=0)
    settings.SEALING_KEYS = ["a new key"]
    with pytest.raises(CommandError, match="open with none of MUSTER_KEYS"):
        run("restore", str(path))


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_file_that_cannot_be_is_one_line(
    command: str, settings: Any, tmp_path: Path
) -> None:
    settings.BACKUP_KEY = "secret of the backup"
    with pytest.raises(CommandError, match="No such file"):
        run(command, str(tmp_path / "missing" / "muster.backup"))


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_the_same_installation_elsewhere(
    settings: Any, tmp_path: Path
) -> None:
    settings.BACKUP_KEY = "secret of the backup"
    plant(settings)
    factories.make_officer()
    source = Source.objects.create(
        slug="x", name="x", format="usgs", interval_s=60, next_poll_at=NOON
    )
    Document.objects.create(
        source=source, sha256="0", body=b"\x00\xff\n", fetched_at=NOON
    )
    audit.record("view", None, "x", NOON, b=1, a="ü")
    audit.tick(NOON)
    path = tmp_path / "muster.backup"
    said = run("backup", str(path))
    before = backups.hashes()
    data = path.read_bytes()
    assert not any(word in data for word in (b"Planted", b"2025550101", b"people_"))
    with pytest.raises(CommandError, match="in use"):
        run("restore", str(path))
    call_command("flush", interactive=False, verbosity=0)
    again = run("restore", str(path))
    assert again.splitlines()[-1] == said.splitlines()[-1]
    after = backups.hashes()
    written = "missions_auditentry"  # the backup itself is in the trail, once made
    assert {n: h for n, h in after.items() if n != written} == {
        n: h for n, h in before.items() if n != written
    }
    assert audit.first_break() is None
    assert [person.given_name for person in Person.objects.all()] == list(NAMES)
    assert bytes(Document.objects.get().body) == b"\x00\xff\n"
    plant(settings)  # new rows get new numbers
    assert Registration.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_another_version_is_refused(settings: Any) -> None:
    lines = list(backups.dump(NOON))
    lines[0] = lines[0].replace(b"people.0001_initial", b"people.0001_other")
    with pytest.raises(backups.BackupError, match="another version"):
        backups.load(lines)


@pytest.mark.django_db
def test_without_a_key_there_is_no_backup(settings: Any, tmp_path: Path) -> None:
    settings.BACKUP_KEY = ""
    with pytest.raises(CommandError, match="MUSTER_BACKUP_KEY"):
        run("backup", str(tmp_path / "x"))
