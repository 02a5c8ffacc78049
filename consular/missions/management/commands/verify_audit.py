"""`manage.py verify_audit`: find any change in the audit trail, a cut-off end too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consular.missions import audit
from consular.missions.models import AuditEntry


class Command(BaseCommand):
    """Recompute the chain, and compare it with the anchors kept outside."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
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
