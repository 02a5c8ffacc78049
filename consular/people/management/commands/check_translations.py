"""`manage.py check_translations`: fail when a public text lacks a language."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consular.people import translating


class Command(BaseCommand):
    """Fail when a text of the public pages is not translated everywhere."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        lacking = {name: translating.missing(name) for name in translating.LOCALES}
        for locale, texts in lacking.items():
            for text in texts:
                self.stderr.write(f"{locale}: {text[:80]}")
        if any(lacking.values()):
            raise CommandError("run extract_translations, and translate what is new")
