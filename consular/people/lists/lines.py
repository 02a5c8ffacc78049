"""Read the rows of a list as parties; say of each line what is wrong with it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from consular import languages
from consular.people.lists import whereto
from consular.people.lists.cells import Line, Problem
from consular.people.lists.reading import Table
from consular.people.models import Contact, Registration
from consular.people.registering import addresses
from consular.people.registering.entries import (
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)

LARGEST_PARTY = 12
MOST_PROBLEMS = 500
_OLDEST = 1900


@dataclass
class Party:
    """The lines of one party, and the entry that they make."""

    lines: list[int]
    entry: Entry | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_usable(self) -> bool:
        """Whether nothing of it has to be mended."""
        return self.entry is not None and not any(p.is_error for p in self.problems)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to read a list.

    Attributes
    ----------
    mode, language : str
        Of the registrations; the language where a line gives none.
    country : str
        Whose phone numbers are written without a prefix.
    today : date
        Stays that ended before it are refused.
    consents : dict
        Purpose → day, as those who registered have agreed.
    """

    mode: str
    language: str
    country: str
    today: date
    consents: dict[str, str] = field(default_factory=dict)


def parties(table: Table, mapping: Mapping[str, int], how: Settings) -> Iterable[Party]:
    """Read a table, one party for each line, or for lines with one `party`.

    Parameters
    ----------
    mapping : dict
        The place of each of our columns among the table's.
    """
    groups: dict[str, list[Line]] = {}
    for number, row in zip(table.lines, table.rows, strict=True):
        cells = {ours: row[at] for ours, at in mapping.items() if at < len(row)}
        key = cells.get("party", "").strip().lower()
        groups.setdefault(f"party {key}" if key else f"line {number}", []).append(
            Line(number, cells)
        )
    for lines in groups.values():
        yield _party(lines, how)


def _party(rows: Sequence[Line], how: Settings) -> Party:
    first = rows[0]
    if len(rows) > LARGEST_PARTY:
        first.say("party", _("At most 12 people in a party."))
    rows = rows[:LARGEST_PARTY]
    persons = [person(line, how.today) for line in rows]
    return joined(
        rows, persons, contacts(rows, how.country), _stays(rows, how.today), how
    )


def joined(
    rows: Sequence[Line],
    persons: list[PersonEntry],
    reached: list[ContactEntry],
    stays: list[StayEntry],
    how: Settings,
) -> Party:
    """Put a party together, unless something of it has to be mended."""
    first = rows[0]
    if not reached and not any(line.problems for line in rows):
        first.say("phone", _("Give a phone number or an e-mail address for the party."))
    problems = [problem for line in rows for problem in line.problems]
    party = Party([line.number for line in rows], None, problems)
    if persons and stays and reached and not any(p.is_error for p in problems):
        is_open = any(stay.departs_on is None for stay in stays)
        kind = Registration.Kind.RESIDENCE if is_open else Registration.Kind.TRIP
        party.entry = Entry(
            kind=kind,
            mode=how.mode,
            language=_language(first, how.language),
            persons=persons,
            contacts=reached,
            stays=stays,
            consents=how.consents,
        )
    return party


def person(line: Line, today: date) -> PersonEntry:
    """Read who somebody is."""
    given, family = line.get("given_name"), line.get("family_name")
    if not given and not family:
        line.say("given_name", _("The name is missing."))
    year = line.read("birth_year", lambda text: _year(text, today))
    return PersonEntry(
        given_name=given or family,
        family_name=family if given else "",
        birth_year=year,
        is_minor=year is not None and today.year - year < 18,
        needs=line.get("needs"),
    )


def _year(text: str, today: date) -> int:
    found = re.search(r"(?<!\d)\d{4}(?!\d)", text)  # in the digits of any script
    if found is None or not _OLDEST <= int(found[0]) <= today.year:
        raise ValueError(_("Write the year of birth with four digits."))
    return int(found[0])


def _language(line: Line, default: str) -> str:
    code = line.get("language").lower()[:2]
    return code if code in languages.LANGUAGES else default


def contacts(lines: Sequence[Line], country: str) -> list[ContactEntry]:
    """Read each line's phone and e-mail; an address counts once a party."""
    found: dict[str, ContactEntry] = {}
    for place, line in enumerate(lines):
        for kind in (Contact.Kind.PHONE, Contact.Kind.EMAIL):
            address = line.read(
                kind, partial(addresses.normalise, kind, country=country)
            )
            if address:
                person = place if place else None
                entry = ContactEntry(kind=kind, address=address, person=person)
                found.setdefault(address, entry)
    return list(found.values())


def _stays(lines: Sequence[Line], today: date) -> list[StayEntry]:
    """Read each line's place and days; the same ones count once for the party."""
    stays: dict[tuple[Any, ...], list[int]] = {}
    for place, line in enumerate(lines):
        where, days = whereto.where(line), whereto.days(line, today)
        if where and days:
            stays.setdefault((where, *days), []).append(place)
    everyone = len(lines)
    return [
        StayEntry(
            **asdict(where),
            arrives_on=arrives_on,
            departs_on=departs_on,
            persons=() if len(who) == everyone else tuple(who),
        )
        for (where, arrives_on, departs_on), who in stays.items()
    ]
