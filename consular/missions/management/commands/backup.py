"""`manage.py backup FILE`: everything in one encrypted file, with its hash."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from consular import backups, vault
from consular.missions import audit


class Command(BaseCommand):
    """Write an encrypted backup; the service goes on meanwhile.

    Keep MUSTER_KEYS, MUSTER_INDEX_KEY and MUSTER_BACKUP_KEY somewhere else: with them
    and this file any machine is the installation again; without them nobody reads it.
    """

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the path of the file."""
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        """Write beside the name first, so that half a backup is never taken for one."""
        if not settings.BACKUP_KEY:
            raise CommandError("set MUSTER_BACKUP_KEY to a long secret first")
        now = timezone.now()
        found: dict[str, str] = {}
        unfinished = path.with_name(path.name + ".part")
        try:
            number = os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600)
            with open(number, "wb") as file:
                file.truncate()
                lines = backups.noting(backups.dump(now), found)
                vault.write(file, lines, settings.BACKUP_KEY)
            unfinished.replace(path)
        except OSError as error:  # no such folder, no room: no backup, and say so
            raise CommandError(f"{unfinished}: {error.strerror}") from None
        audit.record("backup", None, "everything", now, sha256=backups.total(found))
        self.stdout.write(f"{path.stat().st_size:,} bytes, {len(found)} tables")
        self.stdout.write(f"sha256 {backups.total(found)}")
