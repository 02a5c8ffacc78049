"""Turn zones into values for SVG; templates write it, with or without a script."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry import MultiPolygon

from alerts.incidents.models import Alert, Incident
from geo import basemap, circles, gazetteer, shapes
from geo.basemap import Basemap, View

AROUND_M = 150_000.0  # what an incident without a zone shows of its surroundings


@dataclass(frozen=True)
class Picture:
    """A map with zones, the outline they had before, and the place of the event."""

    base: Basemap
    zones: list[tuple[str, str]] = field(default_factory=list)
    before: str = ""
    event: tuple[float, float] | None = None


def _around(incident: Incident) -> MultiPolygon:
    if incident.lon is None or incident.lat is None:
        return shapes.from_ring([(-170, -55), (170, -55), (170, 70), (-170, 70)])
    return circles.circle(incident.lon, incident.lat, AROUND_M)


def places_near(view: View, most: int = 120) -> list[tuple[str, float, float]]:
    """Name the largest places in a window twice as wide."""
    wide = view.zoomed(0.5)
    found = []
    for place in gazetteer.towns():
        if wide.holds(place.lon, place.lat):
            found.append((place.name, place.lon, place.lat))
            if len(found) == most:
                break
    return found


def view_of(incident: Incident, width: int, height: int) -> View:
    """Return the window that shows all zones, or the surroundings of the place."""
    areas = [shapes.from_geojson(zone.geometry) for zone in incident.zones.all()]
    shown = shapes.union(areas) if areas else _around(incident)
    return View.around(shown, width, height)


def of_incident(
    incident: Incident,
    width: int = 600,
    height: int = 420,
    before: dict[str, Any] | None = None,
) -> Picture:
    """Draw an incident's zones as they stand now, over an outline from before."""
    zones = [(zone.level, zone.geometry) for zone in incident.zones.all()]
    return _drawn(incident, zones, width, height, before)


def of_alert(alert: Alert, width: int = 600, height: int = 420) -> Picture:
    """Draw the zones that were approved."""
    zones = [(zone["level"], zone["geometry"]) for zone in alert.zones]
    return _drawn(alert.incident, zones, width, height)


def _drawn(
    incident: Incident,
    zones: Iterable[tuple[str, dict[str, Any]]],
    width: int,
    height: int,
    before: dict[str, Any] | None = None,
) -> Picture:
    areas = [(level, shapes.from_geojson(geometry)) for level, geometry in zones]
    earlier = [shapes.from_geojson(before)] if before else []
    everything = [area for _, area in areas] + earlier
    shown = shapes.union(everything) if everything else _around(incident)
    view = View.around(shown, width, height)
    event = None
    if incident.lon is not None and incident.lat is not None:
        event = view.project(incident.lon, incident.lat)
    return Picture(
        base=basemap.of(view, labels=8),
        zones=[(level, view.path(area)) for level, area in areas],
        before="".join(view.path(area) for area in earlier),
        event=event,
    )
