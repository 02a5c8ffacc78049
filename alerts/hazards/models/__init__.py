"""Sources, documents, reports, hazards, proposals: what the world says."""

from alerts.hazards.models.codes import CodeShape, WaitingCode
from alerts.hazards.models.events import Hazard, Proposal
from alerts.hazards.models.sources import Document, Source
from alerts.hazards.models.statements import Alias, Pin, Report
from alerts.hazards.models.words import Kind, Level

__all__ = [
    "Alias",
    "CodeShape",
    "Document",
    "Hazard",
    "Kind",
    "Level",
    "Pin",
    "Proposal",
    "Report",
    "Source",
    "WaitingCode",
]
