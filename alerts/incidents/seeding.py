"""First texts for an incident, from templates/messages, in any of our languages."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from alerts.dispatch.models import Channel
from alerts.incidents.models import Incident
from alerts.incidents.wording import Words

NEXT_WORD_H = 3  # when an e-mail promises the next one
WHEN = "%Y-%m-%d %H:%M"  # the same in every language


def seed(
    incident: Incident, languages: list[str], channels: list[str] | None = None
) -> list[Words]:
    """Write the first texts of an alert: what, where, when, what to do, who says so."""
    return [
        _text(incident, language, channel)
        for language in languages
        for channel in channels or (Channel.SMS, Channel.EMAIL)
    ]


def _text(incident: Incident, language: str, channel: str) -> Words:
    context: dict[str, object] = {
        "kind": incident.kind,
        "place": incident.place,
        "when": _written(incident.local(incident.happened_at)),
        "ministry": settings.MINISTRY_NAME,
        "phone": settings.EMERGENCY_PHONE,
        "next_hours": NEXT_WORD_H,
    }
    for part in ("event", "advice"):
        context[part] = _rendered(f"{part}.{language}", context)
    body = _rendered(f"alert.{language}.{channel}", context)
    subject = ""
    if channel == Channel.EMAIL:  # its first line is the subject
        subject, _, body = body.partition("\n")
    return Words(
        channel=channel, language=language, subject=subject[:110], body=body.strip()
    )


def _rendered(name: str, context: dict[str, object]) -> str:
    return render_to_string(f"messages/{name}.txt", context).strip()


def _written(at: datetime) -> str:
    return at.strftime(WHEN)
