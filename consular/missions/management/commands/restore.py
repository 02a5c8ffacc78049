"""`manage.py restore FILE`: make a new installation what a backup holds."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from consular import backups, rotating, vault


class Command(BaseCommand):
    """Write a backup into a database that `migrate` has just made; compare hashes."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the path of the file."""
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        """Restore, read everything back, and say whether it is the same."""
        if not settings.BACKUP_KEY:
            raise CommandError("set MUSTER_BACKUP_KEY to that of the backup first")
        try:
            with path.open("rb") as file:
                said = backups.load(vault.read(file, settings.BACKUP_KEY))
        except (vault.VaultError, backups.BackupError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        found = backups.hashes()
        wrong = sorted(name for name in found if found[name] != said.get(name))
        if wrong:
            raise CommandError(f"not the same as in the backup: {', '.join(wrong)}")
        if shut := rotating.shut():
            raise CommandError(
                f"restored, but {shut:,} values open with none of MUSTER_KEYS:"
                " add the key that was in use when the backup was made"
            )
        self.stdout.write(f"{len(found)} tables, all as in the backup")
        self.stdout.write(f"sha256 {backups.total(found)}")
