"""Find the word of a reply that may be a mistyped or parted call for help.

A text that says safe is believed only when none of its words can be such a word.
"""

import functools
import re
from collections import defaultdict

from alerts.checkins.reading import naming, wording
from alerts.checkins.reading.phrases import CALLS, Phrases, deletions, one_apart

SHORTEST = 3  # a word this long may be another one mistyped
SHORTEST_STEM = 4  # a word of harm this long is seen in longer ones and through errors
SHORTEST_INSIDE = 5
_DOUBLE = re.compile(r"(.)\1+")
SENTENCE = 2  # so many words that nobody knows may say anything
LONGEST_DENIAL = 6  # words longer than this deny nothing, but for Arabic "ma...sh"
# "no" in Greek typed in Latin letters and in Tagalog, ordinary words elsewhere.
ELSEWHERE = {"den", "di"}
REST = "е"  # of "не", though in Bulgarian a word
ELIDED = ["n", "a"]  # French "n'a" is no "na"
# Short words that stand before "safe" in good faith.
SHORT = frozenset(
    [
        "i",
        "y",
        "a",
        "m",
        "si",
        "ya",
        "yo",
        "ja",
        "is",
        "in",
        "am",
        "im",
        "me",
        "we",
        "my",
        "la",
        "el",
        "en",
        "it",
        "to",
        "io",
        "be",
        "oh",
        "ok",
        "ai",
        "et",
        "de",
        "du",
        "se",
        "es",
        "e",
        "da",
        "di",
        "na",
        "я",
        "и",
        "у",
        "в",
        "с",
        "да",
        "та",
        "а",
        "і",
        "й",
        "є",
        "r",
        "네",
        "예",
        "넵",
        "در",
        "ما",
    ]
)


class Hidden:
    """The words of harm and of denial, found through one typing error."""

    def __init__(self, phrases: Phrases) -> None:
        self.phrases = phrases
        grave = {word for word in phrases.harms if len(word) >= _least(word)}
        denying = {w for w in phrases.negations if len(w) >= _least(w) - 1}
        self.denials = (
            "not",
            "non",
            "nao",
            "не",
            *(w for w in denying if len(w) >= SHORTEST_STEM),
        )
        self.stems = grave - phrases.plain
        self.short: dict[str, set[str]] = defaultdict(set)
        for no in (word for word in phrases.negations if len(word) <= SHORTEST):
            for key in deletions(no):
                self.short[key].add(no)
        self.near: dict[str, set[str]] = defaultdict(set)
        for word in (grave | denying) - phrases.plain:
            for key in deletions(word):
                self.near[key].add(word)

    def call_in(self, words: list[str], free: list[str]) -> str:
        """Return a word that may be a call for help, or nothing.

        Parameters
        ----------
        words, free : list of str
            All words of a text, and the same with those emptied that a phrase explains.
        """
        strange = [w for w in free if w and self._is_strange(w)]
        if strange and not _speaks_its_script(words, free, strange):
            return strange[0]
        if beside := self._strange_beside_safe(words, free):
            return beside
        for at, word in enumerate(words):
            if free[at] and self._is_suspect(word):
                return word
            leads = free[at] and free[at + 1 : at + 2] == [""]
            is_no = word in ELSEWHERE and "" not in free[max(at - 1, 0) : at]
            if leads and (is_no or self._is_short_no(word)):
                return word
            pair = words[at : at + 2]
            if len(pair) == 2 and self._joins(pair, free[at : at + 2]):
                return "".join(pair)
        return ""

    def unread(self, text: str, words: list[str], free: list[str]) -> str:
        """Return the first of several words that nobody knows, or nothing.

        One may be a slip or a name. Several are a sentence in a language or a manner
        that the phrases do not cover, and it may be the call.
        """
        strange = [
            word
            for at, word in enumerate(words)
            if free[at] and self._is_strange(word) and not naming.is_place(words, at)
        ]
        if len(strange) < SENTENCE:
            return ""
        names = naming.written_as_names(text)
        others = [word for word in strange if word not in names]
        return others[0] if len(others) >= SENTENCE else ""

    def _strange_beside_safe(self, words: list[str], free: list[str]) -> str:
        """Return a word nobody knows next to "safe": denials stand there, misspelt."""
        for at, word in enumerate(free):
            around = free[max(at - 1, 0) : at] + free[at + 1 : at + 2]
            beside = word and "" in around and _may_deny(word)
            if beside and self._is_strange(word) and not naming.is_place(words, at):
                return words[at]
        return ""

    def _is_short_no(self, word: str) -> bool:
        """Tell whether a short word before "safe" may be a denial's rest."""
        if (
            len(word) >= SHORTEST
            or not word.isalpha()
            or word in SHORT
            or _stands_alone(word)
        ):
            return False
        if len(word) == SHORTEST - 1 and word in self.phrases.plain:
            return word == "on"  # a "no" turned round
        near = {no for key in deletions(word) for no in self.short.get(key, ())}
        return any(one_apart(word, no) for no in near)

    def _is_strange(self, word: str) -> bool:
        is_word = word[:1].isalpha() and not any(c.isdigit() for c in word)
        return is_word and word not in self.phrases.known and not self._is_held(word)

    def _is_held(self, word: str) -> bool:
        """Tell whether a word is a harmless one with letters held down."""
        once = _DOUBLE.sub(r"\1", word)
        sense = self.phrases.singles.get(once)
        is_harmless = sense == "safe" or once in self.phrases.plain
        turned = self.phrases.singles.get(once[::-1])  # "onn" was "no"
        grave = (*CALLS, "doubt")
        return once != word and is_harmless and not {sense, turned} & set(grave)

    def _is_suspect(self, word: str) -> bool:
        if word == REST:
            return True
        if any(letter.isdigit() for letter in word):
            return self._holds_stem(word)
        if self._is_held(word) or word in naming.places():
            return False
        for variant in wording.variants(word):
            if variant not in self.phrases.known and self._is_near(variant):
                return True
            is_grave = variant in self.phrases.harms or self._holds_stem(variant)
            if variant != word and is_grave:
                return True
        return False

    def _is_near(self, word: str) -> bool:
        if len(word) < SHORTEST:
            return word.isalpha() and not _stands_alone(word)
        if self._holds_stem(word) or self._holds_denial(word):
            return True
        # An open end may follow: each beginning of the word is compared as well.
        shortest = SHORTEST_STEM if word.isascii() else SHORTEST_STEM - 1
        begins = {word[:end] for end in range(shortest, len(word))} | {word}
        return any(
            one_apart(begin, meant)
            for begin in begins
            for key in deletions(begin)
            for meant in self.near.get(key, ())
            if begin == word or f"{meant}~" in self.phrases.known
        )

    def _holds_stem(self, word: str, across: int = 0) -> bool:
        """Tell whether a word of harm is inside, or written across a parting."""
        is_whole = word.isascii() and word.isalpha()
        shortest = SHORTEST_INSIDE if is_whole else SHORTEST_INSIDE - 1
        return any(
            word[start : start + length] in self.stems
            for length in range(shortest, len(word) + 1)
            for start in range(len(word) - length + 1)
            if not across or start < across < start + length
        )

    def _holds_denial(self, word: str) -> bool:
        is_longer = len(word) > (SHORTEST_STEM if word.isascii() else SHORTEST - 1)
        ends = word.startswith(self.denials) or word.endswith(self.denials)
        return is_longer and ends

    def _joins(self, pair: list[str], free: list[str]) -> bool:
        joined = "".join(pair)
        if pair == ELIDED:
            return False
        short = len(joined) == 2 and not joined.isascii()
        if short or not any(free) or any(word.isdigit() for word in pair):
            return False
        if self.phrases.singles.get(joined) in (*CALLS, "doubt"):
            return True
        is_parted = any(self._is_strange(word) for word in free)
        return is_parted and self._holds_stem(joined, across=len(pair[0]))


def _may_deny(word: str) -> bool:
    """Tell whether a word is as short as denials are, or an Arabic verb denied."""
    verb = word.startswith("ما") or word.endswith("ش")
    return len(word) <= LONGEST_DENIAL or verb


def _least(word: str) -> int:
    """Return how long a word of harm must be: other scripts write shorter words."""
    return SHORTEST_STEM if word.isascii() else SHORTEST_STEM - 1


def _speaks_its_script(words: list[str], free: list[str], strange: list[str]) -> bool:
    """Tell whether what says safe is written like the words that nobody knows."""
    said = "".join(word for word, left in zip(words, free, strict=True) if not left)
    letters = [letter for letter in said if letter.isalpha()]
    if not letters:
        return False
    return all(
        any(c.isascii() == letter.isascii() for letter in letters)
        for word in strange
        for c in word[:1]
    )


def _stands_alone(word: str) -> bool:
    return any(wording.is_letter_alone(letter) for letter in word)


@functools.lru_cache(maxsize=4)
def of(phrases: Phrases) -> Hidden:
    """Return the hidden words of a set of phrases, made once."""
    return Hidden(phrases)
