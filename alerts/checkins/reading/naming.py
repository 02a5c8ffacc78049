"""Tell names of places from words that might deny: people say where they are safe."""

import functools

from alerts.checkins.reading import wording
from geo import countries, gazetteer

SHORTEST = 4  # shorter names look like denials too often
LARGE = 50_000  # people; names of hamlets are like any word
# What stands in front of a place; no denial follows these.
_BEFORE = """
in at near from to en desde hacia cerca a au aux chez vers pres bei nach im aus em no na
nos nas ao para perto nel nella al alla da te bij naar w do z ze kolo в во из до под
возле біля із з у στο στη στην στον στα في من الى عند ب در به از ב ל מ di ke dari ở tai
đến la kwa
"""
BEFORE = frozenset(_BEFORE.split())


@functools.cache
def places() -> frozenset[str]:
    """Return the words that are the whole name of a country or of a large town."""
    named = {each.name for each in gazetteer.towns() if each.population >= LARGE}
    named = named.union(*countries.folded_names().values())
    folded = (wording.tokens(name) for name in named)
    return frozenset(
        words[0] for words in folded if len(words) == 1 and len(words[0]) >= SHORTEST
    )


def is_place(words: list[str], at: int) -> bool:
    """Tell whether a word names a place: a known one, or what follows "in"."""
    return words[at] in places() or (
        at > 0 and words[at - 1] in BEFORE and len(words[at]) >= SHORTEST
    )


def written_as_names(text: str) -> frozenset[str]:
    """Return the words that begin with a capital and go on small, as names do.

    Examples
    --------
    >>> sorted(written_as_names("Safe. Jonas LINDQVIST"))
    ['jonas', 'safe']
    """
    named = (word for word in text.split() if word[:1].isupper() and not word.isupper())
    return frozenset(token for word in named for token in wording.tokens(word))
