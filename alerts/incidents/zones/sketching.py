"""Keep what is on an officer's zone page and not saved; tell who else is drawing.

A browser that crashes or a line that drops loses at most some seconds of drawing. Two
officers who draw at once see each other, and that a zone was saved under their hands.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from alerts.incidents.models import Incident, Sketch
from consular.missions.models import Officer

HERE_FOR = timedelta(seconds=30)
KEPT_FOR = timedelta(days=2)


@dataclass(frozen=True)
class Company:
    """Who else has the page open, and when zones were last changed by others."""

    names: list[str]
    drawing: list[str]
    saved_at: datetime | None


def keep(
    incident: Incident, by: Officer, values: dict[str, str] | None, now: datetime
) -> None:
    """Note that an officer is here and, when values are given, what is on the page."""
    seen: dict[str, object] = {"seen_at": now}
    if values is not None:
        seen |= {"values": values, "changed_at": now}
    Sketch.objects.update_or_create(incident=incident, officer=by, defaults=seen)
    Sketch.objects.filter(incident=incident, seen_at__lt=now - KEPT_FOR).delete()


def drop(incident: Incident, by: Officer) -> None:
    """Forget what was not saved: it has been saved now, or is not wanted."""
    Sketch.objects.filter(incident=incident, officer=by).update(
        values={}, changed_at=None
    )


def left_behind(incident: Incident, by: Officer, now: datetime) -> Sketch | None:
    """Return what an officer had begun and not saved, if it is there."""
    return (
        Sketch.objects.filter(
            incident=incident, officer=by, changed_at__gte=now - KEPT_FOR
        )
        .exclude(values={})
        .first()
    )


def company(incident: Incident, by: Officer, now: datetime) -> Company:
    """Tell who else is on this page now."""
    others = (
        Sketch.objects.filter(incident=incident, seen_at__gte=now - HERE_FOR)
        .exclude(officer=by)
        .select_related("officer")
        .order_by("pk")
    )
    newest = incident.zones.exclude(saved_by=by).aggregate(at=Max("saved_at"))["at"]
    return Company(
        names=[each.officer.full_name for each in others],
        drawing=[each.officer.full_name for each in others if each.values],
        saved_at=newest,
    )
