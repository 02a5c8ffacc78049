"""What the pages of one incident share: clocks, the steps, the draft, the alert."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request

from alerts.incidents import promising
from alerts.incidents.drafts import drafting
from alerts.incidents.models import Alert, Draft, Incident
from consular import languages, words
from consular.missions.access import Verb, officer_of, verbs

STEPS = (
    ("zone", "Zone"),
    ("message", "Message"),
    ("check", "Check"),
    ("approve", "Second person approves"),
    ("sending", "Send and watch"),
)


@dataclass(frozen=True)
class Step:
    """One of the five steps from a zone to watching what is sent."""

    number: int
    name: str
    title: str
    is_done: bool
    is_open: bool


@dataclass(frozen=True)
class Frame:
    """An incident as a page sees it at one moment."""

    incident: Incident
    now: datetime
    draft: Draft | None
    alert: Alert | None

    def context(self, request: HttpRequest, page: str) -> dict[str, Any]:
        """Return what every page's template needs."""
        return {
            "incident": self.incident,
            "now": self.now,
            "draft": self.draft,
            "alert": self.alert,
            "tab": page,
            "steps": steps(self),
            "current_step": page,
            "verbs": {verb.value for verb in _verbs(request, self)},
            "place_zone": self.incident.zone_info,
            "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
            "hold_s": round(settings.HOLD_S),
            "promise": promising.promise(self.incident, self.now),
        }


def _verbs(request: HttpRequest, frame: Frame) -> set[Verb]:
    return verbs(officer_of(request), frame.now, frame.incident.territory)


def incident_of(
    request: HttpRequest | Request, reference: str, verb: Verb = Verb.WATCH
) -> Incident:
    """Return an incident where the officer has a verb; else it is not found."""
    seen = Incident.objects.seen_by(officer_of(request), timezone.now(), verb)
    return get_object_or_404(seen, reference=reference)


def frame(request: HttpRequest, reference: str, alert_id: str = "") -> Frame:
    """Read an incident with its open draft and its newest (or one named) alert.

    An incident that the officer's postings do not reach is not found.
    """
    now = timezone.now()
    seen = Incident.objects.seen_by(officer_of(request), now)
    incident = get_object_or_404(
        seen.select_related("hazard", "commander"), reference=reference
    )
    alerts = incident.alerts.select_related("draft", "approved_by", "submitted_by")
    alert: Alert | None
    if number := words.row_number(alert_id):
        alert = get_object_or_404(alerts, pk=number)
    else:
        alert = alerts.first()
    return Frame(
        incident=incident,
        now=now,
        draft=drafting.open_draft(incident),
        alert=alert,
    )


def steps(frame: Frame) -> list[Step]:
    """Say which steps are done, and which can be opened."""
    draft, alert = frame.draft, frame.alert
    going = draft is None and alert is not None
    has_zone = going or frame.incident.zones.exists()
    has_text = going or (draft is not None and draft.texts.exists())
    is_asked = going or (draft is not None and draft.state == Draft.State.SUBMITTED)
    done = {
        "zone": has_zone,
        "message": has_text,
        "check": is_asked,
        "approve": going,
        "sending": going and alert is not None and alert.state == Alert.State.ENDED,
    }
    is_open = {
        "zone": True,
        "message": True,
        "check": has_text,
        "approve": is_asked,
        "sending": alert is not None,
    }
    return [
        Step(number, name, title, done[name], is_open[name])
        for number, (name, title) in enumerate(STEPS, start=1)
    ]


def language_name(code: str) -> str:
    """Return a language's name in English, as officers read it."""
    return languages.english(code)
