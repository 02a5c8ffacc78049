"""Compare names of people across spellings, scripts and orders.

A name is brought to small Latin letters, word by word. Two spellings of one word share
a *skeleton*, its consonants as they sound roughly (`Mohammed`, `Muhamad` and `محمد`
have `mhmd`). Skeletons are what rows are looked up by, under a keyed hash; how like two
names really are is measured on the letters.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

# Small words that stand in a name in one spelling and not in another.
_PARTICLES = frozenset(
    re.findall(
        r"\w+",
        "al el ul ad as ash ibn bin ben bint de da di do du del della der den des dos"
        " la le van von zu y e ter ten",
    )
)
_SOUNDS = (
    (re.compile(r"shch|schtsch|szcz|sch|tsch|tch|sh|ch|zh|cz|sz|ts|tz|z"), "s"),
    (re.compile(r"(?<=[aeiou])j(?![aeiou])"), "i"),
    (re.compile(r"dj|dsch"), "j"),
    (re.compile(r"kh|ck|q|c"), "k"),
    (re.compile(r"gh|gu(?=[ei])"), "g"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"th"), "t"),
    (re.compile(r"dh"), "d"),
    (re.compile(r"ou(?=[aei])|w"), "v"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"[aeiou]|(?<=.)y"), ""),
    (re.compile(r"(?<=.)h$"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)
LIKE = 0.92  # from here on two words are taken for spellings of one name


@dataclass(frozen=True)
class Alike:
    """How like two full names are, and what decided it.

    Attributes
    ----------
    given, family : float
        0 to 1; a family name that one of them does not have is 1.
    is_swapped : bool
        Whether given and family names changed places.
    """

    given: float
    family: float
    is_swapped: bool = False


@lru_cache(maxsize=50_000)
def words(name: str) -> tuple[str, ...]:
    """Bring a name to words of small Latin letters, without particles.

    Examples
    --------
    >>> words("José Ángel de la Peña"), words("王小明"), words("Ван-дер-Ваальс")
    (('jose', 'angel', 'pena'), ('wang', 'xiao', 'ming'), ('vaals',))
    >>> words("عبد الله الأحمد")
    ('abdlh', 'ahmd')
    """
    composed = unicodedata.normalize("NFKC", name)
    spelled = re.sub(r"\b(?:ال|וה)(?=\w{3})", "", composed)
    spelled = re.sub(r"\bعبد\s+(?:ال)?", "عبد", spelled)
    parts: list[str] = []
    for word in re.split(r"[\s\-‐–,.·・]+", spelled):
        latin = re.sub(r"[^A-Za-z]", "", _latin(word))
        if _is_by_syllable(word):
            parts += [each.lower() for each in re.findall(r"[A-Z][a-z]*", latin)]
        elif latin:
            parts.append(latin.lower())
    kept = [part for part in parts if part not in _PARTICLES]
    return tuple(kept or parts)


def _latin(word: str) -> str:
    if re.search("[\u0600-\u06ff]", word):
        # و and ي are vowels inside a word, ا and ع at its start stand for one.
        inner = re.sub(r"(?<=.)[وي](?=.)|ى$|ة$|(?<=.)ا", "", word)
        return anyascii(re.sub(r"^[اأإآع]", "a", inner)).replace("'", "")
    if re.search("[\uac00-\ud7a3]", word):
        return re.sub(r"^G", "K", anyascii(word))
    return anyascii(word)


def _is_by_syllable(word: str) -> bool:
    """Tell scripts that anyascii spells one capital a syllable."""
    return bool(re.search("[\u3400-\u9fff\uac00-\ud7a3]", word))


@lru_cache(maxsize=100_000)
def skeleton(word: str) -> str:
    """Return the consonants of a word of `words`, as they sound.

    Examples
    --------
    >>> [skeleton(word) for word in ("mohammed", "muhamad", "mhmd")]
    ['mhmd', 'mhmd', 'mhmd']
    >>> skeleton("shcherbakov"), skeleton("schtscherbakow"), skeleton("sergej")
    ('srbkv', 'srbkv', 'srg')
    """
    bare = word
    for pattern, sound in _SOUNDS:
        bare = pattern.sub(sound, bare)
    return bare or word[:1]


def keys(*names: str) -> frozenset[str]:
    """Return what a person is looked up by: the skeleton of each word, of all as one.

    Examples
    --------
    >>> keys("Xiaoming", "Wang") & keys("王小明", "") != frozenset()
    True
    """
    parts = [part for name in names for part in words(name)]
    parts += ["".join(words(name)) for name in names]
    found = {skeleton(part) for part in parts if part}
    return frozenset(each for each in found if len(each) > 1) or frozenset(found)


def likeness(one: str, two: str) -> float:
    """Measure how like two words are: 1 for the same, 0 for nothing in common.

    Notes
    -----
    The share of letters in the longest common order (Jaro's measure with Winkler's
    bonus for a common start); at least 0.94 for words of one skeleton.

    References
    ----------
    Winkler (1990), String comparator metrics, Proc. Survey Research Methods, 354-359.

    Examples
    --------
    >>> likeness("maria", "mariya") >= LIKE, likeness("maria", "martin") >= LIKE
    (True, False)
    """
    if one == two:
        return 1.0
    if 1 in (len(one), len(two)):
        return 0.85 if one[0] == two[0] else 0.0
    plain = JaroWinkler.similarity(one, two)
    bones = skeleton(one), skeleton(two)
    if bones[0] == bones[1] and len(bones[0]) > 1:
        return max(plain, 0.94 if len(bones[0]) > 2 else 0.9)
    return plain


def alike(one: tuple[str, str], two: tuple[str, str]) -> Alike:
    """Compare two people's (given name, family name), in either order.

    Examples
    --------
    >>> alike(("Мария", "Иванова"), ("Maria", "Ivanova")).family
    1.0
    >>> alike(("Wang", "Xiaoming"), ("小明", "王")).is_swapped
    True
    """
    (given, family), (other_given, other_family) = (
        (words(each[0]), words(each[1])) for each in (one, two)
    )
    straight = Alike(_part(given, other_given), _part(family, other_family))
    if not family or not other_family:
        return _with_one_name(straight, given + family, other_given + other_family)
    crossed = Alike(_part(given, other_family), _part(family, other_given), True)
    if crossed.given + crossed.family > straight.given + straight.family:
        return crossed
    return straight


def _with_one_name(straight: Alike, one: Sequence[str], two: Sequence[str]) -> Alike:
    """Compare where somebody gave one name only, which may hold both."""
    whole = _part(one, two)
    return Alike(whole, 1.0) if whole > straight.given else straight


def _part(one: Sequence[str], two: Sequence[str]) -> float:
    """Compare two parts of names, word by word in any order, and as one word.

    The shorter list decides: `Ana` is like `Ana María`, a little less than `Ana`.
    """
    if not one or not two:
        return 1.0 if not one and not two else 0.0
    joined = likeness("".join(one), "".join(two))
    few, many = sorted((list(one), list(two)), key=len)
    scores = []
    for word in few:
        best = max(many, key=lambda other: likeness(word, other))
        scores.append(likeness(word, best))
        many = [other for other in many if other is not best] or many
    apart = sum(scores) / len(scores) - 0.03 * (len(one) != len(two))
    return max(joined, apart)
