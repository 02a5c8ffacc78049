"""Turn what people type into plain tokens, whatever the script, case or typing.

Words of scripts with spaces are tokens; of Chinese, Japanese, Thai and their like each
letter is.
Marks are dropped only where they are accents: dropping them would break Devanagari.
"""

import functools
import re
import unicodedata

# Letters that stand for one another in typing, after accents are gone.
LETTERS = str.maketrans(
    {
        "ı": "i",
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "ى": "ي",
        "ی": "ي",
        "ئ": "ي",
        "ک": "ك",
        "ة": "ه",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ؤ": "و",
        "ـ": None,
        "ς": "σ",
        "ё": "е",
        "ґ": "г",
        "\u200c": None,
        "\u200d": None,
        "\u200e": None,
        "\u200f": None,
        "\ufe0f": None,
        "\u20e3": None,  # a keycap around a digit
    }
)
# Thai, Lao, Burmese, Khmer, Japanese, Chinese: words are not parted.
ALONE = (
    (0x0E01, 0x0E4E),
    (0x0E81, 0x0ECD),
    (0x1000, 0x103F),
    (0x1780, 0x17D3),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
)
FIRST_ALONE = ALONE[0][0]
ACCENTED = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW")
_KEPT_SYMBOLS = set("?*✅✔👍👌🆘🚑🚨❌🛑😭🙏👎☑🔥🩸")
_QUESTIONS = str.maketrans({"？": "?", "؟": "?", ";": "?", "՞": "?"})
OPEN_END = "~"  # in phrases: the word may go on
# English contractions stay one word ("don't"); elsewhere an apostrophe parts two.
_CONTRACTED = re.compile(r"(?<=\w)['’‘`´ʼ](?=(?:t|s|m|re|ve|ll|d)\b)")
_IN_WORD, _ALONE = "in word", "alone"
_ASCII_WORD = re.compile(r"[a-z0-9][a-z0-9~]*|[?*]")
_RUN = re.compile(r"(.)\1{2,}")


@functools.lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ", 1)[0]


def is_letter_alone(character: str) -> bool:
    """Tell whether a letter is a token of its own: where words are not parted."""
    code = ord(character)
    if code < FIRST_ALONE:
        return False
    return any(first <= code <= last for first, last in ALONE)


@functools.lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    """Tell whether a character goes on a word, is a token of its own, or parts two."""
    if is_letter_alone(character) or character in _KEPT_SYMBOLS:
        return _ALONE
    return _IN_WORD if unicodedata.category(character)[0] in "LMN" else ""


def folded(text: str) -> str:
    """Fold case, width and accents.

    Examples
    --------
    >>> folded("ＳＡＦＥ İMDAT Ασφαλής")
    'safe imdat ασφαλησ'
    """
    if text.isascii():
        return _CONTRACTED.sub("", text).casefold()
    greek = any("Ͱ" <= c <= "Ͽ" for c in text)
    wide = unicodedata.normalize("NFKC", text)
    wide = wide.translate(_QUESTIONS) if greek else wide.replace("؟", "?")
    wide = _CONTRACTED.sub("", wide)
    plain = []
    base = ""
    for character in unicodedata.normalize("NFKD", wide.casefold()):
        if unicodedata.category(character) == "Mn":
            if base in ACCENTED:
                continue
        elif character.isalpha():
            base = _script(character)
        plain.append(character)
    joined = unicodedata.normalize("NFC", "".join(plain))
    return joined.translate(LETTERS)


def tokens(text: str) -> list[str]:
    """Split a text into folded tokens; punctuation but `?` is dropped.

    Examples
    --------
    >>> tokens("I’m safe!!  我没事")
    ['im', 'safe', '我', '没', '事']
    >>> tokens("S A F E")
    ['safe']
    """
    plain = folded(text)
    if plain.isascii():
        return _spelled_out(_ASCII_WORD.findall(plain))
    found: list[str] = []
    word = ""
    for character in plain:
        kind = _kind(character)
        if kind == _IN_WORD or (character == OPEN_END and word):
            word += character
            continue
        if word:
            found.append(word)
            word = ""
        if kind == _ALONE:
            found.append(character)
    if word:
        found.append(word)
    return _spelled_out([_digits(token) for token in found])


def _digits(token: str) -> str:
    """Write digits of any script as 0 to 9."""
    if token.isdigit() and not token.isascii():
        return "".join(str(unicodedata.digit(c)) for c in token)
    return token


def _spelled_out(found: list[str]) -> list[str]:
    letters = [t for t in found if len(t) == 1 and t.isalpha() and t.isascii()]
    if len(letters) >= 4 and len(letters) == len([t for t in found if t != "?"]):
        return ["".join(letters)]
    return found


def is_code(token: str) -> bool:
    """Tell whether a token can be one of our codes with a digit, and no word.

    Examples
    --------
    >>> is_code("7k2q"), is_code("2"), is_code("safe")
    (True, False, False)
    """
    return token.isalnum() and not token.isdigit() and any(map(str.isdigit, token))


def variants(token: str) -> list[str]:
    """Return a token, and what it is with letters that were held down let go.

    Examples
    --------
    >>> variants("heeelp")
    ['heeelp', 'help', 'heelp']
    """
    once, twice = _RUN.sub(r"\1", token), _RUN.sub(r"\1\1", token)
    return list(dict.fromkeys((token, once, twice)))
