"""Keep a zone's area under a name, to be chosen again in other incidents."""

from datetime import datetime

from django.db import IntegrityError, transaction

from alerts.incidents.errors import FieldsError, ForbiddenError
from alerts.incidents.models import SavedArea, Zone
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer

MOST_SAVED = 500


def keep(zone: Zone, name: str, by: Officer, now: datetime) -> SavedArea:
    """Keep a zone's area under a name of its own.

    Raises
    ------
    FieldsError, ForbiddenError
        When it has no name, or one that is taken.
    """
    if not may(by, Verb.DECLARE, now, zone.incident.territory):
        raise ForbiddenError("You may not keep zones. Ask a consular officer.")
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > 80:
        raise FieldsError({"kept_name": "Give a name of at most 80 letters."})
    if SavedArea.objects.count() >= MOST_SAVED:
        words = f"At most {MOST_SAVED} areas are kept; drop one of them first."
        raise FieldsError({"kept_name": words})
    try:
        with transaction.atomic():
            area = SavedArea.objects.create(
                name=name,
                geometry=zone.geometry,
                area_km2=zone.area_km2,
                country=zone.incident.country,
                mission=zone.incident.lead_mission,
                saved_by=by,
                saved_at=now,
            )
            audit.record("area_kept", by, zone.incident.key, now, area=area.pk)
    except IntegrityError:
        words = "There is an area of this name already; give another."
        raise FieldsError({"kept_name": words}) from None
    return area


def forget(area: SavedArea, by: Officer, now: datetime) -> None:
    """Drop a kept area; zones that were made from it stay as they are."""
    if not may(by, Verb.DECLARE, now, area.territory):
        raise ForbiddenError("You may not drop kept areas. Ask a consular officer.")
    with transaction.atomic():
        audit.record("area_forgotten", by, f"area:{area.pk}", now)
        area.delete()
