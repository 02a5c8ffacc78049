"""`manage.py read_feed FILE…`: say what Muster makes of documents; write nothing."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from alerts.hazards.listening import reading


class Command(BaseCommand):
    """Parse any supported document and say what it found."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in options["files"]:
            said = self._read(name)
            if options["json"]:
                self.stdout.write(json.dumps(said, ensure_ascii=False))
            else:
                self._tell(said)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            document = Path(name).read_bytes()
        except OSError as error:
            words = f"the file cannot be read: {error.strerror}"
            return reading.verdict(name, "", "unsupported", words)
        return reading.of(name, document)

    def _tell(self, said: dict[str, Any]) -> None:
        self.stdout.write(f"{said['path']}: {said['verdict']} ({said['format']})")
        if said["reason"]:
            self.stdout.write(f"  {said['reason']}")
        for flag in said["flags"]:
            self.stdout.write(f"  note: {flag}")
        for report in said["reports"][:20]:
            self.stdout.write(
                f"  {report['sent']} {report['msg_type']}/{report['status']}"
                f" {report['event']} {report['severity']}"
            )
        if len(said["reports"]) > 20:
            self.stdout.write(f"  … and {len(said['reports']) - 20} more")
