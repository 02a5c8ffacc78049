"""Save and remove the zones of an incident; any change withdraws an open draft."""

from datetime import datetime

from django.db import models, transaction

from alerts.incidents import logbook
from alerts.incidents.drafts import drafting
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import Incident, Zone
from alerts.incidents.zones.outlining import Outline, area_of
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer
from geo import shapes

MOST_ZONES = 20


def save(
    incident: Incident,
    outline: Outline,
    by: Officer,
    now: datetime,
    *,
    zone: Zone | None = None,
) -> Zone:
    """Add a zone, or change one; an open draft goes back to being written.

    A hazard's area is there once: taking it again changes the zone that is there.

    Raises
    ------
    FieldsError, ForbiddenError, ConflictError
        When it cannot be used, with what to mend.
    """
    _may_draw(incident, by, now)
    area = area_of(outline, incident)
    values = {
        "level": outline.level,
        "shape": outline.shape,
        "given": area.given,
        "label": area.label[:160],
        "margin_km": outline.margin_km,
        "geometry": shapes.to_geojson(area.geometry),
        "area_km2": round(shapes.area_km2(area.geometry), 1),
        "saved_by": by,
        "saved_at": now,
    }
    with transaction.atomic():
        drafting.withdraw(incident, by, now)
        if zone is None and outline.shape == Zone.Shape.HAZARD:
            zone = incident.zones.filter(shape=Zone.Shape.HAZARD).first()
        if zone is None:
            if incident.zones.count() >= MOST_ZONES:
                words = (
                    f"An incident has at most {MOST_ZONES} zones. Remove one, or put "
                    "several areas into one file."
                )
                raise FieldsError({"shape": words})
            zone = Zone.objects.create(incident=incident, **values)
        elif not _as_it_was(zone, incident).update(**values):
            raise ConflictError(
                "Somebody else changed or removed this zone since you opened it. What "
                "you drew is still here; open the zone again to see theirs."
            )
        audit.record("zone", by, incident.key, now, km2=values["area_km2"])
    zone.refresh_from_db()
    return zone


def _as_it_was(zone: Zone, incident: Incident) -> models.QuerySet[Zone]:
    """Find a zone of an incident, if nobody has saved or removed it meanwhile."""
    rows = Zone.objects.filter(incident=incident)
    return rows.filter(pk=zone.pk, saved_at=zone.saved_at)


def remove(zone: Zone, by: Officer, now: datetime) -> None:
    """Take a zone away; an open draft goes back to being written."""
    incident = zone.incident
    _may_draw(incident, by, now)
    with transaction.atomic():
        drafting.withdraw(incident, by, now)
        Zone.objects.filter(pk=zone.pk).delete()
        audit.record("zone_removed", by, incident.key, now, km2=zone.area_km2)
        logbook.write(incident, by, "Removed a zone.", now)


def _may_draw(incident: Incident, by: Officer, now: datetime) -> None:
    if not may(by, Verb.DECLARE, now, incident.territory):
        raise ForbiddenError("You may not draw zones. Ask a consular officer.")
    if incident.closed_at is not None:
        raise ConflictError("This incident is closed; declare a new one.")
