"""Close an incident, once no urgent case is open and no alert about to leave."""

from datetime import datetime

from django.db import transaction

from alerts.checkins.board import boards
from alerts.checkins.casework import opening
from alerts.incidents import logbook
from alerts.incidents.models import Alert, Incident
from consular.missions import audit
from consular.missions.models import Officer

ABOUT_TO_LEAVE = [Alert.State.SETTLING, Alert.State.HELD]


class StillOpenError(ValueError):
    """Say what keeps an incident open, and what to do."""


@transaction.atomic
def conclude(incident: Incident, why: str, officer: Officer, now: datetime) -> bool:
    """Close an incident; tell whether it was open.

    Raises
    ------
    StillOpenError
        While an urgent case is open in it, or an alert of it is about to leave.
    """
    row = Incident.objects.select_for_update().filter(pk=incident.pk, closed_at=None)
    if not row.exists():
        return False
    cases = opening.listed(incident).open()
    urgent = cases.urgent().count()
    if urgent:
        nouns = "urgent case is" if urgent == 1 else "urgent cases are"
        raise StillOpenError(
            f"{urgent} {nouns} open. Close each with its outcome, then the incident."
        )
    if Alert.objects.filter(incident=incident, state__in=ABOUT_TO_LEAVE).exists():
        raise StillOpenError(
            "An alert of this incident is about to leave. Stop it, or wait until it has"
            " left; then close the incident."
        )
    left, board = cases.count(), boards.of(incident, now)
    totals = board.totals
    figures = {"totals": totals, "reach": board.reach, "open_cases": left}
    row.update(closed_at=now, figures=figures | {"as_of": now.isoformat()})
    unanswered = totals[boards.SILENT] + totals[boards.UNREACHABLE]
    words = (
        f"Incident closed. {why} Frozen: {totals['inside']:,} people, "
        f"{unanswered:,} of them without an answer, {left:,} open cases."
    )
    logbook.write(incident, officer, words, now)
    audit.record("close_incident", officer, incident.key, now, open_cases=left)
    return True
