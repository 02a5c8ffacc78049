"""The path of an incident in a few words, for tests."""

from datetime import date, datetime, timedelta
from typing import Any

from alerts.incidents import declaring
from alerts.incidents.approving import approval
from alerts.incidents.declaring import Declaration
from alerts.incidents.drafts import drafting
from alerts.incidents.drafts.drafting import Content
from alerts.incidents.drafts.wording import Words
from alerts.incidents.models import Alert, Draft, Incident, Zone
from alerts.incidents.zones import zoning
from alerts.incidents.zones.outlining import Outline
from consular.missions.models import Officer
from consular.people.models import Registration
from consular.people.registering.enrolling import enrol
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)

MANAGUA = (-86.25, 12.14)
SAY = "Stay outside. Are you safe? {link}{reply} or SAFE {code}{/reply}"
CIRCLE = Outline(
    shape="circle", given={"lon": -86.25, "lat": 12.14, "radius_m": 50_000.0}
)


def enrolled(
    now: datetime,
    lon: float = MANAGUA[0],
    lat: float = MANAGUA[1],
    *,
    phone: str = "",
    email: str = "",
    persons: int = 1,
    **changes: Any,
) -> Registration:
    """Enrol a confirmed party with one stay around now."""
    contacts = [("phone", phone), ("email", email)]
    stay: dict[str, Any] = {
        "place": "Managua",
        "country": "NI",
        "lon": lon,
        "lat": lat,
        "precision": "exact",
        "arrives_on": now.date() - timedelta(days=2),
        "departs_on": now.date() + timedelta(days=5),
    }
    entry: dict[str, Any] = {"mode": "exercise", "language": "en"} | changes.pop(
        "entry", {}
    )
    stay |= changes
    return enrol(
        [
            Entry(
                persons=[
                    PersonEntry(given_name=f"Ada {n}", family_name="Example")
                    for n in range(persons)
                ],
                contacts=[
                    ContactEntry(kind=kind, address=address)
                    for kind, address in contacts
                    if address
                ],
                stays=[StayEntry(**stay)],
                **entry,
            )
        ],
        now,
        confirmed=True,
    )[0]


def declared(by: Officer, now: datetime, **changes: Any) -> Incident:
    """Declare an earthquake near Managua from nothing."""
    said: dict[str, Any] = {
        "by": by,
        "title": "Earthquake near Managua",
        "place": "Managua",
        "kind": "earthquake",
        "mode": "exercise",
        "happened_at": now - timedelta(minutes=20),
        "lon": MANAGUA[0],
        "lat": MANAGUA[1],
    }
    return declaring.declare(Declaration(**(said | changes)), now)


def zoned(incident: Incident, by: Officer, now: datetime, **changes: Any) -> Zone:
    """Set a circle of 50 km around Managua."""
    return zoning.save(incident, changes.pop("outline", CIRCLE), by, now)


def content(**changes: Any) -> Content:
    """Return a text message and an e-mail in English."""
    said: dict[str, Any] = {
        "channels": ("sms", "email"),
        "texts": (
            Words(channel="sms", language="en", body=SAY),
            Words(channel="email", language="en", subject="Safe?", body=SAY),
        ),
    }
    return Content(**(said | changes))


def drafted(incident: Incident, by: Officer, now: datetime, **changes: Any) -> Draft:
    """Write a draft."""
    draft = drafting.begin(incident, by, now)
    return drafting.save(draft, content(**changes), by, now)


def submitted(by: Officer, now: datetime, **changes: Any) -> Draft:
    """Declare, set the zone, write, and hand over."""
    incident = declared(by, now, **changes)
    zoned(incident, by, now)
    return approval.submit(drafted(incident, by, now), by, now)


def approved(by: Officer, approver: Officer, now: datetime) -> Alert:
    """Go all the way to an approved alert that is not settled yet."""
    return approval.approve(submitted(by, now), approver, now)


def day(text: str) -> date:
    """Read a date."""
    return date.fromisoformat(text)
