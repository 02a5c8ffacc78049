"""Hand an incident over: a new commander, with a list of what changed since the last.

What changed is what the log, the zones, the draft and the alerts say; the list is made
from them, so that nobody has to remember it at the end of a night.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from alerts.incidents import logbook
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import Alert, Incident, LogEntry, Zone
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import AuditEntry, Officer

LONGEST_NOTE = 1_000


@dataclass(frozen=True)
class Changes:
    """What happened since a moment: the last handover, or the declaration."""

    since: datetime
    log: list[LogEntry]
    alerts: list[Alert]
    zones: list[Zone]


def changes(incident: Incident) -> Changes:
    """Return what changed since the incident was last handed over."""
    last = AuditEntry.objects.filter(action="handover", subject=incident.key)
    entry = last.order_by("-id").first()
    since = entry.at if entry else incident.opened_at
    return Changes(
        since=since,
        log=list(incident.log.filter(at__gte=since).select_related("officer")[:200]),
        alerts=list(
            incident.alerts.filter(approved_at__gte=since).select_related(
                "approved_by", "submitted_by"
            )
        ),
        zones=list(incident.zones.filter(saved_at__gte=since)),
    )


def candidates(incident: Incident, now: datetime) -> list[Officer]:
    """Return who can command it: active officers who may declare there."""
    active = Officer.objects.filter(is_active=True).order_by("full_name")
    return [
        officer
        for officer in active.exclude(pk=incident.commander_id)
        if may(officer, Verb.DECLARE, now, incident.territory)
    ]


def hand_over(
    incident: Incident, to: Officer, note: str, by: Officer, now: datetime
) -> None:
    """Name a new commander, and write down what the old one says.

    Raises
    ------
    ForbiddenError, FieldsError, ConflictError
        When the officer may not, the other cannot command, or it was done meanwhile.
    """
    if not may(by, Verb.DECLARE, now, incident.territory):
        raise ForbiddenError("You may not hand this over. A consular officer can.")
    if not may(to, Verb.DECLARE, now, incident.territory):
        raise FieldsError({"officer": "Choose somebody who may declare there."})
    words = note.strip()
    if len(words) > LONGEST_NOTE:
        raise FieldsError({"note": f"Keep it to {LONGEST_NOTE:,} characters."})
    with transaction.atomic():
        row = Incident.objects.filter(
            pk=incident.pk, commander=incident.commander_id, closed_at=None
        )
        if not row.update(commander=to):
            raise ConflictError("It was handed over or closed meanwhile; look again.")
        said = f" {words}" if words else ""
        logbook.write(
            incident, by, f"Handed the command over to {to.full_name}.{said}", now
        )
        audit.record("handover", by, incident.key, now, to=to.pk)
    incident.refresh_from_db()
