"""Declare an incident: from a hazard, from a report, or from nothing."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from alerts.hazards import proposing
from alerts.hazards.models import Hazard, Kind
from alerts.incidents import logbook
from alerts.incidents.approving import providers
from alerts.incidents.errors import FieldsError, ForbiddenError
from alerts.incidents.models import Incident, Zone, ZoneLevel
from alerts.incidents.zones import zoning
from alerts.incidents.zones.outlining import Outline
from consular import modes
from consular.missions import audit
from consular.missions.access import Territory, Verb, may
from consular.missions.models import Mission, Officer
from consular.sealing import new_code
from consular.words import plain
from geo import gazetteer

PREFIXES = {
    Kind.EARTHQUAKE: "EQ",
    Kind.TSUNAMI: "TS",
    Kind.CYCLONE: "TC",
    Kind.FLOOD: "FL",
    Kind.VOLCANO: "VO",
    Kind.WILDFIRE: "WF",
    Kind.DROUGHT: "DR",
    Kind.WEATHER: "WX",
    Kind.SECURITY: "SE",
    Kind.HEALTH: "HE",
    Kind.OTHER: "IN",
}
FURTHEST_AHEAD = timedelta(days=14)  # a storm may be declared before it is there


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What an officer says when declaring; lon and lat are of the place."""

    by: Officer
    title: str
    place: str
    kind: str
    mode: str
    happened_at: datetime
    hazard: Hazard | None = None
    lon: float | None = None
    lat: float | None = None
    country: str = ""
    lead_mission: Mission | None = None


def declare(declaration: Declaration, now: datetime) -> Incident:
    """Open an incident; one that comes from a hazard starts with the hazard's zone.

    Raises
    ------
    FieldsError
        With what to mend, field by field.
    ForbiddenError
        When the officer may not declare.
    """
    if not may(declaration.by, Verb.DECLARE, now):
        raise ForbiddenError("You may not declare incidents. Ask a consular officer.")
    declaration = replace(
        declaration, title=plain(declaration.title), place=plain(declaration.place)
    )
    _check(declaration, now)
    position = _position(declaration)
    _check_reach(declaration, str(position["country"]), now)
    with transaction.atomic():
        incident = Incident.objects.create(
            reference=_new_reference(declaration.kind, now),
            title=declaration.title,
            place=declaration.place,
            kind=declaration.kind,
            mode=modes.allowed(declaration.mode),
            hazard=declaration.hazard,
            lead_mission=declaration.lead_mission,
            commander=declaration.by,
            **position,
            happened_at=declaration.happened_at,
            opened_at=now,
        )
        audit.record("declare", declaration.by, incident.key, now, mode=incident.mode)
        logbook.write(incident, declaration.by, "Declared the incident.", now)
        if declaration.hazard is not None:
            _take_over(incident, declaration.hazard, declaration.by, now)
    return incident


def _check(declaration: Declaration, now: datetime) -> None:
    errors = {}
    if not 3 <= len(declaration.title) <= 120:
        errors["title"] = "Give it a title of 3 to 120 characters."
    if not 2 <= len(declaration.place) <= 120:
        errors["place"] = "Say where it is, in 2 to 120 characters."
    if declaration.kind not in Kind.values:
        errors["kind"] = "Choose what happened from the list."
    if declaration.happened_at > now + FURTHEST_AHEAD:
        errors["happened_at"] = "That is more than 14 days ahead; check the date."
    if problem := _mode_problem(declaration):
        errors["mode"] = problem
    if errors:
        raise FieldsError(errors)


def _check_reach(declaration: Declaration, country: str, now: datetime) -> None:
    lead = declaration.lead_mission
    missions = frozenset({lead.pk} if lead else ())
    where = Territory(missions=missions, country=country)
    if not may(declaration.by, Verb.DECLARE, now, where):
        raise FieldsError(
            {"place": "Your missions do not look after this place; choose another."}
        )


def _mode_problem(declaration: Declaration) -> str:
    try:
        mode = modes.allowed(declaration.mode)
    except modes.ModeError as error:
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    except ValueError:
        return "Choose live or exercise."
    hazard = declaration.hazard
    if hazard is not None and not modes.agree(hazard.mode, mode):
        return f"The hazard is of mode {hazard.mode}; the incident must be too."
    return providers.missing(mode)


def _position(declaration: Declaration) -> dict[str, object]:
    """Return where it is, in the hazard's words or the officer's, and its time zone."""
    hazard = declaration.hazard
    lon, lat = declaration.lon, declaration.lat
    if lon is None and hazard is not None:
        lon, lat = hazard.lon, hazard.lat
    if lon is None or lat is None:
        found = gazetteer.search(declaration.place, declaration.country, limit=1)
        if not found:
            return {"lon": None, "lat": None, "country": "", "time_zone": "UTC"}
        lon, lat = found[0].lon, found[0].lat
    nearest = gazetteer.nearest(lon, lat)
    return {
        "lon": lon,
        "lat": lat,
        "country": declaration.country or nearest.country,
        "time_zone": nearest.time_zone or "UTC",
    }


def _take_over(incident: Incident, hazard: Hazard, by: Officer, now: datetime) -> None:
    proposing.take(hazard, now)
    outline = Outline(shape=Zone.Shape.HAZARD, level=ZoneLevel.DANGER, given={})
    try:
        zoning.save(incident, outline, by, now)
    except FieldsError:
        logbook.write(incident, None, "The hazard has no usable area; draw one.", now)


def _new_reference(kind: str, now: datetime) -> str:
    """Make up a reference that nobody has, such as `EQ-2026-7K2`."""
    start = f"{PREFIXES[Kind(kind)]}-{now.year}"
    for length in (3, 3, 3, 4, 5, 6):
        reference = f"{start}-{new_code(length)}"
        if not Incident.objects.filter(reference=reference).exists():
            return reference
    raise FieldsError({"title": "No free reference was found; try again."})
