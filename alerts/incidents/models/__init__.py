"""Incidents, zones, drafts, alerts and their audiences: what the ministry decides."""

from alerts.incidents.models.alerts import (
    Alert,
    Audience,
    AudienceMessage,
    AudiencePerson,
)
from alerts.incidents.models.areas import SavedArea, Sketch
from alerts.incidents.models.drafts import AlertKind, Draft, DraftText, Phase
from alerts.incidents.models.glass import BreakGlass
from alerts.incidents.models.incidents import Incident, LogEntry, Zone, ZoneLevel
from alerts.incidents.models.reach import AlertTile, Matched
from alerts.incidents.models.templates import Template

__all__ = [
    "Alert",
    "AlertKind",
    "AlertTile",
    "Audience",
    "AudienceMessage",
    "AudiencePerson",
    "BreakGlass",
    "Draft",
    "DraftText",
    "Incident",
    "LogEntry",
    "Matched",
    "Phase",
    "SavedArea",
    "Sketch",
    "Template",
    "Zone",
    "ZoneLevel",
]
