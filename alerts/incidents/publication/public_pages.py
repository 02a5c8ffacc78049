"""Write the public pages of incidents: for a request, or as files for anywhere.

The files need nothing but a web server: no database, no script, no other request. The
one thing they cannot do is look up a code; their form asks the service itself.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from alerts.incidents.drafts import phrasing
from alerts.incidents.models import Alert, AlertKind, Audience, Incident, Phase
from alerts.incidents.publication import cap, publishing
from consular import languages

MOST_MESSAGES = 30
_CODE = re.compile(r"[^0-9A-Za-z]")


@dataclass(frozen=True)
class Said:
    """One public message, in the reader's language where there is one."""

    name: str
    at: datetime
    body: str
    language: str
    direction: str
    is_cancelled: bool


def context(incident: Incident, language: str, now: datetime) -> dict[str, Any]:
    """Return what the page of an incident shows: newest message first."""
    alerts = list(publishing.alerts(now).filter(incident=incident))
    alerts.sort(key=lambda alert: -alert.pk)
    corrected = {alert.corrects_id for alert in alerts}
    said = [_said(alert, language, corrected) for alert in alerts[:MOST_MESSAGES]]
    newest = alerts[0] if alerts else None
    promised = newest.next_word_at if newest and newest.pk not in corrected else None
    is_last = newest is not None and newest.kind in (
        AlertKind.CORRECTION,
        AlertKind.ALL_CLEAR,
    )
    is_over = is_last or incident.closed_at is not None
    next_word_at = None if is_over else promised
    return {
        "incident": None,  # the frame of staff pages would show it
        "event": phrasing.event(incident.kind, language),
        "place": incident.place,
        "reference": incident.reference,
        "is_exercise": incident.mode != "live",
        "mission": incident.lead_mission,
        "place_zone": incident.zone_info,
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "messages_said": said,
        "now": now,
        "next_word_at": next_word_at,
        "is_late": next_word_at is not None and next_word_at <= now,
        "is_over": is_over,
        "page_language": language,
        "page_direction": languages.direction(language),
        "public_url": settings.PUBLIC_URL,
    }


def _said(alert: Alert, language: str, corrected: set[int | None]) -> Said:
    words = publishing.in_language(alert, language)
    phase = alert.draft.phase if alert.corrects_id is None else "correction"
    if phase == Phase.CHECK_IN:  # whether they are safe is asked of those written to
        phase = Phase.WARNING.value
    spoken = words.language if words else language
    return Said(
        name=phrasing.phrases(language)[phase]["name"],
        at=alert.opens_at or alert.approved_at,
        body=words.body if words else "",
        language=spoken,
        direction=languages.direction(spoken),
        is_cancelled=alert.pk in corrected,
    )


def is_real(incident: Incident, typed: str) -> bool:
    """Tell whether a message of this incident carried a code."""
    code = _CODE.sub("", typed).upper()
    if not 4 <= len(code) <= 8:
        return False
    rows = Audience.objects.filter(code=code, alert__incident=incident)
    return rows.exclude(alert__released_at=None).exists()


def listed(language: str, now: datetime) -> list[dict[str, Any]]:
    """Return the public incidents that are not closed, the newest first."""
    return [
        {
            "reference": incident.reference,
            "event": phrasing.event(incident.kind, language),
            "place": incident.place,
            "is_exercise": incident.mode != "live",
        }
        for incident in publishing.incidents(now).filter(closed_at=None)
    ]


def write(folder: Path, now: datetime) -> int:
    """Write all public pages and CAP documents as files; return how many.

    Each file is replaced as a whole, so that a reader never sees half of one.
    """
    count = 0
    for language in languages.LANGUAGES:
        shown = {
            "incidents_listed": listed(language, now),
            "page_language": language,
            "page_direction": languages.direction(language),
            "is_static": True,
            "now": now,
        }
        count += _file(folder / f"{language}.html", _html("list", language, shown))
        for incident in publishing.incidents(now).select_related("lead_mission"):
            shown = context(incident, language, now) | {"is_static": True}
            path = folder / "incident" / incident.reference / f"{language}.html"
            count += _file(path, _html("incident", language, shown))
    english = (folder / "en.html").read_bytes()
    count += _file(folder / "index.html", english)
    alerts = list(publishing.alerts(now).select_related("draft"))
    for alert in alerts:
        name = f"{cap.identifier(alert)}.xml"
        count += _file(folder / "cap" / name, cap.document(alert, now))
    return count + _file(folder / "cap" / "feed.atom", cap.feed(alerts, now))


def _html(name: str, language: str, shown: dict[str, Any]) -> bytes:
    with languages.speak(language):
        page = render_to_string(f"incidents/public_{name}.html", shown, HttpRequest())
    return page.encode()


def _file(path: Path, body: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(body)
    part.replace(path)
    return 1
