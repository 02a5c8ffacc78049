"""`manage.py rotate_keys`: seal everything with the newest key, while all runs on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consular import rotating, sealing


class Command(BaseCommand):
    """Seal again what older keys have sealed; interrupt it and start it again at will.

    Put the new key in front of the old one in MUSTER_KEYS and restart each part first.
    """

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through every table with sealed fields."""
        try:
            for table, count in rotating.run().items():
                self.stdout.write(f"{table}: {count:,} values")
        except sealing.SealError as error:
            raise CommandError(str(error)) from None
        left = rotating.left()
        if left:
            raise CommandError(f"{left:,} values are left; run it again")
        self.stdout.write("All is sealed with the newest key: the others may go.")
