"""The corners of a polygon as the Common Alerting Protocol writes them."""

import re

import numpy as np

from geo.limits import Ring, ShapeError

_NUMBER = r"[+-]?\d{1,12}(?:\.\d{0,24})?(?:[eE][+-]?\d{1,3})?"
_OTHER_SIGNS = {ord(";"): " ", 0x2212: "-"}  # the minus sign of typesetters
_POINT = re.compile(rf"({_NUMBER}),({_NUMBER})")


def corners_of(text: str) -> Ring | list[tuple[float, float]]:
    """Read `lat,lon lat,lon …` as (lon, lat), however its blanks and commas stand.

    Raises
    ------
    ShapeError
        When a word is no pair of numbers.

    Examples
    --------
    >>> corners_of("1.5, 10 2, 10 2, 11")
    [(10.0, 1.5), (10.0, 2.0), (11.0, 2.0)]
    """
    plain = _plain(text)
    return _odd(text) if plain is None else plain


def _plain(text: str) -> Ring | None:
    """Read `lat,lon lat,lon` as nearly all write it; None when it is not quite so."""
    try:
        line = b" ".join(text.encode("ascii").split())
        numbers = list(map(float, line.replace(b",", b" ").split()))
    except ValueError:
        return None
    between = line.translate(None, b"0123456789+-.")
    if len(numbers) % 2 or between + b" " != b", " * (len(numbers) // 2):
        return None  # now each word has one comma, and no number is missing
    return np.array(numbers).reshape(-1, 2)[:, ::-1]


def _odd(text: str) -> list[tuple[float, float]]:
    """Read pairs with a blank beside their comma, or with a comma after them."""
    points = []
    text = text.translate(_OTHER_SIGNS)
    words = text.split()
    if not all(_POINT.fullmatch(word.rstrip(",")) for word in words):
        words = re.sub(r"[ ]?,[ ]?", ",", text).split()
    for word in words:
        pair = _POINT.fullmatch(word.rstrip(","))
        if not pair:
            raise ShapeError(f"“{word[:40]}” is not a pair of latitude and longitude")
        points.append((float(pair[2]), float(pair[1])))
    return points
