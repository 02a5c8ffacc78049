"""Plus codes: short names of small rectangles, where streets have no names.

References
----------
Google (2014), Open Location Code, specification 1.0.
"""

import math
import re

ALPHABET = "23456789CFGHJMPQRVWX"
_PAIRS = 10  # digits that come in pairs, latitude before longitude
_MOST = 15
_ROWS, _COLUMNS = 5, 4
_FORM = re.compile(
    rf"((?:[{ALPHABET}]{{2}}){{0,3}}[{ALPHABET}]{{2}}|[{ALPHABET}]{{2,6}}0{{2,6}})"
    rf"\+([{ALPHABET}]{{2,}})?",
    re.I,
)


def split(text: str) -> tuple[str, str]:
    """Return the plus code at the beginning of a text, and what follows it.

    Returns
    -------
    tuple of str
        The code in capitals, and the rest; "" and the text when there is no code.

    Examples
    --------
    >>> split("74JC+5V San José"), split("san jose")
    (('74JC+5V', 'San José'), ('', 'san jose'))
    """
    head, _, rest = text.strip().replace(",", " ", 1).partition(" ")
    found = _FORM.fullmatch(head)
    if not found or not _is_sound(found[1], found[2] or ""):
        return "", text
    return head.upper(), rest.strip(" ,")


def is_full(code: str) -> bool:
    """Tell whether a code says where it is without a place beside it."""
    return code.index("+") == 8


def decode(code: str) -> tuple[float, float, float]:
    """Return the middle of a full code, and how far its corners are.

    Parameters
    ----------
    code : str
        A full code that `split` has found.

    Returns
    -------
    tuple of float
        Longitude and latitude in degrees, and half the diagonal in metres, within
        1 %: some 10 m for ten digits.

    Examples
    --------
    >>> decode("8FVC9G8F+6X")
    (8.524938, 47.365563, 8.4)
    """
    digits = code.replace("+", "").rstrip("0")[:_MOST]
    lat, lon, height, width = -90.0, -180.0, 400.0, 400.0
    for place in range(0, min(len(digits), _PAIRS), 2):
        height, width = height / 20, width / 20
        lat += ALPHABET.index(digits[place]) * height
        lon += ALPHABET.index(digits[place + 1]) * width
    for digit in digits[_PAIRS:]:
        height, width = height / _ROWS, width / _COLUMNS
        row, column = divmod(ALPHABET.index(digit), _COLUMNS)
        lat, lon = lat + row * height, lon + column * width
    middle = lat + height / 2
    metres = 111_320.0
    reach_m = math.hypot(height, width * math.cos(math.radians(middle))) * metres / 2
    return round(lon + width / 2, 6), round(middle, 6), round(reach_m, 1)


def nearest(code: str, lon: float, lat: float) -> str:
    """Return the full code that a short one means beside a place.

    Parameters
    ----------
    code : str
        A short code that `split` has found, such as `9G8F+6X`.
    lon, lat : float
        The place, in degrees.

    Examples
    --------
    >>> nearest("9G8F+6X", 8.54, 47.37)
    '8FVC9G8F+6X'
    """
    lon = (lon + 180) % 360 - 180
    missing = 8 - code.index("+")
    step = 20.0 ** (2 - missing / 2)  # degrees between equal short codes
    prefix = _encoded(lon, lat)[:missing]
    east, north, _ = decode(prefix + code)
    if lat + step / 2 < north and north - step >= -90:
        north -= step
    elif lat - step / 2 > north and north + step <= 90:
        north += step
    if lon + step / 2 < east:
        east -= step
    elif lon - step / 2 > east:
        east += step
    return _encoded(east, north)[:missing] + code


def _encoded(lon: float, lat: float) -> str:
    """Return the eight digits of a point before the plus."""
    # In the last digit's steps of 1/8,000 degree, so that no rounding moves a point.
    north = min(int((lat + 90) * 8000), 180 * 8000 - 1)
    east = int(((lon + 180) % 360) * 8000)
    digits = ""
    for place in range(4):
        step = 8000 * 20 // 20**place
        digits += ALPHABET[north // step % 20] + ALPHABET[east // step % 20]
    return digits


def _is_sound(before: str, after: str) -> bool:
    """Check what the pattern does not: padding, and that a full code is on Earth."""
    if "0" in before:
        digits = before.rstrip("0")
        return len(before) == 8 and not after and len(digits) % 2 == 0
    if len(before) < 8:
        return True
    return ALPHABET.index(before[0].upper()) < 9 and (
        ALPHABET.index(before[1].upper()) < 18
    )
