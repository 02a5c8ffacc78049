"""One plain function for each noun, with defaults that are valid."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular.missions.models import Mission, Officer, Posting, Role

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
_numbers = itertools.count(1)


def make_mission(**changes: Any) -> Mission:
    """An embassy in Managua."""
    fields = {
        "name": f"Embassy {next(_numbers)}",
        "place": "Managua",
        "country": "NI",
        "serves": ["NI", "HN"],
        "time_zone": "America/Managua",
        "phone": "+50525550100",
    }
    return Mission.objects.create(**(fields | changes))


def make_officer(role: Role = Role.CONSULAR_OFFICER, **changes: Any) -> Officer:
    """An officer with one role for all missions and a confirmed TOTP device."""
    number = next(_numbers)
    fields = {
        "username": f"officer{number}@example.org",
        "email": f"officer{number}@example.org",
        "full_name": f"Officer Number {number}",
    }
    officer = Officer.objects.create_user(**(fields | changes))
    Posting.objects.create(officer=officer, role=role)
    TOTPDevice.objects.create(user=officer, name="phone", confirmed=True)
    return officer


def sign_in(client: Client, officer: Officer) -> None:
    """Open a session for an officer, second factor given."""
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    device = TOTPDevice.objects.get(user=officer)
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
