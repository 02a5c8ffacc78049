"""The phrases that replies are read by, found by their first word.

They come from one data file: language, sense, phrases. `*` is a gap, a trailing `~`
leaves a word's end open, and a leading `=` lets a phrase count only as the whole text;
`{we are,im} {fine,home}` stands for each of the four. Cyrillic and Greek phrases are
found in Latin letters as well.
"""

import copy
import csv
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alerts.checkins.reading import latin, wording
from alerts.checkins.reading.wording import OPEN_END

FILE = Path(__file__).parent / "data" / "phrases.tsv"
# The order in which senses take their tokens; what is taken is gone for the next.
ORDER = (
    "aside",  # our question quoted, reactions, wishes, offers
    "fine",  # negated need or harm, harmless negations
    "unsafe",  # negated safety
    "past",  # trouble that is told of as past: help, unless it ended
    "ended",  # how it ended; says nothing by itself
    "stop!",  # stop in more than one word, before "send" alone can mean help
    "help",
    "stop",
    "safe",
    "doubt",  # negations, contrasts, "I think": safe no more
    "asks",  # question words
)
PLAIN = "plain"  # words that are no typing errors of others
CALLS = ("help", "unsafe")
GAP, GAP_LETTERS = 3, 5  # how many tokens `*` may stand for; more where one is a letter
SHORTEST_TYPO = 4
MOST_KEPT = 20_000  # words
MOST_WORDS = 3  # words that phrases are found by
KEY = 3  # letters that phrases with an open first word are found by
_EITHER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Phrase:
    """A phrase as tokens, with the place of its sense in the order."""

    sense: str
    parts: tuple[str, ...]
    whole: bool
    sure: int = 0  # how many words match for certain once the phrase was found

    def holds(self, word: str) -> bool:
        """Tell whether a word is one of the phrase, not of a gap in it."""
        return any(_fits(part, word) for part in self.parts)

    def ends_at(self, words: list[str], start: int) -> int:
        """Return where a match that begins at `start` ends, or -1."""
        return _matched(self.parts, words, start)


def _matched(parts: tuple[str, ...], words: list[str], at: int) -> int:
    for place, part in enumerate(parts):
        if part == "*":
            rest = parts[place + 1 :]
            alone = len(rest[0].rstrip("~")) == 1
            for skip in range((GAP_LETTERS if alone else GAP) + 1):
                end = _matched(rest, words, at + skip)
                if end >= 0:
                    return end
            return -1
        if at >= len(words) or not _fits(part, words[at]):
            return -1
        at += 1
    return at


def _fits(part: str, word: str) -> bool:
    return part == word or (part[-1] == OPEN_END and word.startswith(part[:-1]))


class Phrases:
    """All phrases, and what a mistyped word was meant to be.

    Parameters
    ----------
    rows : iterable of (str, str)
        Senses and phrases.
    beside : Phrases, optional
        To which these are added; they stay as they are.
    """

    def __init__(
        self, rows: Iterable[tuple[str, str]], beside: "Phrases | None" = None
    ) -> None:
        self.first: dict[str, list[Phrase]] = defaultdict(list)
        self.beginning: dict[tuple[str, ...], list[Phrase]] = defaultdict(list)
        self.alone: dict[str, list[Phrase]] = {}  # of words that were read before
        self.open: dict[str, list[Phrase]] = defaultdict(list)
        self.singles: dict[str, str] = {}
        self.typos: dict[str, set[str]] = defaultdict(set)
        self.known: set[str] = set()
        self.bare: set[str] = set()
        self.senses: dict[str, str] = {}
        self.plain: set[str] = set()
        self.harms: set[str] = set()
        self.negations: set[str] = set()
        if beside is not None:
            for name, known in vars(beside).items():
                setattr(self, name, _copied(known))
            self.alone = {}
        for sense, text in dict.fromkeys(rows):
            self._add(sense, text)

    def _add(self, sense: str, text: str) -> None:
        whole = text.startswith("=")
        parts = tuple(wording.tokens(text.lstrip("=")))
        if not parts:
            return
        self.known.update(parts)
        if sense == PLAIN:
            self.plain.update(parts)
            return
        if sense in CALLS:
            self.harms.update(part.rstrip("~") for part in parts)
        if sense in ("doubt", "unsafe"):
            self.negations.update(part.rstrip("~") for part in parts)
        stage = "stop!" if sense == "stop" and len(parts) > 1 else sense
        word = parts[0]
        index = self._place(parts)
        is_fixed = all(part[-1] not in (OPEN_END, "*") for part in parts)
        sure = len(parts) if is_fixed and len(parts) <= MOST_WORDS else 0
        index.append(Phrase(stage, parts, whole, sure))
        if whole and sense == "help":
            if len(parts) == 1:
                self.bare.update(parts)
            else:  # not the whole text, it still makes "safe" uncertain
                index.append(Phrase("doubt", parts, False))
        if len(parts) == 1 and not whole and word.isalpha():
            self._may_be_mistyped(sense, word)

    def _place(self, parts: tuple[str, ...]) -> list[Phrase]:
        """Return the list that a phrase is found in, by its first words."""
        if parts[0][-1] == OPEN_END:
            return self.open[parts[0][:-1][:KEY]]
        fixed = itertools.takewhile(lambda part: part[-1] not in (OPEN_END, "*"), parts)
        begins = tuple(fixed)[:MOST_WORDS]
        return self.beginning[begins] if begins[1:] else self.first[parts[0]]

    def _may_be_mistyped(self, sense: str, word: str) -> None:
        if self.singles.get(word) not in CALLS:
            self.singles[word] = sense
        if len(word) >= SHORTEST_TYPO and sense in (*CALLS, "stop", "safe"):
            self.senses[word] = "help" if sense in CALLS else sense
            for key in deletions(word):
                self.typos[key].add(word)

    def starting(self, word: str, second: str = "", third: str = "") -> list[Phrase]:
        """Return the phrases that may begin with a word and the two that follow."""
        found = self.alone.get(word)
        if found is None:
            if len(self.alone) >= MOST_KEPT:
                self.alone.clear()
            found = self.alone[word] = self._by_one_word(word)
        if more := self.beginning.get((word, second)):
            found = found + more
        if more := self.beginning.get((word, second, third)):
            found = found + more
        return found

    def _by_one_word(self, word: str) -> list[Phrase]:
        found = self.first.get(word, [])
        for end in range(min(KEY, len(word)), 0, -1):
            if longer := self.open.get(word[:end]):
                fitting = [each for each in longer if _fits(each.parts[0], word)]
                found = found + fitting if fitting else found
        return found

    def corrected(self, word: str) -> str:
        """Return the keyword that a mistyped word was meant to be, or nothing."""
        if len(word) < SHORTEST_TYPO or not word.isalpha() or word in self.known:
            return ""
        near = {
            meant
            for key in deletions(word)
            for meant in self.typos.get(key, ())
            if one_apart(word, meant)
        }
        # Where a typing error could mean either, it means help.
        for sense in ("help", "stop", "safe"):
            for key in sorted(near):
                if self.senses[key] == sense:
                    return key
        return ""


def _copied(known: Any) -> Any:
    """Copy a table, and the lists and sets in it."""
    other = copy.copy(known)
    if isinstance(other, dict):
        other.update((key, copy.copy(value)) for key, value in known.items())
    return other


def rows_of(path: Path = FILE) -> Iterator[tuple[str, str]]:
    """Read the senses and phrases of a data file."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            known = len(row) >= 3 and row[1] in (*ORDER, PLAIN)
            if known and not row[0].startswith("#"):
                for phrase in row[2].split("|"):
                    for spelt in spelt_out(phrase):
                        for way in (spelt, *_in_latin(row[0], spelt)):
                            yield row[1], way


def _in_latin(language: str, phrase: str) -> Iterator[str]:
    if language in latin.LANGUAGES:
        yield from latin.spellings(language, wording.folded(phrase))


def spelt_out(phrase: str) -> Iterator[str]:
    """Write out each phrase that one with braces stands for.

    Examples
    --------
    >>> list(spelt_out("{we are,im} fine"))
    ['we are fine', 'im fine']
    """
    pieces = _EITHER.split(phrase)
    choices = [
        piece.split(",") if at % 2 else [piece] for at, piece in enumerate(pieces)
    ]
    for chosen in itertools.product(*choices):
        yield " ".join("".join(chosen).split())


def deletions(word: str) -> set[str]:
    """Return a word and what it is with any one letter left out."""
    return {word[:i] + word[i + 1 :] for i in range(len(word))} | {word}


def one_apart(one: str, other: str) -> bool:
    """Tell whether one typing error leads from one word to the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        apart = [i for i in range(len(one)) if one[i] != other[i]]
        swapped = (
            len(apart) == 2
            and apart[1] == apart[0] + 1
            and one[apart[0]] == other[apart[1]]
            and one[apart[1]] == other[apart[0]]
        )
        return len(apart) <= 1 or swapped
    short, long = sorted((one, other), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
