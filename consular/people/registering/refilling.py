"""Fill the four pages again with what a party said last, to be changed."""

from datetime import date
from typing import Any

from consular.people.models import Contact
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)
from consular.people.registering.forms import reference_of
from consular.people.registering.wizard import Wizard


def of_entry(entry: Entry, token: str, today: date) -> Wizard:
    """Fill the pages with what a party said last, to be changed."""
    typed: dict[str, Any] = {
        "kind": entry.kind,
        "persons": str(len(entry.persons)),
        "stays": str(len(entry.stays) or 1),
        "language": entry.language,
    }
    for index, person in enumerate(entry.persons):
        typed |= _person(f"person-{index}", person)
    kept = {}
    for index, stay in enumerate(entry.stays):
        kept[reference_of(stay)] = stay.place
        typed |= _stay(f"stay-{index}", stay, len(entry.persons))
    for contact in entry.contacts:
        typed |= _contact(contact)
    typed |= dict.fromkeys(entry.consents, "on")
    return Wizard(today=today, typed=typed, token=token, kept=kept)


def _person(prefix: str, person: PersonEntry) -> dict[str, str]:
    names = ("given_name", "family_name", "birth_year", "needs", "guardian_name")
    typed = {f"{prefix}-{name}": str(getattr(person, name) or "") for name in names}
    if not person.is_national:
        typed[f"{prefix}-foreign"] = "on"
    if person.row_id is not None:
        typed[f"{prefix}-row"] = str(person.row_id)
    if person.guardian is not None:
        typed[f"{prefix}-guardian"] = str(person.guardian)
    return typed


def _stay(prefix: str, stay: StayEntry, party: int) -> dict[str, str]:
    last = stay.departs_on
    absent = set(range(party)) - set(stay.persons) if stay.persons else set()
    return {
        f"{prefix}-place": stay.place,
        f"{prefix}-chosen": reference_of(stay),
        f"{prefix}-arrives_on": stay.arrives_on.isoformat(),
        f"{prefix}-departs_on": last.isoformat() if last else "",
    } | {f"{prefix}-away-{index}": "on" for index in absent}


def _contact(contact: ContactEntry) -> dict[str, str]:
    if contact.role != Contact.Role.EMERGENCY:
        return {contact.kind: contact.address}
    return {
        "emergency_phone": contact.address,
        "emergency_name": contact.name,
        "emergency_told": contact.may_tell,
    }
