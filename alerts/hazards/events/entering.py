"""Report an event by hand: an officer's own words, on the same path as any feed's."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.hazards.feeds import situations
from alerts.hazards.listening import intake, polling
from alerts.hazards.models import Document, Hazard, Source
from consular.missions import audit
from consular.missions.models import Officer
from consular.modes import Mode

SENDER = "officers"
LEVEL_WORDS = {number: word for word, number in situations.LEVELS.items()}


class EntryError(ValueError):
    """Say in plain words what to mend."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What an officer knows of an event; `identifier` names one reported before."""

    title: str
    kind: str
    level: int
    confidence: str
    mode: str
    happened_at: datetime
    lon: float
    lat: float
    radius_km: float
    place: str = ""
    link: str = ""
    description: str = ""
    identifier: str = ""
    is_over: bool = False


def source_of(mode: str, now: datetime) -> Source:
    """Return the source that holds what officers enter in a mode."""
    source, _ = Source.objects.get_or_create(
        slug=f"officers-{mode}",
        defaults={
            "name": "Our officers",
            "format": "situation",
            "url": "",
            "mode": mode,
            "trust": Source.Trust.SUGGEST,
            "next_poll_at": now,
            "last_ok_at": now,
            "is_active": False,
        },
    )
    return source


def enter(entry: Entry, by: Officer, now: datetime) -> Hazard:
    """Store what an officer says as a document, and read it like any other.

    Raises
    ------
    EntryError
        When it cannot be read, with the reader's words.
    """
    source = source_of(entry.mode, now)
    identifier = entry.identifier or uuid.uuid4().hex
    body = json.dumps(_document(entry, identifier, now), ensure_ascii=False)
    document, _ = intake.take(source, body.encode(), "application/json", now)
    if document.state == Document.State.QUARANTINED:
        raise EntryError(document.reason)
    hazard = Hazard.objects.get(reports__document=document)
    audit.record("enter_event", by, f"hazard {hazard.pk}", now, over=entry.is_over)
    polling.weigh([document], now)
    return hazard


def _document(entry: Entry, identifier: str, now: datetime) -> dict[str, Any]:
    event: dict[str, Any] = {
        "id": identifier,
        "sent": now.isoformat(),
        "status": "exercise" if entry.mode == Mode.EXERCISE else "actual",
        "type": "cancel" if entry.is_over else "alert",
        "kind": entry.kind,
        "level": LEVEL_WORDS[entry.level],
        "confidence": entry.confidence,
        "title": entry.title,
        "description": entry.description,
        "place": entry.place,
        "link": entry.link,
        "happened_at": entry.happened_at.isoformat(),
        "lon": entry.lon,
        "lat": entry.lat,
        "radius_km": entry.radius_km,
    }
    return {"format": situations.NAME, "sender": SENDER, "events": [event]}
