"""`manage.py push_secret SLUG`: print the secret that signs what a source pushes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F

from alerts.hazards.listening import pushing
from alerts.hazards.models import Source


class Command(BaseCommand):
    """Print it, or make the old one worthless first."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--new", action="store_true", help="a new one; the old one ends at once"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        row = Source.objects.filter(slug=options["slug"], format=pushing.FORMAT, url="")
        if options["new"]:
            row.update(push_generation=F("push_generation") + 1)
        source = row.first()
        if source is None:
            raise CommandError(
                f"No source {options['slug']} with format {pushing.FORMAT} and no URL."
            )
        self.stdout.write(pushing.secret_of(source))
