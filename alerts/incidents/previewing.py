"""Count who is inside before anything is sent: for the zone page, the API, a draft."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from shapely.geometry import MultiPolygon

from alerts.incidents import crowds
from alerts.incidents.crowds import Crowd
from alerts.incidents.drafting import INCLUDE
from alerts.incidents.models import Draft, Incident, ZoneLevel
from consular.people import whereabouts
from geo import shapes

# The worst first: a person is in the worst level that covers them.
LEVELS = tuple(ZoneLevel.values)


@dataclass(frozen=True, kw_only=True)
class Window:
    """From the first to the last local day on which someone must be there."""

    starts_on: date
    ends_on: date


def window(incident: Incident, now: datetime, valid_hours: float = 12) -> Window:
    """Return the days an alert sent now is about, in the place's own days."""
    until = now + timedelta(hours=valid_hours)
    return Window(
        starts_on=incident.local(now).date(), ends_on=incident.local(until).date()
    )


def question(shape: MultiPolygon, mode: str, days: Window) -> whereabouts.Question:
    """Ask who is in a shape on these days."""
    return whereabouts.Question(
        shape=shape, starts_on=days.starts_on, ends_on=days.ends_on, mode=mode
    )


def joined(areas: Iterable[MultiPolygon]) -> MultiPolygon | None:
    """Return all areas as one, or None when there are none."""
    listed = list(areas)
    return shapes.union(listed) if listed else None


def outline(incident: Incident) -> MultiPolygon | None:
    """Return all zones of an incident as one shape."""
    return joined(shapes.from_geojson(zone.geometry) for zone in incident.zones.all())


def count(
    incident: Incident,
    now: datetime,
    *,
    shape: MultiPolygon | None = None,
    include: dict[str, bool] | None = None,
    valid_hours: float = 12,
) -> dict[str, Any]:
    """Count who is inside a shape, or inside the incident's zones.

    Returns
    -------
    dict
        The counts of `whereabouts.Count` (persons unless the name says otherwise),
        with `as_of`, `starts_on` and `ends_on`.
    """
    area = shape if shape is not None else outline(incident)
    days = window(incident, now, valid_hours)
    said = {
        "as_of": now.isoformat(),
        "starts_on": days.starts_on.isoformat(),
        "ends_on": days.ends_on.isoformat(),
    }
    if area is None or area.is_empty:
        return said | {"registrations": 0, "people": 0}
    asked = question(area, incident.mode, days)
    return whereabouts.count(asked, include or INCLUDE).as_dict() | said


def crowd(
    incident: Incident,
    shape: MultiPolygon | None,
    now: datetime,
    include: dict[str, bool],
    zoom: float,
) -> list[Crowd]:
    """Gather the people inside a shape for a map at a zoom."""
    if shape is None:
        return []
    asked = question(shape, incident.mode, window(incident, now))
    return crowds.gather(whereabouts.people_in(asked, include), zoom)


def of_draft(draft: Draft, now: datetime) -> dict[str, Any]:
    """Count who a draft would be sent to now."""
    return count(
        draft.incident, now, include=draft.include, valid_hours=draft.valid_hours
    )
