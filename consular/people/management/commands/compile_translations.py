"""`manage.py compile_translations`: compile the catalogues that have changed."""

from typing import Any

from django.core.management.base import BaseCommand

from consular.people import translating


class Command(BaseCommand):
    """Compile the catalogues that have changed; quick when none has."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if done := translating.compile_all():
            self.stdout.write(f"{done} languages compiled")
