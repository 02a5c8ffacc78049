"""Draw the zones of an incident: a polygon, a circle, a country, a hazard's area.

What an officer gave is checked and repaired in a process that can be killed; the
geometry that is stored is valid and cut at ±180°. Any change withdraws an open draft.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from shapely.geometry import MultiPolygon

from alerts.hazards import proposing
from alerts.incidents import drafting, logbook
from alerts.incidents.coordinates import written
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import Incident, Zone, ZoneLevel
from consular import child
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer
from geo import gazetteer, shapes

MOST_ZONES = 20
LARGEST_RADIUS_KM = 5_000
LARGEST_MARGIN_KM = 500


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What an officer gave.

    `given` is `{"ring": [[lon, lat], …]}` or GeoJSON for a polygon, `{"lon", "lat",
    "radius_m"}` for a circle, `{"code": "NI"}` for a country, `{}` for the hazard's.
    """

    shape: str
    level: str = ZoneLevel.DANGER
    given: dict[str, Any] = field(default_factory=dict)
    margin_km: float = 0


@dataclass(frozen=True)
class Area:
    """A checked outline."""

    geometry: MultiPolygon
    given: dict[str, Any]
    label: str


def area_of(outline: Outline, incident: Incident | None = None) -> Area:
    """Check an outline and work out its geometry.

    Raises
    ------
    FieldsError
        With what to mend, at the field of the form.
    """
    if outline.level not in ZoneLevel.values:
        raise FieldsError({"level": "Choose danger, caution or information."})
    margin_km = _finite(outline.margin_km, "margin_km", "How far around, in km?")
    if not 0 <= margin_km <= LARGEST_MARGIN_KM:
        raise FieldsError(
            {"margin_km": f"The margin is 0 to {LARGEST_MARGIN_KM} kilometres."}
        )
    readers = {
        Zone.Shape.POLYGON: _polygon,
        Zone.Shape.CIRCLE: _circle,
        Zone.Shape.COUNTRY: _country,
        Zone.Shape.HAZARD: _hazard,
    }
    if outline.shape not in readers:
        raise FieldsError({"shape": "Choose how to set the zone."})
    area = readers[Zone.Shape(outline.shape)](outline.given, incident)
    if not margin_km:
        return area
    grown = _checked("margin_km", "geo.shapes.grown", area.geometry, margin_km * 1000)
    return Area(grown, area.given, area.label)


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
                raise FieldsError({"shape": f"At most {MOST_ZONES} zones."})
            zone = Zone.objects.create(incident=incident, **values)
        elif not Zone.objects.filter(pk=zone.pk, incident=incident).update(**values):
            raise ConflictError("This zone has been removed meanwhile.")
        audit.record("zone", by, incident.key, now, km2=values["area_km2"])
    zone.refresh_from_db()
    return zone


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


def _checked(field_name: str, path: str, *args: object) -> MultiPolygon:
    """Call a geometry function in the child process; say its refusal at a field."""
    try:
        return child.call(path, *args)
    except (child.ChildRefused, child.ChildError, shapes.ShapeError) as error:
        words = str(error)
        raise FieldsError({field_name: f"{words[:1].upper()}{words[1:]}."}) from None


def _finite(value: Any, field_name: str, question: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldsError({field_name: question})
    if not math.isfinite(value):
        raise FieldsError({field_name: question})
    return float(value)


def _polygon(given: dict[str, Any], _incident: Incident | None) -> Area:
    if "ring" in given:
        if not isinstance(given["ring"], list):
            raise FieldsError({"corners": "Give the corners as a list."})
        shape = _checked("corners", "geo.shapes.from_ring", given["ring"])
        corners = len(given["ring"])
    else:
        shape = _checked("corners", "geo.shapes.from_geojson", given)
        corners = sum(len(part.exterior.coords) - 1 for part in shape.geoms)
    return Area(shape, given, f"Drawn, {corners} corners")


def _circle(given: dict[str, Any], _incident: Incident | None) -> Area:
    lat = _finite(given.get("lat"), "lat", "Give the latitude in degrees, -90 to 90.")
    lon = _finite(given.get("lon"), "lon", "Give the longitude in degrees.")
    radius_m = _finite(given.get("radius_m"), "radius_km", "Give the radius in km.")
    if abs(lat) > 90:
        words = "A latitude is at most 90°. Are latitude and longitude swapped?"
        raise FieldsError({"lat": words})
    if abs(lon) > 180:
        raise FieldsError({"lon": "A longitude is between -180 and 180 degrees."})
    if not 0.05 <= radius_m / 1000 <= LARGEST_RADIUS_KM:
        words = f"The radius is 0.05 to {LARGEST_RADIUS_KM:,} kilometres."
        raise FieldsError({"radius_km": words})
    shape = _checked("radius_km", "geo.circles.circle", lon, lat, radius_m)
    label = f"{radius_m / 1000:,.4g} km around {written(lon, lat)}"
    return Area(shape, {"lon": lon, "lat": lat, "radius_m": radius_m}, label)


def _country(given: dict[str, Any], _incident: Incident | None) -> Area:
    code = str(given.get("code", "")).upper()
    if code not in gazetteer.countries():
        raise FieldsError({"code": "Choose a country from the list."})
    name = gazetteer.country_name(code)
    return Area(gazetteer.country_shape(code), {"code": code}, name)


def _hazard(given: dict[str, Any], incident: Incident | None) -> Area:
    hazard = incident.hazard if incident is not None else None
    if hazard is None:
        words = "This incident was not declared from a hazard; choose another way."
        raise FieldsError({"shape": words})
    geometry, radius_m = proposing.zone_of(hazard)
    if not geometry:
        words = "The hazard says no area; draw one, or give a point and a radius."
        raise FieldsError({"shape": words})
    shape = _checked("shape", "geo.shapes.from_geojson", geometry)
    label = "From the hazard"
    if radius_m:
        label = f"{radius_m / 1000:,.4g} km around the hazard"
    return Area(shape, {"hazard": hazard.pk, "radius_m": radius_m}, label)
