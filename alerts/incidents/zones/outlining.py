"""Check what an officer gave as a zone, and work out its geometry.

What was drawn, typed or uploaded is checked and repaired in a process that can be
killed; the geometry is valid and cut at ±180°.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from shapely.geometry import MultiPolygon

from alerts.hazards import proposing
from alerts.incidents.errors import FieldsError
from alerts.incidents.models import Incident, SavedArea, Zone, ZoneLevel
from alerts.incidents.zones.coordinates import written
from consular import child
from consular.missions.models import Mission
from geo import gazetteer, regions, shapes

LARGEST_RADIUS_KM = 5_000
LARGEST_MARGIN_KM = 500


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What an officer gave.

    `given` is `{"ring": [[lon, lat], …]}` or GeoJSON for a polygon, `{"lon", "lat",
    "radius_m"}` for a circle, `{"code": "NI"}` for a country, `{"code": "CR-G"}` for a
    region, `{"mission": 3}` for its district, `{"saved": 5}` for a kept area,
    GeoJSON for a file, `{}` for the hazard's.
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
    crossing: tuple[float, float] | None = None

    @property
    def warning(self) -> str:
        """What is odd about it though it can be used."""
        if self.crossing is None:
            return ""
        place = written(*self.crossing)
        return (
            f"The outline crosses itself at {place}; all that it goes round is taken."
        )


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
    if outline.shape not in _READERS:
        raise FieldsError({"shape": "Choose how to set the zone."})
    area = _READERS[outline.shape](outline.given, incident)
    if not margin_km:
        return area
    grown = checked("margin_km", "geo.shapes.grown", area.geometry, margin_km * 1000)
    return replace(area, geometry=grown)


def checked(field_name: str, path: str, *args: object) -> MultiPolygon:
    """Call a geometry function in the child process; say its refusal at a field.

    Raises
    ------
    FieldsError
        When the function refuses the shape, or passes its limits.
    """
    try:
        return child.call(path, *args)
    except (child.ChildRefused, shapes.ShapeError) as error:
        words = str(error)
    except child.ChildLateError as error:
        words = f"{error}; try again in a moment"
    except child.ChildError as error:
        words = f"{error}; give it fewer corners"
    raise FieldsError({field_name: f"{words[:1].upper()}{words[1:]}."})


def _finite(value: Any, field_name: str, question: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldsError({field_name: question})
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FieldsError({field_name: question})
    return number


def _polygon(given: dict[str, Any], _incident: Incident | None) -> Area:
    if "ring" not in given:
        shape = checked("corners", "geo.shapes.from_geojson", given)
        corners = sum(len(part.exterior.coords) - 1 for part in shape.geoms)
        return Area(shape, shapes.to_geojson(shape), f"Drawn, {corners} corners")
    ring = given["ring"]
    if not isinstance(ring, list):
        raise FieldsError({"corners": "Give the corners as a list."})
    shape = checked("corners", "geo.shapes.from_ring", ring)
    kept = [[float(lon), float(lat)] for lon, lat, *_ in ring]
    label = f"Drawn, {len(ring)} corners"
    return Area(shape, {"ring": kept}, label, _crossing(ring))


def _crossing(ring: list[Any]) -> tuple[float, float] | None:
    """Find where a ring crosses itself; on a machine too busy to say it is not told."""
    try:
        found = child.call("geo.shapes.crossing_of", ring)
    except child.ChildError:
        return None
    return (found[0], found[1]) if found else None


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
    shape = checked("radius_km", "geo.circles.circle", lon, lat, radius_m)
    label = f"{radius_m / 1000:,.4g} km around {written(lon, lat)}"
    return Area(shape, {"lon": lon, "lat": lat, "radius_m": radius_m}, label)


def _country(given: dict[str, Any], _incident: Incident | None) -> Area:
    code = str(given.get("code", "")).upper()
    if code not in gazetteer.countries():
        raise FieldsError({"code": "Choose a country from the list."})
    name = gazetteer.country_name(code)
    return Area(gazetteer.country_zone(code), {"code": code}, name)


def _hazard(given: dict[str, Any], incident: Incident | None) -> Area:
    hazard = incident.hazard if incident is not None else None
    if hazard is None:
        words = "This incident was not declared from a hazard; choose another way."
        raise FieldsError({"shape": words})
    geometry, radius_m = proposing.zone_of(hazard)
    if not geometry:
        words = "The hazard says no area; draw one, or give a point and a radius."
        raise FieldsError({"shape": words})
    shape = checked("shape", "geo.shapes.from_geojson", geometry)
    label = "From the hazard"
    if radius_m:
        label = f"{radius_m / 1000:,.4g} km around the hazard"
    return Area(shape, {"hazard": hazard.pk, "radius_m": radius_m}, label)


def _region(given: dict[str, Any], _incident: Incident | None) -> Area:
    code = str(given.get("code", ""))[:8]
    try:
        shape = regions.region_shape(code)
    except shapes.ShapeError:
        raise FieldsError({"region": "Choose a region from the list."}) from None
    name = f"{regions.region_name(code)}, {gazetteer.country_name(code[:2])}"
    return Area(shape, {"code": code}, f"{name} (approximate)")


def _mission(given: dict[str, Any], _incident: Incident | None) -> Area:
    mission = Mission.objects.filter(pk=_whole(given.get("mission"))).first()
    if mission is None:
        raise FieldsError({"mission": "Choose a mission from the list."})
    codes = [code for code in mission.serves if code in gazetteer.countries()]
    if not codes:
        raise FieldsError({"mission": "This mission looks after no country."})
    shape = shapes.union([gazetteer.country_zone(code) for code in codes])
    return Area(shape, {"mission": mission.pk}, f"District of {mission.name}")


def _saved(given: dict[str, Any], incident: Incident | None) -> Area:
    usable = SavedArea.objects.for_use_in(incident)
    area = usable.filter(pk=_whole(given.get("saved"))).first()
    if area is None:
        raise FieldsError({"saved": "Choose an area that was kept for later."})
    return Area(shapes.from_geojson(area.geometry), {"saved": area.pk}, area.name)


def _whole(value: object) -> int:
    """Return a row's number, or 0, which none has."""
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 < value < 2**63 else 0


def _file(given: dict[str, Any], _incident: Incident | None) -> Area:
    shape = checked("file", "geo.shapes.from_geojson", given)
    parts = len(shape.geoms)
    label = "From a file" if parts == 1 else f"From a file, {parts} parts"
    return Area(shape, shapes.to_geojson(shape), label)


_READERS: dict[str, Callable[[dict[str, Any], Incident | None], Area]] = {
    Zone.Shape.POLYGON: _polygon,
    Zone.Shape.CIRCLE: _circle,
    Zone.Shape.COUNTRY: _country,
    Zone.Shape.REGION: _region,
    Zone.Shape.MISSION: _mission,
    Zone.Shape.SAVED: _saved,
    Zone.Shape.FILE: _file,
    Zone.Shape.HAZARD: _hazard,
}
