"""Understand a reply: safe, help, stop or unclear, with the words that decided.

Deterministic and the same everywhere: phrases of all languages from one data file,
matched on folded tokens in a fixed order. Help wins over everything; what is not
certain is unclear and goes to an officer. A call for help is never read as safe:

1. our own question quoted back, reactions, wishes and offers are set aside;
2. negated need and harm ("no necesito ayuda", "не ранен") speak for safe;
3. negated safety ("not safe", "güvende değilim") and help speak for help;
4. then stop, then safe;
5. a text that says safe but also holds a negation, a "but" or a question that nothing
   explained is unclear.
"""

import csv
import functools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alerts.checkins import wording
from alerts.checkins.models import Label

PHRASES = Path(__file__).parent / "data" / "phrases.tsv"
# The order in which senses take their tokens; what is taken is gone for the next.
ORDER = (
    "aside",  # our question quoted, reactions, wishes, offers
    "fine",  # negated need or harm, harmless negations
    "unsafe",  # negated safety
    "stop!",  # stop in more than one word, before "send" alone can mean help
    "help",
    "stop",
    "safe",
    "doubt",  # negations, contrasts, "I think": safe no more
    "asks",  # question words
)
GAP, GAP_LETTERS = 3, 5  # how many tokens `*` may stand for; more where one is a letter
TYPO_TOKENS = 3  # texts of so few words are read with a typing error forgiven
SHORTEST_TYPO = 4


@dataclass(frozen=True)
class Reading:
    """What a text was understood to say, and why."""

    label: str
    words: tuple[str, ...]
    reason: str
    wants_stop: bool = False


@dataclass(frozen=True)
class Phrase:
    """A phrase as tokens; `*` is a gap and a trailing `~` leaves a word's end open."""

    sense: str
    parts: tuple[str, ...]
    whole: bool  # counts only when it is the whole text

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
    if part.endswith("~"):
        return word.startswith(part[:-1])
    return part == word


class Phrases:
    """All phrases, found by the first letters of their first word."""

    def __init__(self, path: Path = PHRASES) -> None:
        self.first: dict[str, list[Phrase]] = defaultdict(list)
        self.typos: dict[str, str] = {}
        self.known: set[str] = set()
        self.bare: set[str] = set()
        self.senses: dict[str, str] = {}
        for sense, phrase in _rows(path):
            self._add(sense, phrase)
        for found in self.first.values():
            found.sort(key=lambda p: (ORDER.index(p.sense), -len(p.parts)))

    def _add(self, sense: str, text: str) -> None:
        whole = text.startswith("=")
        parts = tuple(wording.tokens(text.lstrip("=")))
        if not parts:
            return
        stage = "stop!" if sense == "stop" and len(parts) > 1 else sense
        self.first[parts[0][:1]].append(Phrase(stage, parts, whole))
        self.known.update(parts)
        if whole and sense == "help":
            self.bare.update(parts)
        word = parts[0]
        single = len(parts) == 1 and not whole and word.isalpha()
        if single and len(word) >= SHORTEST_TYPO and sense in ("help", "stop", "safe"):
            self.senses[word] = sense
            for key in _deletions(word):
                # Where a typing error could mean either, it means help.
                if self.senses.get(self.typos.get(key, "")) != "help":
                    self.typos[key] = word

    def starting(self, word: str) -> list[Phrase]:
        """Return the phrases that may begin with a word."""
        return self.first.get(word[:1], [])

    def corrected(self, word: str) -> str:
        """Return the keyword that a mistyped word was meant to be, or nothing."""
        if len(word) < SHORTEST_TYPO or not word.isalpha() or word in self.known:
            return ""
        near = {self.typos[k] for k in (*_deletions(word), word) if k in self.typos}
        near = {key for key in near if _one_apart(word, key)}
        for sense in ("help", "stop", "safe"):
            for key in sorted(near):
                if self.senses[key] == sense:
                    return key
        return ""


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if len(row) >= 3 and not row[0].startswith("#") and row[1] in ORDER:
                for phrase in row[2].split("|"):
                    yield row[1], phrase.strip()


def _deletions(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))} | {word}


def _one_apart(one: str, other: str) -> bool:
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


@functools.cache
def _phrases() -> Phrases:
    return Phrases()


def read(text: str) -> Reading:
    """Understand one reply.

    Examples
    --------
    >>> read("Estoy bien pero mi hija está herida").label
    'help'
    >>> read("not safe").words
    ('not safe',)
    >>> read("ok thanks").label
    'unclear'
    """
    phrases = _phrases()
    words = wording.tokens(text[:2000])
    if not words:
        return Reading(Label.UNCLEAR.value, (), "no words")
    found = _found(words, phrases)
    if len(words) <= TYPO_TOKENS and not found.keys() & {"help", "unsafe", "fine"}:
        fixed = [_fixed(word, phrases) for word in words]
        if fixed != words:
            found = _found(fixed, phrases)
    return _decide(found, words)


def _fixed(word: str, phrases: Phrases) -> str:
    for variant in wording.variants(word):
        if any(p.parts == (variant,) for p in phrases.starting(variant)):
            return variant
    for variant in wording.variants(word):
        if found := phrases.corrected(variant):
            return found
    return word


Found = dict[str, list[str]]


def _found(words: list[str], phrases: Phrases) -> Found:
    """Let each sense take its tokens in order; return the words it took."""
    found: Found = defaultdict(list)
    free = list(words)
    real = [word for word in words if word != "?"]
    for sense in ORDER:
        at = 0
        while at < len(free):
            end = _longest(sense, free, at, phrases, real)
            if end > at:
                found[sense.rstrip("!")].append(" ".join(w for w in words[at:end]))
                free[at:end] = [""] * (end - at)
                at = end
            else:
                at += 1
    # A bare "no" in front of "safe" is no yes.
    found["doubt"] += [word for word in free if word in phrases.bare]
    return found


def _longest(
    sense: str, words: list[str], at: int, phrases: Phrases, real: list[str]
) -> int:
    best = -1
    for phrase in phrases.starting(words[at]):
        if phrase.sense == sense:
            end = phrase.ends_at(words, at)
            if end > best and (not phrase.whole or end - at >= len(real)):
                best = end
    return best


def _decide(found: Found, words: list[str]) -> Reading:
    def said(*senses: str) -> tuple[str, ...]:
        return tuple(word for sense in senses for word in found.get(sense, ()))

    if helps := said("unsafe", "help"):
        return Reading(Label.HELP.value, helps, "asks for help or says not safe")
    stop, safe = said("stop"), said("safe", "fine")
    if stop and not said("safe"):
        return Reading(Label.STOP.value, stop, "wants no more texts", wants_stop=True)
    if not safe:
        return _digit(words)
    if doubts := said("doubt"):
        return Reading(Label.UNCLEAR.value, doubts, "says safe, but with a doubt")
    if "?" in words or (said("asks") and not said("fine")):
        return Reading(Label.UNCLEAR.value, said("asks") or ("?",), "a question")
    return Reading(Label.SAFE.value, safe, "says safe", wants_stop=bool(stop))


def _digit(words: list[str]) -> Reading:
    """Read the digits that our texts offer: 1 for safe, 2 for help."""
    if set(words) == {"1"}:
        return Reading(Label.SAFE.value, ("1",), "the digit for safe")
    if set(words) <= {"1", "2"}:
        return Reading(Label.HELP.value, ("2",), "the digit for help")
    return Reading(Label.UNCLEAR.value, (), "no words that decide")
