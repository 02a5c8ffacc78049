"""Who an incident's alerts have warned so far: what a revised zone and its end go by.

An update is for the people in the zone as it is now. Whom only the zone before covered
hears nothing of it: that they are safe is said by an all-clear, never by silence. An
all-clear outside the zone is for them alone (see `outside`); the all-clear that ends it
is for everyone who was warned, wherever the zone lies by then, and nobody else.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import F, Q, QuerySet
from numpy.typing import NDArray

from alerts.incidents.models import (
    Alert,
    AlertKind,
    Audience,
    AudiencePerson,
    Incident,
)
from consular.people import whereabouts

WARNINGS = (AlertKind.ALERT, AlertKind.UPDATE)
CLEARS = (AlertKind.OUTSIDE, AlertKind.ALL_CLEAR)
# Whom an alert was for although no message could be written to them.
UNREACHED = (Audience.Reason.NO_CONTACT, Audience.Reason.OPTED_OUT)
ENDS = (*CLEARS, AlertKind.CORRECTION)

# An alert that was stopped in its hold has told nobody; the second is of its rows.
_LEFT = Q(stopped_at=None) | Q(stopped_at__gte=F("opens_at"))
LEFT = Q(alert__stopped_at=None) | Q(alert__stopped_at__gte=F("alert__opens_at"))


def rows(
    incident: Incident,
    before: Alert | None = None,
    among: Collection[int] | None = None,
    kinds: Collection[str] = WARNINGS,
) -> QuerySet[AudiencePerson]:
    """Return the persons in the audiences of an incident's warnings, newest alert last.

    Parameters
    ----------
    incident : Incident
        Whose alerts.
    before : Alert, optional
        Only alerts older than this one.
    among : collection of int, optional
        Only these registrations.
    kinds : collection of str, optional
        Which alerts instead of warnings.
    """
    alerts = incident.alerts.filter(_LEFT, kind__in=kinds).exclude(opens_at=None)
    if before is not None:
        alerts = alerts.filter(pk__lt=before.pk)
    found = AudiencePerson.objects.filter(
        audience__alert__in=alerts, audience__is_included=True
    )
    if among is not None:
        found = found.filter(audience__registration__in=among)
    return found.order_by("audience__registration", "person", "audience__alert")


def ends(now: datetime) -> QuerySet[Audience]:
    """Return the rows of who has been told that it is over for them, or never was.

    That is what an all-clear, one outside the zone, and a correction say, once they
    have begun to leave.
    """
    return Audience.objects.filter(
        LEFT,
        is_included=True,
        alert__kind__in=ENDS,
        alert__opens_at__lte=now,
    )


def with_zone(incident: Incident) -> bool:
    """Tell whether the newest warning was about the zone as the incident has it now."""
    newest = incident.alerts.filter(_LEFT, kind__in=WARNINGS).exclude(opens_at=None)
    alert = newest.order_by("-pk").first()
    now = incident.zones.values("level", "geometry")
    return alert is not None and _shapes(alert.zones) == _shapes(now)


def _shapes(zones: Iterable[Mapping[str, Any]]) -> list[str]:
    said = ([zone["level"], zone["geometry"]] for zone in zones)
    return sorted(json.dumps(each, sort_keys=True) for each in said)


def persons(incident: Incident) -> NDArray[np.int64]:
    """Return the ids of the persons who were warned, each once."""
    return np.unique(np.fromiter(rows(incident).values_list("person", flat=True), int))


def parties(incident: Incident) -> NDArray[np.int64]:
    """Return the ids of the registrations that were warned, each once."""
    listed = rows(incident).values_list("audience__registration", flat=True)
    return np.unique(np.fromiter(listed, int))


def count(incident: Incident) -> dict[str, Any]:
    """Count who an all-clear would be for, as `previewing.count` counts."""
    counted = whereabouts.count_of(parties(incident), persons(incident), incident.mode)
    return counted.as_dict()
