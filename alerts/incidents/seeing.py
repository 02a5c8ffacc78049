"""Let the API name only incidents that the asking officer's postings reach."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from alerts.incidents.models import Incident
from alerts.incidents.models.incidents import IncidentQuerySet
from consular.missions.access import Verb, officer_of
from consular.missions.models import Officer


def seen(request: Request, verb: Verb = Verb.WATCH) -> IncidentQuerySet:
    """Return the incidents where the officer who asks has a verb."""
    return Incident.objects.seen_by(officer_of(request), timezone.now(), verb)


def keys(officer: Officer, now: datetime, verb: Verb) -> set[str]:
    """Return what the mail room calls the incidents where an officer has a verb."""
    rows = Incident.objects.seen_by(officer, now, verb)
    return {f"incident:{pk}" for pk in rows.values_list("pk", flat=True)}


def title(key: str) -> str:
    """Return what people call the incident that the mail room calls so, or nothing."""
    number = key.removeprefix("incident:")
    if not number.isdecimal():
        return ""
    return (
        Incident.objects.filter(pk=number).values_list("title", flat=True).first() or ""
    )


class SeenIncidentField(serializers.SlugRelatedField):  # type: ignore[type-arg]
    """An incident by its reference; one out of reach is answered as unknown."""

    queryset = Incident.objects.none()

    def __init__(self, *, verb: Verb, **kwargs: Any) -> None:
        self.verb = verb
        super().__init__(queryset=Incident.objects.none(), **kwargs)

    def get_queryset(self) -> IncidentQuerySet:
        """Look among what the officer may act on; the API's description has none."""
        if "request" not in self.context:
            return Incident.objects.none()
        return seen(self.context["request"], self.verb)
