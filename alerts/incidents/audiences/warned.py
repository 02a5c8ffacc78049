"""Who an incident's alerts have warned so far: what a revised zone and its end go by.

An update is for the people in the zone as it is now. Whom only the zone before covered
hears nothing of it: that they are safe is said by an all-clear, never by silence. The
all-clear is for everyone who was warned, wherever the zone lies by then, and nobody
else.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from django.db.models import F, Q, QuerySet
from numpy.typing import NDArray

from alerts.incidents.models import Alert, AlertKind, AudiencePerson, Incident
from consular.people import whereabouts

WARNINGS = (AlertKind.ALERT, AlertKind.UPDATE)


def rows(
    incident: Incident,
    before: Alert | None = None,
    among: Collection[int] | None = None,
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
    """
    left = Q(stopped_at=None) | Q(stopped_at__gt=F("opens_at"))
    alerts = incident.alerts.filter(left, kind__in=WARNINGS).exclude(opens_at=None)
    if before is not None:
        alerts = alerts.filter(pk__lt=before.pk)
    found = AudiencePerson.objects.filter(
        audience__alert__in=alerts, audience__is_included=True
    )
    if among is not None:
        found = found.filter(audience__registration__in=among)
    return found.order_by("audience__registration", "person", "audience__alert")


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
