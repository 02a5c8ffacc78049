"""Registrations with what belongs to them, and what is asked of and about them."""

from consular.people.models.errands import Errand, Limit, Link, Question
from consular.people.models.identity import NameKey, Resemblance
from consular.people.models.lists import DeskEntry, Group, Membership, Upload
from consular.people.models.places import CrisisForm, Town
from consular.people.models.registrations import (
    MATCHED,
    SILENCES_OF_STALE,
    Contact,
    Person,
    Registration,
    Stay,
    StayQuerySet,
)

__all__ = [
    "MATCHED",
    "SILENCES_OF_STALE",
    "Contact",
    "CrisisForm",
    "DeskEntry",
    "Errand",
    "Group",
    "Limit",
    "Link",
    "Membership",
    "NameKey",
    "Person",
    "Question",
    "Registration",
    "Resemblance",
    "Stay",
    "StayQuerySet",
    "Town",
    "Upload",
]
