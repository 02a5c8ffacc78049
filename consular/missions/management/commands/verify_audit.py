"""`manage.py verify_audit`: find any change in the audit trail, a cut-off end too."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consular.missions import audit
from consular.missions.models import AuditEntry


class Command(BaseCommand):
    """Recompute the chain, and compare it with the anchors kept outside."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--line", default="", help="a line that was mailed or logged, to compare"
        )

    def _compare(self, line: str) -> None:
        """See that the trail holds what a line from outside says."""
        words = line.split()
        if len(words) < 2 or not words[-2].isdecimal():
            raise CommandError("give the line whole: time, number and hash")
        kept = AuditEntry.objects.filter(sequence=int(words[-2]), entry_hash=words[-1])
        if not kept.exists():
            raise CommandError(
                f"entry {words[-2]} is not as that line says: the trail was changed"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["line"]:
            self._compare(options["line"])
        if (broken := audit.first_break()) is not None:
            raise CommandError(
                f"entry {broken} was changed or removed; compare with a backup"
            )
        if (lost := audit.lost_anchor()) is not None:
            raise CommandError(
                f"anchor {lost} is not in the trail: it was cut off or written anew"
            )
        sealed = AuditEntry.objects.exclude(sequence=None).count()
        waiting = AuditEntry.objects.filter(sequence=None).count()
        self.stdout.write(f"{sealed} entries unbroken, {waiting} not sealed yet")
