"""`manage.py add_officer`: make an officer's account."""

import base64
import secrets
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular.missions import audit
from consular.missions.models import Mission, Officer, Posting, Role

LONGEST_H = 24 * 90  # of a surge account


def _until(hours: float | None, now: datetime) -> datetime | None:
    if hours is None:
        return None
    if not 0 < hours <= LONGEST_H:
        raise CommandError(f"--hours goes from above 0 to {LONGEST_H}")
    return now + timedelta(hours=hours)


class Command(BaseCommand):
    """Make an officer's account and print its password and TOTP secret once."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--full-name", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--mission", default="", help="name; empty: all missions")
        parser.add_argument(
            "--hours", type=float, help="for so many hours, as in a surge; else open"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        name = options["mission"]
        mission = Mission.objects.filter(name=name).first() if name else None
        if name and mission is None:
            raise CommandError(f"there is no mission {name!r}")
        password = secrets.token_urlsafe(12)
        try:
            officer = Officer.objects.create_user(
                options["username"], password=password, full_name=options["full_name"]
            )
        except IntegrityError:
            raise CommandError("there is an officer of that name already") from None
        now = timezone.now()
        Posting.objects.create(
            officer=officer,
            mission=mission,
            role=options["role"],
            until=_until(options["hours"], now),
        )
        device = TOTPDevice.objects.create(user=officer, name="phone", confirmed=True)
        audit.record(
            "add_officer",
            None,
            f"officer {officer.pk}",
            now,
            role=options["role"],
        )
        secret = base64.b32encode(device.bin_key).decode().rstrip("=")
        self.stdout.write(f"sign-in:     {officer.username}")
        self.stdout.write(f"password:    {password}")
        self.stdout.write(f"TOTP secret: {secret}  (enter it in an authenticator app)")
