"""Write Cyrillic and Greek phrases as people type them in Latin letters.

Phones abroad often have no other keyboard: "vse v poryadke", "eimaste kala". Nobody
keeps to one standard, so each phrase is written in the ways that are common.
"""

from collections.abc import Iterator

from alerts.checkins.reading.wording import OPEN_END

SHORTEST = 5  # shorter words are words of other languages too: "net", "dom", "den"
SHORTEST_OPEN = 7  # letters of several words, or of one whose end is open


def _table(letters: str, sounds: str) -> dict[str, str]:
    return dict(zip(letters, sounds.split(), strict=True))


_COMMON = dict(
    zip("абвгдезиклмнопрстуфіє", [*"abvgdeziklmnoprstufi", "ye"], strict=True)
) | {"ь": "", "ъ": "", "ї": "yi"}
_RUSSIAN = (
    _table("жйхцчшщыэюя", "zh y h ts ch sh sch y e yu ya"),
    _table("жйхцчшщыэюя", "zh i kh c ch sh shch i e u ia"),
    _table("жйхцчшщыэюя", "j j h c ch sh sh y e ju ja"),
)
# In Ukrainian "и" is a "y" and "г" an "h".
_UKRAINIAN = tuple(ways | {"и": "y", "г": "h"} for ways in _RUSSIAN)
_GREEK_COMMON = dict(zip("αβγδεζικλμνοπρστφ", "avgdeziklmnoprstf", strict=True))
_GREEK = (
    _table("ηθξυχψω", "i th ks y x ps o"),
    _table("ηθξυχψω", "h 8 x u x ps w"),
    _table("ηθξυχψω", "i th x i h ps o"),
)
# Two letters that are one sound.
_GREEK_SOUNDS = (
    {"ου": "ou", "μπ": "b", "ντ": "d"},
    {"ου": "ou"},
    {"ει": "i", "οι": "i", "αι": "e", "ου": "ou", "μπ": "b", "γκ": "g", "ευ": "ef"},
)
MISTAKEN = {"ine"}  # a Polish "nie" with two letters turned round
LANGUAGES = ("ru", "uk", "el")


def spellings(language: str, phrase: str) -> Iterator[str]:
    """Write a folded phrase in Latin letters, each common way once.

    Examples
    --------
    >>> sorted(spellings("ru", "все хорошо"))
    ['vse horosho', 'vse khorosho']
    >>> list(spellings("ru", "дом"))
    []
    """
    letters = sum(each.isalpha() for each in phrase)
    is_open = " " in phrase or OPEN_END in phrase
    if letters < (SHORTEST_OPEN if is_open else SHORTEST):
        return
    for way in sorted(set(_ways(language, phrase))):
        if way.isascii() and not MISTAKEN & set(way.split()):
            yield way


def _ways(language: str, phrase: str) -> Iterator[str]:
    if language == "el":
        for sounds, ways in zip(_GREEK_SOUNDS, _GREEK, strict=True):
            said = phrase
            for pair, sound in sounds.items():
                said = said.replace(pair, sound)
            yield _written(said, _GREEK_COMMON | ways)
    elif language in LANGUAGES:
        for ways in _UKRAINIAN if language == "uk" else _RUSSIAN:
            yield _written(phrase, _COMMON | ways)


def _written(phrase: str, letters: dict[str, str]) -> str:
    return "".join(letters.get(each, each) for each in phrase)
