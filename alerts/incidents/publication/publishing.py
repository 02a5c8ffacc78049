"""What the public may read: alerts that have left, in their approved public words.

An alert that one officer sent alone is not published: nobody speaks to the public
alone. Exercises are published only where the installation says so, and as exercises.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F, Q, QuerySet

from alerts.dispatch.models import Channel
from alerts.incidents.models import Alert, AlertKind, Incident
from consular.modes import Mode


@dataclass(frozen=True)
class PublicWords:
    """What an alert says to everyone, in one language."""

    language: str
    body: str


def alerts(now: datetime) -> QuerySet[Alert]:
    """Keep the alerts that are public: released, also if they were stopped later.

    That some are outside the zone now is said to them; the public reads the zone itself
    in the update before.
    """
    left = Q(opens_at__lte=now) & (
        Q(stopped_at=None) | Q(stopped_at__gte=F("opens_at"))
    )
    rows = Alert.objects.filter(left, glass=None).exclude(kind=AlertKind.OUTSIDE)
    if not settings.PUBLISH_EXERCISES:
        rows = rows.filter(mode=Mode.LIVE)
    return rows.select_related("incident", "incident__hazard").order_by("pk")


def incidents(now: datetime) -> QuerySet[Incident]:
    """Keep the incidents with something public, the newest first."""
    public = alerts(now).order_by().values("incident")
    return Incident.objects.filter(pk__in=public).order_by("-opened_at")


def words(alert: Alert) -> dict[str, PublicWords]:
    """Return an alert's public words by language, as they were approved."""
    return {
        said["language"]: PublicWords(said["language"], said["body"])
        for said in alert.texts
        if said["channel"] == Channel.SOCIAL
    }


def in_language(alert: Alert, language: str) -> PublicWords | None:
    """Return an alert's public words in a language, else in its fallback's."""
    said = words(alert)
    found = said.get(language) or said.get(alert.fallback)
    return found or next(iter(said.values()), None)
