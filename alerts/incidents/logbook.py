"""The log of an incident: its verbs write in it, and so does anyone with access."""

from datetime import datetime

from alerts.incidents.errors import FieldsError
from alerts.incidents.models import Incident, LogEntry
from consular.missions.models import Officer
from consular.words import lines

LONGEST = 2_000  # characters


def write(
    incident: Incident, officer: Officer | None, body: str, now: datetime
) -> LogEntry:
    """Add a line, in the caller's transaction."""
    return LogEntry.objects.create(
        incident=incident, officer=officer, at=now, body=body
    )


def remark(incident: Incident, officer: Officer, body: str, now: datetime) -> LogEntry:
    """Add what an officer typed.

    Raises
    ------
    FieldsError
        When it is empty or too long.
    """
    text = lines(body)
    if not text:
        raise FieldsError({"body": "Write what was decided or seen."})
    if len(text) > LONGEST:
        raise FieldsError({"body": f"Keep it to {LONGEST:,} characters."})
    return write(incident, officer, text, now)
