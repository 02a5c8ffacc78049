"""Who was warned and is outside the zone now, so that they can be told just that.

Whoever may still be inside is not told: a party goes as a whole by any of its members'
stays, also by one of which only the country is known, or one that should be over by now
where nothing says where they went. No address gets the all-clear that also serves a
party inside. Whom an all-clear has told already waits for none until the next warning.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db.models import Max
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from alerts.incidents.audiences import warned
from alerts.incidents.models import Alert, Incident
from consular.people import whereabouts
from consular.people.stays import members
from consular.people.whereabouts import Question

EVERYONE = dict.fromkeys(whereabouts.INCLUDE, True)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Registrations that were warned, and have not been told that it is over since.

    Attributes
    ----------
    outside : set of int
        Those to be told.
    inside : set of int
        Those of whom somebody is, or may be, inside.
    shared : set of int
        Those outside who share an address with one inside.
    """

    outside: set[int]
    inside: set[int]
    shared: set[int]


def split(
    incident: Incident,
    question: Question,
    before: Alert | None = None,
    among: Collection[int] | None = None,
) -> Split:
    """Split whom an incident's warnings were for by where they are now.

    Parameters
    ----------
    incident : Incident
        Whose alerts.
    question : Question
        The zone and days.
    before : Alert, optional
        Only what alerts older than this one said counts.
    among : collection of int, optional
        Only these registrations.
    """
    told = _newest(incident, before, among, warned.CLEARS)
    last = _newest(incident, before, among, warned.WARNINGS)
    waiting = {n for n, at in last.items() if n not in told or told[n] < at}
    within = still_inside(incident, question, waiting)
    shared = _sharing(incident, waiting - within, question)
    return Split(outside=waiting - within - shared, inside=within, shared=shared)


def _newest(
    incident: Incident,
    before: Alert | None,
    among: Collection[int] | None,
    kinds: Collection[str],
) -> dict[int, tuple[datetime, int]]:
    """Return when the newest of some alerts was for each registration, and its id.

    Who joined an alert, or came back into it, was told at that time.
    """
    rows = warned.rows(incident, before, among, kinds).order_by()
    at = Coalesce(
        "audience__joined_at",
        "audience__alert__opens_at",
        "audience__alert__approved_at",
    )
    listed = rows.values_list("audience__registration").annotate(
        newest=Max(at), last_id=Max("audience__alert")
    )
    return {number: (newest, last_id) for number, newest, last_id in listed}


def _first_day(incident: Incident) -> date:
    """Return the day of an incident's first alert."""
    first = incident.alerts.order_by("pk").values_list("approved_at", flat=True).first()
    return incident.local(first or incident.opened_at).date()


def still_inside(
    incident: Incident, question: Question, numbers: Collection[int]
) -> set[int]:
    """Keep the registrations of whom somebody is, or may be, inside.

    Who was inside since the first alert, and has no stay anywhere on the days of the
    question, may have been held up there.
    """
    at_present = _in(question, numbers)
    began = min(_first_day(incident), question.starts_on)
    before = _in(replace(question, starts_on=began), numbers) - at_present
    return at_present | (before - whereabouts.with_a_stay(before, question.days))


def _in(question: Question, numbers: Collection[int]) -> set[int]:
    if not numbers:
        return set()
    people = whereabouts.people_in(question, EVERYONE, among=numbers)
    return set(people.registration_ids.tolist())


def _sharing(incident: Incident, numbers: set[int], question: Question) -> set[int]:
    """Keep the registrations one of whose addresses also serves somebody inside."""
    pairs = members.sharing(np.array(sorted(numbers), np.int64))
    within = still_inside(incident, question, {other for _, other in pairs})
    return {own for own, other in pairs if other in within}


def people(incident: Incident, question: Question) -> int:
    """Count the persons who were warned and wait to be told that they are outside."""
    return len(_Persons(incident).of(split(incident, question).outside))


class _Persons:
    """The persons who were warned, with their registrations."""

    def __init__(self, incident: Incident) -> None:
        listed = warned.rows(incident).values_list("audience__registration", "person")
        self._owners, self._ids = np.array(list(listed), np.int64).reshape(-1, 2).T

    def of(self, numbers: set[int]) -> NDArray[np.int64]:
        """Return the ids of those of some registrations, each once."""
        return np.unique(self._ids[np.isin(self._owners, list(numbers))])


def count(incident: Incident, question: Question) -> dict[str, Any]:
    """Count them as `previewing.count` counts, and who is left out, in persons."""
    found, persons = split(incident, question), _Persons(incident)
    numbers = np.array(sorted(found.outside), np.int64)
    told = persons.of(found.outside)
    return whereabouts.count_of(numbers, told, incident.mode).as_dict() | {
        "still_inside": len(persons.of(found.inside)),
        "shared_address": len(persons.of(found.shared)),
    }
