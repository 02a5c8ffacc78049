"""Match an alert's zones with stays: who is in, at which level, and who is out, why."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
from shapely.geometry import MultiPolygon

from alerts.incidents.audiences import outside, warned
from alerts.incidents.models import Alert, AlertKind, Audience
from alerts.incidents.zones import previewing
from alerts.incidents.zones.previewing import LEVELS, Window
from consular.people import whereabouts
from consular.people.models import Stay
from geo import circles, shapes

POINTS = (Stay.Precision.EXACT.value, Stay.Precision.TOWN.value)


class Inside(NamedTuple):
    """A person inside, by which stay, at which level."""

    person_id: int
    stay_id: int | None
    level: str


@dataclass(slots=True)
class Match:
    """A registration that an alert is for, or leaves out; distance from the event."""

    registration_id: int
    is_included: bool
    reason: str
    level: str = ""
    distance_m: float = 0.0
    persons: list[Inside] = field(default_factory=list)


def days_of(alert: Alert, since: date | None = None) -> Window:
    """Return the days an alert is about: from its approval until it runs out.

    With `since`, only those of them from that day on.
    """
    incident = alert.incident
    approved_on = incident.local(alert.approved_at).date()
    return Window(
        starts_on=max(approved_on, since or approved_on),
        ends_on=incident.local(alert.not_after).date(),
    )


def of(
    alert: Alert, among: Collection[int] | None = None, since: date | None = None
) -> list[Match]:
    """Match an alert with everyone; the same rows give the same answer.

    A person is in the worst level that covers them. Order: registrations. An all-clear
    is for those who were warned, one outside the zone for those of them who are there;
    whom an update no longer covers is left out, and said.

    Parameters
    ----------
    alert : Alert
        Its zones, days, mode and rule decide.
    among : collection of int, optional
        Only these registrations, and of them those that are in.
    since : date, optional
        Only by stays on this day or later.
    """
    if alert.kind == AlertKind.ALL_CLEAR:
        return _warned(alert, among)
    days = days_of(alert, since)
    areas = [
        (zone["level"], shapes.from_geojson(zone["geometry"])) for zone in alert.zones
    ]
    everywhere = previewing.joined(area for _, area in areas)
    if everywhere is None:
        return []
    if alert.kind == AlertKind.OUTSIDE:
        return _outside(alert, previewing.question(everywhere, alert.mode, days), among)
    centre = _centre(alert, everywhere)
    found: dict[int, Match] = {}
    seen: set[int] = set()
    for level in LEVELS:
        shape = previewing.joined(area for each, area in areas if each == level)
        if shape is not None:
            asked = previewing.question(shape, alert.mode, days)
            people = whereabouts.people_in(asked, alert.include, among=among)
            _take(found, seen, people, level, centre)
    if among is None:
        asked = previewing.question(everywhere, alert.mode, days)
        _leave_out(found, alert, asked)
    return [found[number] for number in sorted(found)]


def _leave_out(
    found: dict[int, Match], alert: Alert, asked: whereabouts.Question
) -> None:
    """Add who is not in, with the reason; one that was warned before is told so."""
    before = [m for m in _warned(alert) if m.registration_id not in found]
    inside = outside.still_inside(
        alert.incident, asked, [match.registration_id for match in before]
    )
    gone = {
        match.registration_id: _out(match, Audience.Reason.OUTSIDE)
        for match in before
        if match.registration_id not in inside
    }
    for row in whereabouts.excluded(asked, alert.include):
        found.setdefault(row.registration_id, _left_out(row))
    found.update(gone)


def _warned(alert: Alert, among: Collection[int] | None = None) -> list[Match]:
    """Return everyone whom the incident's earlier alerts were for."""
    found: dict[int, Match] = {}
    persons: dict[int, dict[int, Inside]] = defaultdict(dict)
    listed = warned.rows(alert.incident, alert, among).values_list(
        "audience__registration",
        "audience__level",
        "audience__distance_m",
        "person",
        "stay",
        "level",
    )
    for number, level, distance_m, person_id, stay_id, own_level in listed:
        found[number] = Match(
            registration_id=number,
            is_included=True,
            reason=Audience.Reason.WARNED.value,
            level=level,
            distance_m=distance_m,
        )
        persons[number][person_id] = Inside(person_id, stay_id, own_level)
    for number, match in found.items():
        match.persons = list(persons[number].values())
    return list(found.values())


def _outside(
    alert: Alert, asked: whereabouts.Question, among: Collection[int] | None
) -> list[Match]:
    """Return whom earlier alerts were for: in where outside now, else with the why."""
    split = outside.split(alert.incident, asked, alert, among)
    reasons = dict.fromkeys(split.inside, Audience.Reason.STILL_INSIDE)
    reasons |= dict.fromkeys(split.shared, Audience.Reason.SHARED)
    found = []
    for match in _warned(alert, among):
        if match.registration_id in split.outside:
            found.append(match)
        elif among is None and match.registration_id in reasons:
            found.append(_out(match, reasons[match.registration_id]))
    return found


def _out(match: Match, reason: Audience.Reason) -> Match:
    return Match(
        registration_id=match.registration_id, is_included=False, reason=reason.value
    )


def _centre(alert: Alert, shape: MultiPolygon) -> tuple[float, float]:
    """Return where the danger is: the event's place, else the middle of the zones."""
    incident = alert.incident
    if incident.lon is not None and incident.lat is not None:
        return incident.lon, incident.lat
    middle = shape.representative_point()
    return middle.x, middle.y


def _take(
    found: dict[int, Match],
    seen: set[int],
    people: whereabouts.People,
    level: str,
    centre: tuple[float, float],
) -> None:
    """Add the people of one level who are in no worse one."""
    if not len(people):
        return
    away = circles.distances_m(*centre, people.lons, people.lats).round(1)
    exact = np.isin(people.precisions, POINTS)
    rows = zip(people, away.tolist(), exact.tolist(), strict=True)
    for (number, person_id, stay_id, _, _), distance_m, is_exact in rows:
        if person_id in seen:
            continue
        seen.add(person_id)
        match = found.get(number)
        if match is None:
            match = found[number] = Match(
                registration_id=number,
                is_included=True,
                reason=_in(is_exact),
                level=level,
                distance_m=distance_m,
            )
        match.distance_m = min(match.distance_m, distance_m)
        match.persons.append(Inside(person_id, stay_id, level))


def _in(is_exact: bool) -> str:
    reasons = Audience.Reason
    return (reasons.INSIDE if is_exact else reasons.COUNTRY_ONLY).value


def _left_out(row: whereabouts.Excluded) -> Match:
    return Match(
        registration_id=row.registration_id,
        is_included=False,
        reason=row.reason,
        distance_m=row.distance_m,
    )
