"""Incidents, zones, drafts, alerts and their audiences: what the ministry decides."""

from alerts.incidents.models.alerts import (
    Alert,
    Audience,
    AudienceMessage,
    AudiencePerson,
)
from alerts.incidents.models.drafts import AlertKind, Draft, DraftText
from alerts.incidents.models.incidents import Incident, LogEntry, Zone, ZoneLevel
from alerts.incidents.models.reach import AlertTile, Matched

__all__ = [
    "Alert",
    "AlertKind",
    "AlertTile",
    "Audience",
    "AudienceMessage",
    "AudiencePerson",
    "Draft",
    "DraftText",
    "Incident",
    "LogEntry",
    "Matched",
    "Zone",
    "ZoneLevel",
]
