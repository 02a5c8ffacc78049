"""Who is in a shape on certain days: the one place that asks.

A stay whose point is known (an address, a town) counts by its point. A stay of which
only the region or the country is known counts apart, when the shape shares an area with
its country. Days are the place's own; stays are already widened by one on each side.
Only confirmed registrations of the question's mode are inside.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consular.people.models import Person, Registration
from consular.people.stays import matching
from consular.people.stays.calling import phone_shares
from consular.people.stays.found import AREAS, INCLUDE, Flags, Stays
from consular.people.stays.matching import Question
from consular.people.stays.members import PRECISIONS, People, owners_of, people_of

__all__ = [
    "INCLUDE",
    "Count",
    "Excluded",
    "People",
    "Question",
    "Stays",
    "count",
    "count_of",
    "count_quickly",
    "everyone",
    "excluded",
    "people_in",
    "phone_shares",
    "stays_in",
    "with_a_stay",
]


NEAR_M = 10_000.0
KINDS = tuple(Registration.Kind.values)


@dataclass(frozen=True, kw_only=True)
class Count:
    """Who an alert would be for; persons, unless a name says otherwise.

    Attributes
    ----------
    registrations, people : int
        In the audience.
    by_precision, by_kind, by_language : dict
        The same persons, by how their place is known, by the kind of their
        registration, by its language; each adds up to `people`.
    by_channel : dict
        Persons who can be reached by `sms`, by `email`, by `none` of them; one with
        both counts twice.
    registrations_by_channel : dict
        The same in registrations.
    minors, with_needs : int
        Of `people`.
    shared : int
        Of `people`: there by the location they shared last.
    stale : int
        Of `people`: their party has left two questions whether it is right unanswered.
    no_contact, opted_out : int
        Of `people`: whose party gave no address; whose party has none left that may be
        written to.
    left_out : dict
        Persons inside whose kind of registration the rule leaves out.
    country_only : int
        Persons of whom only the region or country is known; in `people` only when the
        rule takes them in.
    unconfirmed : int
        Persons inside whose registration is not confirmed; not in `people`.
    nearby_10km, nearby_25km : int
        Persons not in `people`, but at most so far outside; the second holds the first.
    """

    registrations: int = 0
    people: int = 0
    by_precision: dict[str, int] = field(default_factory=dict)
    by_kind: dict[str, int] = field(default_factory=dict)
    by_language: dict[str, int] = field(default_factory=dict)
    by_channel: dict[str, int] = field(default_factory=dict)
    registrations_by_channel: dict[str, int] = field(default_factory=dict)
    minors: int = 0
    with_needs: int = 0
    shared: int = 0
    stale: int = 0
    no_contact: int = 0
    opted_out: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    country_only: int = 0
    unconfirmed: int = 0
    nearby_10km: int = 0
    nearby_25km: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """A registration that is not in the audience, and why.

    `reason` is `unconfirmed`, `rule` (its kind is left out), `dates`, `country_only` or
    `nearby`; `distance_m` is 0 but for `nearby`.
    """

    registration_id: int
    reason: str
    distance_m: float = 0.0


def stays_in(question: Question) -> Stays:
    """Return the stays of confirmed registrations whose point is in the shape."""
    found = matching.inside(question)
    return found.kept(found.is_confirmed)


def people_in(
    question: Question,
    include: Mapping[str, bool] | None = None,
    *,
    after: int = 0,
    among: Collection[int] | None = None,
) -> People:
    """Return the persons an alert is for, each once, in order of registrations.

    Those without an address are among them: they are inside, and cannot be reached.

    Parameters
    ----------
    question : Question
        The shape, days and mode.
    include : mapping
        Changes to `INCLUDE`.
    after : int
        Only registrations with a greater number, to go on where a chunk ended.
    among : collection of int, optional
        Only these registrations: quick for some, however many are inside.
    """
    chosen = INCLUDE | dict(include or {})
    if among is not None:
        numbers = np.array(sorted(among), np.int64)
        return people_of(matching.among(question, numbers).included(chosen))
    found = matching.inside(question)
    if chosen["country_only"]:
        found = found.with_(matching.by_country(question))
    found = found.kept(found.registration_ids > after)
    return people_of(found.included(chosen))


def with_a_stay(numbers: Collection[int], days: tuple[date, date]) -> set[int]:
    """Keep the registrations that have a stay on some of the days, wherever."""
    return matching.with_a_stay(np.array(sorted(numbers), np.int64), days)


def count_quickly(question: Question) -> int:
    """Count people fast enough to follow a mouse; see `matching.quickly`."""
    return matching.quickly(question)


def everyone(mode: str) -> int:
    """Count the persons of all confirmed registrations of a mode."""
    people = Person.objects.filter(registration__mode=mode)
    return people.exclude(registration__confirmed_at=None).count()


def count(question: Question, include: Mapping[str, bool] | None = None) -> Count:
    """Count who an alert would be for, and who is just not among them.

    Parameters
    ----------
    question : Question
        The shape, days and mode.
    include : mapping
        Changes to `INCLUDE`.
    """
    chosen = INCLUDE | dict(include or {})
    around = matching.around(question)
    audience = people_of(around.included(chosen))
    sure, area = around.is_confirmed, around.is_area
    ruled_kinds = [kind for kind in KINDS if not chosen[kind]]
    is_ruled = np.where(
        around.is_shared, not chosen["shared"], np.isin(around.kinds, ruled_kinds)
    )
    outside = (around.distances_m > 0) & ~area & sure & ~is_ruled

    def others(mask: Flags) -> People:
        people = people_of(around.kept(mask))
        return people.kept(~np.isin(people.person_ids, audience.person_ids))

    known_by_area = audience.kept(np.isin(audience.precisions, AREAS))
    if not chosen["country_only"]:
        known_by_area = others(area & sure & ~is_ruled)
    return Count(
        **_of_audience(audience),
        left_out=_tally(others(around.is_inside & sure & is_ruled).kinds, KINDS),
        country_only=len(known_by_area),
        unconfirmed=len(others(around.is_inside & ~sure)),
        nearby_10km=len(others(outside & (around.distances_m <= NEAR_M))),
        nearby_25km=len(others(outside)),
    )


def count_of(
    numbers: NDArray[np.int64], person_ids: NDArray[np.int64], mode: str
) -> Count:
    """Count some persons of some registrations, wherever they are.

    All of them count. Who has no stay any more counts by one that they had.
    """
    people = people_of(matching.of_parties(numbers, mode))
    people = people.kept(np.isin(people.person_ids, person_ids))
    lost = np.setdiff1d(person_ids, people.person_ids)
    if len(lost):
        past = people_of(matching.of_parties(owners_of(lost), mode, ever=True))
        people = people.with_(past.kept(np.isin(past.person_ids, lost)))
    said = {"registrations": len(numbers), "people": len(person_ids)}
    return Count(**(_of_audience(people) | said))


def _of_audience(people: People) -> dict[str, Any]:
    numbers, first = np.unique(people.registration_ids, return_index=True)
    parties = people.kept(first)
    return {
        "registrations": len(numbers),
        "people": len(people),
        "by_precision": _tally(people.precisions, PRECISIONS),
        "by_kind": _tally(people.kinds, KINDS),
        "by_language": _tally(people.languages),
        "by_channel": _by_channel(people),
        "registrations_by_channel": _by_channel(parties),
        "minors": int(people.is_minor.sum()),
        "with_needs": int(people.has_needs.sum()),
        "shared": int(people.is_shared.sum()),
        "stale": int(people.is_stale.sum()),
        "no_contact": int((~people.is_reachable & ~people.is_silenced).sum()),
        "opted_out": int(people.is_silenced.sum()),
    }


def _by_channel(people: People) -> dict[str, int]:
    return {
        "sms": int(people.has_phone.sum()),
        "email": int(people.has_email.sum()),
        "none": int((~people.is_reachable).sum()),
    }


def _tally(words: NDArray[np.str_], every: Iterable[str] = ()) -> dict[str, int]:
    """Count words, the most frequent first, or in a given order with zeros."""
    found = Counter(words.tolist())
    if every:
        return {word: found[word] for word in every}
    return dict(found.most_common())


def excluded(
    question: Question, include: Mapping[str, bool] | None = None
) -> list[Excluded]:
    """Return the registrations that a reader could expect, and that are not in it.

    A registration that is in the audience, with or without an address, is not here.
    """
    around = matching.around(question, any_day=True)
    is_in = np.isin(around.registration_ids, around.included(include).registration_ids)
    rest = around.kept(~is_in)
    inside, days, sure = rest.is_inside, rest.is_on_days, rest.is_confirmed
    # The first reason that holds for one of its stays is a registration's reason.
    reasons = {
        "unconfirmed": inside & days & ~sure,
        "rule": inside & days & sure,
        "dates": inside & ~days & sure,
        "country_only": rest.is_area & days & sure,
        "nearby": (rest.distances_m > 0) & ~rest.is_area & days & sure,
    }
    found: dict[int, Excluded] = {}
    for reason, mask in reasons.items():
        for row in np.flatnonzero(mask).tolist():
            number = int(rest.registration_ids[row])
            away = float(rest.distances_m[row]) if reason == "nearby" else 0.0
            known = found.get(number)
            if known is None or (known.reason == reason and away < known.distance_m):
                found[number] = Excluded(
                    registration_id=number, reason=reason, distance_m=round(away, 1)
                )
    return [found[number] for number in sorted(found)]
