"""Tell who of a party an answer speaks for: "Maria is hurt, the kids are safe".

Help wins: whoever is not plainly said to be safe counts with a call for help. What
cannot be told goes to an officer besides.
"""

import re
from dataclasses import dataclass

from alerts.checkins.models import Label
from alerts.checkins.reading import understanding, wording
from consular.people.models import Person

# What parts one statement of a text from the next: signs, and the words for "but".
_PARTS = re.compile(
    r"[,.;!\n،؛。，、；！]+|\b(?:but|pero|mais|aber|mas|ma|maar|ale|но|а|але|ama|fakat"
    r"|لكن|ولكن|بس|ولی|אבל|αλλά|lekin|लेकिन|tapi|nhưng)\b|但是|但",
    re.IGNORECASE,
)
CHILDREN = frozenset(
    wording.tokens(
        "kids children niños hijos enfants kinder crianças filhos bambini figli "
        "kinderen dzieci дети діти çocuklar الاولاد الأطفال اولادي بچه‌ها הילדים "
        "बच्चे παιδιά"
    )
)
ALL = frozenset(["all", "both", "everyone", "everybody", "todos", "todas", "tous"])
NUMBERS = {
    word: count
    for count, words in enumerate(
        ("two dos deux zwei", "three tres trois drei", "four cuatro quatre vier"),
        start=2,
    )
    for word in words.split()
}
LARGEST = 12
NAME_WITHIN = 2  # a name this far from a statement's start is what it speaks of


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Who needs help, who is safe, and why an officer must look, if one must."""

    helped: list[Person]
    safe: list[Person]
    trouble: str = ""


def share(body: str, persons: list[Person]) -> Shares:
    """Divide a party by a text that calls for help for some of it."""
    called: set[int] = set()
    safe: set[int] = set()
    is_unnamed = is_mixed = False
    for part in filter(str.strip, _PARTS.split(body)):
        label = understanding.read(part).label
        spoken_of = _spoken_of(part, persons)
        if label == Label.HELP:
            called |= spoken_of
            is_unnamed |= not spoken_of
        elif label == Label.SAFE:
            is_mixed = True
            safe |= spoken_of
    everyone = {person.pk for person in persons}
    safe -= called
    helped = everyone - safe if is_unnamed or not called else called
    if not helped:
        helped, safe = everyone, set()
    known = helped | (safe if is_mixed else set())
    is_told = known == everyone and not (is_unnamed and is_mixed)
    return Shares(
        helped=[person for person in persons if person.pk in helped],
        safe=[person for person in persons if person.pk in safe],
        trouble="" if is_told or len(persons) < 2 else "who of the party is meant?",
    )


def falls_short(body: str, persons: list[Person]) -> bool:
    """Tell whether a text that says safe counts fewer people than the party has.

    A single 1 is the digit for safe.
    """
    words = wording.tokens(body)
    counts = [_count(word) for word in words]
    told = [count for count in counts if count]
    if not told or told == [1] or ALL & set(words) or len(persons) < 2:
        return False
    return sum(told) < len(persons)


def _count(word: str) -> int:
    if word.isdigit():
        return int(word) if int(word) <= LARGEST else 0
    return NUMBERS.get(word, 0)


def _spoken_of(part: str, persons: list[Person]) -> set[int]:
    """Return whom a statement names at its start, or counts as children."""
    words = wording.tokens(part)
    if CHILDREN & set(words):
        return {person.pk for person in persons if person.is_minor}
    return {person.pk for person in persons if _is_named(person, words)}


def _is_named(person: Person, words: list[str]) -> bool:
    name = wording.tokens(person.given_name)
    if not name:
        return False
    starts = range(min(NAME_WITHIN, len(words)))
    return any(words[at : at + len(name)] == name for at in starts)
