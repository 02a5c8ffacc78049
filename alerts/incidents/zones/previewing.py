"""Count who is inside before anything is sent: for the zone page, the API, a draft."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.core.cache import cache
from shapely.geometry import MultiPolygon

from alerts.incidents.audiences import outside, warned
from alerts.incidents.drafts.drafting import INCLUDE
from alerts.incidents.models import AlertKind, Draft, Incident, ZoneLevel
from alerts.incidents.zones import crowds
from alerts.incidents.zones.crowds import Crowd
from consular.people import whereabouts
from geo import shapes

CONTINENT_KM2 = 7_700_000  # Australia's
UNUSUAL_SHARE = 0.3  # of everyone who is registered
FEW_PEOPLE = 100  # below that no share is unusual
MOST_OTHERS = 50
LevelArea = tuple[str, MultiPolygon]

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


def areas_of(incident: Incident) -> list[LevelArea]:
    """Return the zones of an incident, each with its level."""
    return [
        (zone.level, shapes.from_geojson(zone.geometry))
        for zone in incident.zones.all()
    ]


def count(
    incident: Incident,
    now: datetime,
    *,
    areas: Sequence[LevelArea] | None = None,
    include: dict[str, bool] | None = None,
    valid_hours: float = 12,
) -> dict[str, Any]:
    """Count who is inside some areas, or inside the incident's zones.

    Returns
    -------
    dict
        The counts of `whereabouts.Count` (persons unless the name says otherwise),
        `by_level` (each person in the worst level that covers them), `left_out_by`
        (persons inside or perhaps inside, by the reason why not), `area_km2`,
        `overlaps` (other open incidents), `warnings` (in words), with `as_of`,
        `starts_on` and `ends_on`.
    """
    listed = areas_of(incident) if areas is None else list(areas)
    area = joined(shape for _, shape in listed)
    days = window(incident, now, valid_hours)
    said: dict[str, Any] = {
        "as_of": now.isoformat(),
        "starts_on": days.starts_on.isoformat(),
        "ends_on": days.ends_on.isoformat(),
    }
    if area is None or area.is_empty:
        return said | {"registrations": 0, "people": 0, "warnings": [], "overlaps": []}
    rule = include or INCLUDE
    asked = question(area, incident.mode, days)
    counted = whereabouts.count(asked, rule)
    said |= counted.as_dict()
    km2 = round(shapes.area_km2(area), 1)
    return said | {
        "by_level": _by_level(listed, counted.people, incident.mode, days, rule),
        "left_out_by": _left_out(counted, rule),
        "area_km2": km2,
        "overlaps": [
            {"reference": other.reference, "title": other.title}
            for other in overlaps(incident, area)
        ],
        "warnings": unusual(km2, counted.people, incident.mode),
    }


def count_quickly(
    incident: Incident, areas: Sequence[LevelArea], now: datetime, valid_hours: float
) -> int:
    """Count the people in some areas fast enough to follow a mouse, about right.

    Who gave two stays inside counts twice, and so does who has not confirmed.
    """
    area = joined(shape for _, shape in areas)
    if area is None or area.is_empty:
        return 0
    days = window(incident, now, valid_hours)
    return whereabouts.count_quickly(question(area, incident.mode, days))


def _by_level(
    areas: Sequence[LevelArea],
    people: int,
    mode: str,
    days: Window,
    include: dict[str, bool],
) -> dict[str, int]:
    """Count each person once, in the worst level that covers them."""
    levels = [level for level in LEVELS if any(level == each for each, _ in areas)]
    if len(levels) == 1:
        return {levels[0]: people}
    seen, counts = np.zeros(0, np.int64), {}
    for level in levels:
        shape = joined(area for each, area in areas if each == level)
        assert shape is not None
        found = whereabouts.people_in(question(shape, mode, days), include)
        fresh = np.setdiff1d(found.person_ids, seen)
        counts[level] = len(fresh)
        seen = np.concatenate([seen, fresh])
    return counts


def _left_out(counted: whereabouts.Count, include: dict[str, bool]) -> dict[str, int]:
    is_out = not include.get("country_only")
    return {
        "rule": sum(counted.left_out.values()),
        "unconfirmed": counted.unconfirmed,
        "country_only": counted.country_only if is_out else 0,
        "nearby": counted.nearby_25km,
    }


def overlaps(incident: Incident, area: MultiPolygon) -> list[Incident]:
    """Return the other open incidents of the mode whose zones touch an area."""
    others = Incident.objects.filter(mode=incident.mode, closed_at=None)
    near = others.exclude(pk=incident.pk).prefetch_related("zones")
    return [
        other
        for other in near.order_by("-opened_at")[:MOST_OTHERS]
        if any(area.intersects(shape) for _, shape in areas_of(other))
    ]


def unusual(km2: float, people: int, mode: str) -> list[str]:
    """Return, in words, what is unusual about the size of a zone."""
    words = []
    if km2 > CONTINENT_KM2:
        words.append("This zone is larger than a continent. Is that meant?")
    if people >= FEW_PEOPLE:
        key = f"incidents:everyone:{mode}"
        everyone = cache.get_or_set(key, lambda: whereabouts.everyone(mode), 60) or 1
        if people > UNUSUAL_SHARE * everyone:
            share = round(100 * people / everyone)
            words.append(f"{share} % of everyone who is registered is in this zone.")
    return words


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
    """Count who a draft would be sent to now.

    An all-clear is for those who were warned, or for those of them who are outside; the
    counts tell then how many are `still_inside`, or are left out as they have a
    `shared_address` with somebody inside. For what follows a warning, they tell how
    many are `newly_inside`, and how many were warned and are `now_outside`.
    """
    incident = draft.incident
    if draft.kind == AlertKind.ALL_CLEAR:
        return warned.count(incident) | _when(incident, now, draft.valid_hours)
    if draft.kind == AlertKind.OUTSIDE:
        return count_outside(incident, now, draft.valid_hours)
    counted = count(incident, now, include=draft.include, valid_hours=draft.valid_hours)
    before = warned.persons(incident)
    area = outline(incident) if len(before) else None
    if area is None:
        return counted
    days = window(incident, now, draft.valid_hours)
    asked = question(area, incident.mode, days)
    inside = whereabouts.people_in(asked, draft.include)
    return counted | {
        "newly_inside": len(np.setdiff1d(inside.person_ids, before)),
        "now_outside": outside.people(incident, asked),
    }


def count_outside(
    incident: Incident, now: datetime, valid_hours: float = 12
) -> dict[str, Any]:
    """Count who was warned and is outside the zones as they are now."""
    said, area = _when(incident, now, valid_hours), outline(incident)
    if area is None:
        return {"registrations": 0, "people": 0} | said
    days = window(incident, now, valid_hours)
    return outside.count(incident, question(area, incident.mode, days)) | said


def _when(incident: Incident, now: datetime, valid_hours: float) -> dict[str, Any]:
    days = window(incident, now, valid_hours)
    return {
        "as_of": now.isoformat(),
        "starts_on": days.starts_on.isoformat(),
        "ends_on": days.ends_on.isoformat(),
        "warnings": [],
        "overlaps": [],
    }


def phone_shares(draft: Draft, now: datetime) -> dict[str, float]:
    """Return each country's share of the phones that a draft would be sent to.

    For those outside now, it is the share among all who were warned.
    """
    incident = draft.incident
    if draft.kind in (AlertKind.ALL_CLEAR, AlertKind.OUTSIDE):
        return whereabouts.phone_shares(warned.parties(incident))
    area = outline(incident)
    if area is None:
        return {}
    days = window(incident, now, draft.valid_hours)
    inside = whereabouts.people_in(question(area, incident.mode, days), draft.include)
    return whereabouts.phone_shares(np.unique(inside.registration_ids))
