"""One plain function for each noun, with defaults that are valid."""

import itertools
import time
from datetime import UTC, date, datetime
from typing import Any

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular.missions.models import Mission, Officer, Posting, Role
from consular.missions.sign_in import stepping
from consular.people.models import Registration
from consular.people.registering import enrolling
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)

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
    device = TOTPDevice.objects.get(user=officer, confirmed=True)
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session[stepping.KEY] = time.time()
    session.save()


def make_stay_entry(
    lon: float = -86.25, lat: float = 12.13, **changes: Any
) -> StayEntry:
    """A stay in Managua this week, known to the address."""
    fields: dict[str, Any] = {
        "place": "Managua, Nicaragua",
        "country": "NI",
        "lon": lon,
        "lat": lat,
        "precision": "exact",
        "arrives_on": TODAY,
        "departs_on": date(2026, 3, 9),
    }
    return StayEntry(**(fields | changes))


def make_registration(
    lon: float = -86.25,
    lat: float = 12.13,
    *,
    phone: str = "",
    email: str = "",
    party: int = 1,
    confirmed: bool = True,
    stays: list[StayEntry] | None = None,
    **changes: Any,
) -> Registration:
    """A confirmed exercise trip: one stay at a point, a party of adults, no needs."""
    persons = [PersonEntry(given_name=f"Invented {n}") for n in range(party)]
    contacts = [ContactEntry(kind="phone", address=phone)] if phone else []
    contacts += [ContactEntry(kind="email", address=email)] if email else []
    fields = {
        "mode": "exercise",
        "persons": persons,
        "contacts": contacts,
        "stays": stays if stays is not None else [make_stay_entry(lon, lat)],
    }
    entry = Entry(**(fields | changes))
    return enrolling.enrol([entry], NOON, confirmed=confirmed)[0]
