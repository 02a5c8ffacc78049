"""Read coordinates as officers type or paste them: one corner a line."""

import re

from alerts.incidents.errors import FieldsError

MOST_LINES = 2_000
MOST_LETTERS = 100 * MOST_LINES
_SIZE = r"\d{1,3}(?:[.,]\d{1,12})?"
_NUMBER = rf"[+-]?{_SIZE}"
_SIGNED = re.compile(rf"({_NUMBER})°?\s*[,; \t]\s*({_NUMBER})°?")
_LETTERED = re.compile(rf"({_SIZE})°?\s*([NS])\s*[,; \t]?\s*({_SIZE})°?\s*([EW])", re.I)
EXAMPLE = "12.14 N 86.25 W, or 12.14, -86.25"


def number(text: str) -> float:
    """Read a number with a decimal point or comma.

    Examples
    --------
    >>> number("12,5")
    12.5
    """
    return float(text.strip().replace(",", "."))


def pair(line: str) -> tuple[float, float] | None:
    """Read one `latitude, longitude`; return (lon, lat), or None when it is none.

    Examples
    --------
    >>> pair("16.00 N 121.98 E"), pair("12.14, -86.25"), pair("-12.14 S 86.25 W")
    ((121.98, 16.0), (-86.25, 12.14), None)
    """
    text = line.strip()
    if match := _LETTERED.fullmatch(text):
        lat = number(match[1]) * (-1 if match[2].upper() == "S" else 1)
        return number(match[3]) * (-1 if match[4].upper() == "W" else 1), lat
    if match := _SIGNED.fullmatch(text):
        return number(match[2]), number(match[1])
    return None


def ring(text: str, field: str = "corners") -> list[tuple[float, float]]:
    """Read a list of corners, one `latitude, longitude` a line.

    Returns
    -------
    list of (lon, lat)
        In degrees, in the order of the lines.

    Raises
    ------
    FieldsError
        With the line that cannot be read.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES or len(text) > MOST_LETTERS:
        words = f"At most {MOST_LINES:,} corners, one a line; take a file for more."
        raise FieldsError({field: words})
    points = []
    for place, line in enumerate(lines, start=1):
        point = pair(line)
        if point is None:
            raise FieldsError(
                {field: f"Line {place} is not a place. Write it as {EXAMPLE}."}
            )
        points.append(point)
    if len(points) < 3:
        raise FieldsError({field: "An area needs at least three corners."})
    return points


def written(lon: float, lat: float) -> str:
    """Write a place for people: latitude first, with letters.

    Examples
    --------
    >>> written(-86.25, 12.14)
    '12.140 N 86.250 W'
    """
    north, east = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
    return f"{abs(lat):.3f} {north} {abs(lon):.3f} {east}"
