"""`manage.py load_codes SCHEME FILE`: give the codes of alerts their shapes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alerts.hazards import coding


class Command(BaseCommand):
    """Load a table of shapes, and draw the reports that waited for them."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scheme", help="such as UGC, SAME, WARNCELLID, CAP-CP")
        parser.add_argument("file", help="GeoJSON, or TSV with wkt or a box")
        parser.add_argument("--code", default="code", help="the field of the code")
        parser.add_argument("--name", default="name", help="the field of its name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = Path(options["file"]).read_text(encoding="utf-8")
            rows = coding.rows_of(text, options["code"], options["name"])
        except (OSError, ValueError) as error:
            raise CommandError(f"Nothing was loaded: {error}") from None
        drawn = coding.load(options["scheme"], rows, timezone.now())
        self.stdout.write(f"{len(rows)} codes loaded, {drawn} waiting reports drawn.")
