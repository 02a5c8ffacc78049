"""`manage.py load_sources [FILE] [--poll]`: add a file's sources; change none."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError
from django.utils import timezone

from alerts.hazards.listening import formats, polling
from alerts.hazards.models import Source
from consular import modes

SHIPPED = Path(__file__).resolve().parents[2] / "sources.json"


class Command(BaseCommand):
    """Add sources; those whose slug is there already stay as they are."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default=str(SHIPPED))
        words = "then ask each of them once, and say what came"
        parser.add_argument("--poll", action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = json.loads(Path(options["file"]).read_text(encoding="utf-8"))
            mode = self._mode(rows)
        except modes.ModeError as error:
            raise CommandError(f"Sources are live: {error}.") from None
        except (OSError, ValueError) as error:
            raise CommandError(f"The file cannot be read: {error}") from None
        try:
            added = [row["slug"] for row in rows if self._added(row, mode)]
        except (OperationalError, ProgrammingError):
            raise CommandError(
                "The database cannot be asked for sources. Run `manage.py migrate` "
                "first; if that fails too, look at DATABASE_URL."
            ) from None
        self.stdout.write(f"{len(added)} added, {len(rows) - len(added)} kept as is.")
        for row in rows if options["poll"] else ():
            self._ask(Source.objects.get(slug=row["slug"]))

    def _mode(self, rows: list[dict[str, Any]]) -> modes.Mode:
        """Return live; an exercise installation has its own recorded feeds alone."""
        own = settings.EXERCISE_FEEDS
        hosts = {urlsplit(row.get("url", "")).netloc for row in rows}
        if modes.installation() is modes.Mode.EXERCISE and hosts == {own}:
            return modes.Mode.EXERCISE
        return modes.allowed(modes.Mode.LIVE)

    def _ask(self, source: Source) -> None:
        found = polling.poll(source, timezone.now())
        documents = source.documents.defer("body")
        counts = f"{documents.count()} documents, {source.reports.count()} reports"
        self.stdout.write(f"{source.slug}: {found.word}; {counts}")
        flags = [flag for document in documents[:20] for flag in document.flags]
        for words in filter(None, [source.trouble, source.advice, *flags]):
            self.stdout.write(f"  {words}")

    def _added(self, row: dict[str, Any], mode: modes.Mode) -> bool:
        if row.get("format") not in formats.NAMES:
            known = ", ".join(sorted(formats.NAMES))
            raise CommandError(f"{row.get('slug')}: the format must be one of {known}.")
        if Source.objects.filter(slug=row["slug"]).exists():
            return False
        source = Source(mode=mode, next_poll_at=timezone.now(), **row)
        try:
            source.full_clean()
        except ValidationError as error:
            raise CommandError(f"{row['slug']}: {'; '.join(error.messages)}") from None
        source.save()
        return True
