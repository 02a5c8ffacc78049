"""Places whose name was mistyped: one letter off, two in a long name.

What is found is a guess, to be offered and never taken: a village that is not among the
towns may well be called almost like one that is.

References
----------
Damerau (1964), "A technique for computer detection and correction of spelling errors":
a letter left out, added, changed, or two turned round are four of five errors.
"""

import bisect
import functools
from collections.abc import Iterable
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from geo import gazetteer
from geo.countries import codes_named, fold, folded_names
from geo.towns import Place, spellings, towns

SHORTEST, LONG = 4, 8  # letters of a name: from how many on one, and two, may be wrong


def places(text: str, limit: int = 5) -> list[Place]:
    """Guess which places were meant by a text that names none, the likeliest first.

    Parameters
    ----------
    text : str
        A town's or country's name; after a comma a country, in which the town is then.
        The first letter is taken to be right.
    limit : int
        The most places to return.

    Examples
    --------
    >>> [place.label for place in places("Managau")]
    ['Managua, Nicaragua']
    >>> [place.label for place in places("Reykavik, Iceland")]
    ['Reykjavík, Capital Region, Iceland']
    >>> [place.label for place in places("Nicaragau")]
    ['Nicaragua']
    """
    head, *tails = (fold(part) for part in text[:200].split(","))
    if len(head) < SHORTEST:
        return []
    named = [tail for tail in tails if tail]
    within = codes_named(named[-1]) or _countries_like(named[-1]) if named else set()
    found = [] if named else [gazetteer.country(c) for c in _countries_like(head)]
    everyone = towns()
    for row in _towns_like(head):
        if len(found) >= limit:
            break
        if not named or everyone[row].country in within:
            found.append(everyone[row])
    return found[:limit]


def _most(name: str) -> int:
    """Return how many letters of a name may be wrong."""
    return 1 if len(name) < LONG else 2


def _towns_like(name: str) -> list[int]:
    """Return the rows of towns that are called almost so, the nearest name first."""
    keys, rows = spellings()
    first = bisect.bisect_left(keys, name[0])
    last = bisect.bisect_left(keys, name[0] + "\U0010ffff")
    best: dict[int, float] = {}
    for _, apart, at in _near(name, keys[first:last]):
        row = int(rows[first + at]) >> 1
        best[row] = min(apart, best.get(row, apart))
    return sorted(best, key=lambda row: (best[row], row))


def _countries_like(name: str) -> set[str]:
    """Return the countries that are called almost so."""
    if len(name) < SHORTEST:
        return set()
    names = _country_names()
    near = _near(name, names)
    least = min((apart for _, apart, _ in near), default=0)
    return {names[each] for each, apart, _ in near if apart == least}


def _near(name: str, names: Iterable[str]) -> list[tuple[str, float, int]]:
    scorer: Any = OSA.distance  # its type is one that `extract` is not declared for
    most = _most(name)
    return list(
        process.extract_iter(name, list(names), scorer=scorer, score_cutoff=most)
    )


@functools.cache
def _country_names() -> dict[str, str]:
    return {name: code for code, names in folded_names().items() for name in names}
