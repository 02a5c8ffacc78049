"""`manage.py extract_translations`: bring the catalogues in line with the code."""

from typing import Any

from django.core.management.base import BaseCommand

from consular.people import translating


class Command(BaseCommand):
    """Add new texts to the catalogues and take out those that are gone."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for locale in translating.LOCALES:
            left = translating.update(locale)
            self.stdout.write(f"{locale}: {left} texts to translate")
