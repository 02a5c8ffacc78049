"""Coordinates as people paste them: degrees in all usual notations, and map links."""

import re

from geo.limits import MAX_LON

MOST_LETTERS = 400
_MEANT = {
    "-": "−–—‒",
    "°": "º˚⁰",
    "'": "′’‘´`ʹ",
    '"': "″”“ʺ",
    ",": "،、，",
    ".": "٫．",
    # Nobody sees them, and phones put them around numbers: directions, joints, breaks.
    "": "\xad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\ufeff",
}
_SIGNS = str.maketrans({odd: each for each, odds in _MEANT.items() for odd in odds})
_WORDS = re.compile(
    r"\b(?:(?P<lat>lat(?:itude)?|breite|latitud)"
    r"|(?P<lon>lon(?:gitude)?|lng|long|länge|longitud))\b[\s:=]*",
    re.I,
)
_TOKEN = re.compile(r"[+-]?\s?\d{1,3}(?:\.\d{1,15})?|[NSEWO]", re.I)
_BETWEEN = re.compile(
    r"(?:[\s,;/|:°'\"()\[\]]|deg|min|sec|(?<=\d)[dm]|(?<=\d)s(?=\s*[NSEWO]))*", re.I
)
_NUMBER = r"([+-]?\d{1,3}(?:\.\d{1,15})?)"
_LINKS = (
    re.compile(rf"!3d{_NUMBER}!4d{_NUMBER}"),
    re.compile(rf"[?&#]mlat={_NUMBER}&mlon={_NUMBER}"),
    re.compile(
        r"[?&](?:q|ll|sll|query|daddr|destination|center|cp|where1)="
        rf"(?:loc:)?{_NUMBER}(?:,|%2C|~)\+?{_NUMBER}",
        re.I,
    ),
    # Of `geo:0,0?q=Managua` the name says where.
    re.compile(rf"geo:(?!0,0\?q=){_NUMBER},{_NUMBER}(?:[,;?].*)?", re.I),
    re.compile(rf"#map=\d+(?:\.\d+)?/{_NUMBER}/{_NUMBER}"),
    re.compile(rf"@{_NUMBER},{_NUMBER},"),
    re.compile(rf"/(?:search|place|dir/)/?{_NUMBER},\+?{_NUMBER}"),
)
_COMMA_DECIMAL = re.compile(r"(\d),(\d)")


def read(text: str) -> tuple[float, float] | None:
    r"""Read one position as it is pasted from a phone, a map, a radio message.

    Parameters
    ----------
    text : str
        Latitude before longitude, unless letters say otherwise: `12.51, -86.38`,
        `12°30'36"N 86°22'48"W`, `N 12 30.6 W 86 22.8`, `12,51; -86,38`,
        `geo:12.51,-86.38`, or a link of OpenStreetMap, Google, Apple or Bing maps
        that has the numbers in it. O is west's letter in French and Spanish; for who
        means the east of German, see `eastward`.

    Returns
    -------
    tuple of float or None
        Longitude and latitude in degrees, not checked to be on Earth; none when the
        text is no position.

    References
    ----------
    RFC 5870, the `geo` URI; ISO 6709, annex D, for degrees, minutes and seconds.

    Examples
    --------
    >>> read("12°30'36\"N 86°22'48\"W"), read("12,51; -86,38"), read("geo:1,2;u=9")
    ((-86.38, 12.51), (-86.38, 12.51), (2.0, 1.0))
    """
    if len(text) > MOST_LETTERS or not any(each.isdigit() for each in text):
        return None
    plain = text.strip().translate(_SIGNS)
    if ":" in plain and (plain.lower().startswith("geo:") or "://" in plain):
        return _linked(plain)
    named = [each.lastgroup for each in _WORDS.finditer(plain)]
    for candidate in _readings(_WORDS.sub(" ", plain)):
        position = _position(_tokens(candidate), is_swapped=named[:1] == ["lon"])
        if position is not None:
            return position
    return None


def eastward(text: str) -> tuple[float, float] | None:
    """Read a position as `read` does, with O as the letter of German for the east.

    Returns
    -------
    tuple of float or None
        None where it has no O, or is no position.

    Examples
    --------
    >>> read("48,1 N 11,5 O"), eastward("48,1 N 11,5 O"), eastward("48.1 N 11.5 E")
    ((-11.5, 48.1), (11.5, 48.1), None)
    """
    meant = text.translate({ord("o"): "E", ord("O"): "E"})
    return read(meant) if meant != text else None


def _linked(text: str) -> tuple[float, float] | None:
    for link in _LINKS:
        if found := link.search(text):
            return float(found[2]), float(found[1])
    return None


def _readings(text: str) -> list[str]:
    """Return a text as it is, and with its decimal commas as points."""
    pointed = _COMMA_DECIMAL.sub(r"\1.\2", text)
    # `12,51 -86,38` has decimal commas; in `12.51,86.38` the comma parts two numbers.
    has_decimals = len(_COMMA_DECIMAL.findall(text)) > 1 and "." not in text
    return [pointed, text] if has_decimals else [text]


def _tokens(text: str) -> list[str]:
    """Return the numbers and letters of a text that has nothing else in it."""
    found: list[str] = []
    start = 0
    while start < len(text):
        start = _end_of_gap(text, start)
        token = _TOKEN.match(text, start)
        if not token:
            break
        found.append(token[0].upper().replace(" ", ""))
        start = token.end()
        if token[0][-1].isdigit() and text[start : start + 1].isdigit():
            return []
    return found if start == len(text) else []


def _end_of_gap(text: str, start: int) -> int:
    gap = _BETWEEN.match(text, start)
    return gap.end() if gap else start


def _position(
    tokens: list[str], *, is_swapped: bool = False
) -> tuple[float, float] | None:
    """Put two angles in order; letters must not name one axis twice.

    Without letters the latitude stands first, unless they are swapped.
    """
    letters = [each for each in tokens if each.isalpha()]
    halves = _by_letters(tokens) if letters else _in_half(tokens)
    if len(halves) != 2 or len(letters) not in (0, 2):
        return None
    one, two = (_degrees(half) for half in halves)
    if one is None or two is None:
        return None
    usual = ["E", "N"] if is_swapped else ["N", "E"]
    axes = ["N" if each in "NS" else "E" for each in letters] or usual
    for index, letter in enumerate(letters):
        if letter in "SWO":
            one, two = (-one, two) if index == 0 else (one, -two)
    if axes[0] == axes[1] or (letters and any("-" in each for each in tokens)):
        return None
    lat, lon = (one, two) if axes[0] == "N" else (two, one)
    return (lon, lat) if abs(lon) <= MAX_LON else None


def _by_letters(tokens: list[str]) -> list[list[str]]:
    """Part numbers by the letters before or after them."""
    halves: list[list[str]] = [[]]
    is_before = tokens[0].isalpha()
    for each in tokens[1:] if is_before else tokens:
        if each.isalpha():
            halves.append([])
        else:
            halves[-1].append(each)
    if not is_before and not halves[-1]:
        halves.pop()
    return halves


def _in_half(tokens: list[str]) -> list[list[str]]:
    middle = len(tokens) // 2
    return [tokens[:middle], tokens[middle:]] if len(tokens) % 2 == 0 else []


def _degrees(numbers: list[str]) -> float | None:
    """Add degrees, minutes and seconds; only the last of them has decimals."""
    if not 1 <= len(numbers) <= 3 or any("." in each for each in numbers[:-1]):
        return None
    whole, *parts = numbers
    if any(not each[0].isdigit() or float(each) >= 60 for each in parts):
        return None
    size: float = abs(float(whole)) + sum(
        float(each) / 60.0**place for place, each in enumerate(parts, 1)
    )
    return round(-size if whole.startswith("-") else size, 9)
