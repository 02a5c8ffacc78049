"""`manage.py take_mail < MAIL`: take an incoming mail from a mail server's pipe.

Postfix, Exim and Dovecot hand a mail to a command and look at how it ends: 0 is taken,
75 is "try again later", which is what happens while the database is away.
"""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from alerts.checkins.answers import mailing

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


class Command(BaseCommand):
    """Take one mail from standard input."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(mailing.LARGEST)
        if not raw.strip():
            raise CommandError("no mail on standard input")
        try:
            what = mailing.take(raw, timezone.now())
        except DatabaseError as error:
            name = type(error).__name__
            raise CommandError(
                f"not taken, try again: {name}", returncode=TRY_AGAIN
            ) from None
        self.stdout.write(what)
