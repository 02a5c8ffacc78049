"""Write the public pages, CAP documents and feed as files that any server can serve."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from alerts.incidents.publication import public_pages


class Command(BaseCommand):
    """Write public pages to a folder."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        count = public_pages.write(options["folder"], timezone.now())
        self.stdout.write(f"{count} files written to {options['folder']}")
