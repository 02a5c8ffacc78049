"""What came back: answers, and the casework that follows from them."""

from alerts.checkins.models.answers import (
    Basis,
    CheckIn,
    Inbound,
    Label,
    LadderStep,
    Standing,
    Status,
)
from alerts.checkins.models.boards import BoardCount, SavedView
from alerts.checkins.models.casework import Case, CaseEvent, CaseQuerySet, SamePerson
from alerts.checkins.models.enquiries import Enquiry, EnquiryMatch, Word
from alerts.checkins.models.reports import Export, SituationReport

__all__ = [
    "Basis",
    "BoardCount",
    "Case",
    "CaseEvent",
    "CaseQuerySet",
    "CheckIn",
    "Enquiry",
    "EnquiryMatch",
    "Export",
    "Inbound",
    "Label",
    "LadderStep",
    "SamePerson",
    "SavedView",
    "SituationReport",
    "Standing",
    "Status",
    "Word",
]
