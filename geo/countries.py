"""Countries: their outlines, their names in our languages, and which one is where.

Outlines are Natural Earth's at 1:50m, names are CLDR's. The file in geo/data is read
once, when it is first asked for.
"""

import functools
import gzip
import json
import unicodedata
from pathlib import Path

import numpy as np
import shapely
from babel import Locale
from shapely.geometry import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from geo.circles import distance_m
from geo.limits import ShapeError
from geo.measuring import grown, union
from geo.repairing import polygons_of

DATA = Path(__file__).parent / "data"
# The languages in which a country's name is understood.
LANGUAGES = ("en", "ar", "fr", "es", "de", "pt", "ru", "zh")
# A town at the mouth of a river is often at sea in an outline of this scale.
COAST_M = 50_000.0
COAST_ERROR_M = 5_000.0
# What many write, and CLDR does not: abbreviations, former names, parts of a kingdom.
OTHER_NAMES = {
    "america": "US",
    "burma": "MM",
    "cape verde": "CV",
    "czech republic": "CZ",
    "democratic republic of the congo": "CD",
    "dr congo": "CD",
    "drc": "CD",
    "east timor": "TL",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "holy see": "VA",
    "ivory coast": "CI",
    "ksa": "SA",
    "macedonia": "MK",
    "northern ireland": "GB",
    "palestine": "PS",
    "republic of korea": "KR",
    "republic of the congo": "CG",
    "scotland": "GB",
    "swaziland": "SZ",
    "turkey": "TR",
    "uae": "AE",
    "uk": "GB",
    "united states of america": "US",
    "usa": "US",
    "wales": "GB",
}


class _Folding(dict[int, int | None]):
    """What becomes of each letter, found out once; rare ones are not remembered."""

    def __missing__(self, code: int) -> int | None:
        letter = chr(code)
        found: int | None = None
        if not unicodedata.combining(letter):
            found = ord(" ") if letter in "-‐–_/" else code
            if not letter.isalnum() and found != ord(" "):
                found = None
        if code < _REMEMBERED:
            self[code] = found
        return found


_REMEMBERED = 0x3000
_FOLDED = _Folding(str.maketrans("łøđðıæœþ", "loddiaot"))


def fold(text: str) -> str:
    """Fold a text to small letters without accents and punctuation, to compare it.

    Examples
    --------
    >>> fold("San José"), fold("Łódź"), fold("St. John’s")
    ('san jose', 'lodz', 'st johns')
    """
    plain = text.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain)
    return " ".join(plain.translate(_FOLDED).split())


def countries(language: str = "en") -> dict[str, str]:
    """Return the names of all countries and territories that have an outline.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.

    Returns
    -------
    dict
        ISO code → name, in the order of the names.
    """
    names = _names(language)
    return dict(sorted(names.items(), key=lambda each: fold(each[1])))


def country_name(code: str, language: str = "en") -> str:
    """Return a country's name, or its code where there is none.

    Examples
    --------
    >>> country_name("NI"), country_name("DE", "fr"), country_name("ZZ")
    ('Nicaragua', 'Allemagne', 'ZZ')
    """
    return _names(language).get(code, code)


def country_shape(code: str) -> MultiPolygon:
    """Return a country's outline, cut at ±180°; coasts are within some 5 km.

    Raises
    ------
    ShapeError
        When there is no outline of that code.
    """
    try:
        return _outlines()[code]
    except KeyError:
        raise ShapeError(f"there is no outline of the country {code[:8]!r}") from None


@functools.lru_cache(maxsize=32)
def country_zone(code: str) -> MultiPolygon:
    """Return a country with its coasts: the area to alert when it is the whole country.

    It is the outline, and what lies within 5 km of it without being another country's:
    a beach hotel is often at sea in an outline of this scale.

    Raises
    ------
    ShapeError
        When there is no outline of that code.
    """
    wide = grown(country_shape(code), COAST_ERROR_M)
    others = [
        outline
        for other, outline in _outlines().items()
        if other != code and outline.intersects(wide)
    ]
    own = wide.difference(shapely.union_all(others)) if others else wide
    return union([polygons_of(own), country_shape(code)])


def country_centre(code: str) -> tuple[float, float]:
    """Return longitude and latitude of a point in the middle of the largest part.

    Raises
    ------
    ShapeError
        When there is no outline of that code.

    Examples
    --------
    >>> [round(degrees) for degrees in country_centre("NI")]
    [-85, 13]
    """
    largest = max(country_shape(code).geoms, key=lambda part: part.area)
    middle = largest.centroid
    if not largest.contains(middle):
        middle = largest.representative_point()
    return round(middle.x, 4), round(middle.y, 4)


def country_at(lon: float, lat: float) -> str:
    """Return the code of the country at a point, or of the nearest within 50 km.

    Returns
    -------
    str
        "" at sea.

    Examples
    --------
    >>> country_at(-86.25, 12.13), country_at(12.4534, 41.9033), country_at(-140, 0)
    ('NI', 'VA', '')
    """
    tree, codes = _country_tree()
    spot = Point(lon, lat)
    found = tree.query(spot, predicate="intersects")
    if len(found):
        return codes[int(found[0])]
    return _off_the_coast_of(spot)


def _off_the_coast_of(shape: BaseGeometry) -> str:
    """Return the code of the country nearest to a shape at sea, within 50 km."""
    tree, codes = _country_tree()
    near = tree.nearest(shape)
    path = shapely.shortest_line(shape, tree.geometries[near])
    (lon, lat), (to_lon, to_lat) = shapely.get_coordinates(path).tolist()
    is_near = distance_m(lon, lat, to_lon, to_lat) <= COAST_M
    return codes[int(near)] if is_near else ""


def countries_in(shape: MultiPolygon) -> list[str]:
    """Return the codes of the countries that share an area with a shape.

    A neighbour that only shares its border, give or take 100 m, does not count. A shape
    at sea may be an island that is too small for the outlines: then it is the country
    nearest to it within 50 km.
    """
    shapely.prepare(shape)
    for outlines in (_inner_outlines(), _outlines()):
        shared = shapely.intersects(shape, np.array(list(outlines.values())))
        if shared.any():
            return [code for code, is_in in zip(outlines, shared, strict=True) if is_in]
    near = _off_the_coast_of(shape)
    return [near] if near else []


def codes_like(text: str) -> list[str]:
    """Return countries whose name, in any of our languages, begins with a text."""
    if len(text) < 3 and text.isascii():
        return []
    found = [
        (not is_called(code, text), code)
        for code, names in folded_names().items()
        if any(name.startswith(text) for name in names) or is_called(code, text)
    ]
    return [code for _, code in sorted(found)]


def codes_named(text: str) -> set[str]:
    """Return the countries that a folded text can mean: a name begun, or a code."""
    known = {text.upper(), OTHER_NAMES.get(text, "")} & _names("en").keys()
    return set(codes_like(text)) | known


def is_called(code: str, text: str) -> bool:
    """Tell whether a folded text is a whole name of a country.

    Examples
    --------
    >>> is_called("US", "usa"), is_called("US", "etats unis"), is_called("US", "united")
    (True, True, False)
    """
    return text in folded_names()[code] or OTHER_NAMES.get(text) == code


@functools.cache
def _outlines() -> dict[str, MultiPolygon]:
    data = json.loads(gzip.decompress((DATA / "countries.json.gz").read_bytes()))
    return {
        code: MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
        for code, polygons in data.items()
    }


@functools.cache
def _inner_outlines() -> dict[str, MultiPolygon]:
    """Return the outlines without their outermost 100 m."""
    return {code: outline.buffer(-0.001) for code, outline in _outlines().items()}


@functools.cache
def _country_tree() -> tuple[shapely.STRtree, list[str]]:
    """Return a tree of the parts of all countries, the small ones first."""
    parts = [
        (part.area, code, part)
        for code, outline in _outlines().items()
        for part in outline.geoms
    ]
    parts.sort(key=lambda each: each[:2])
    return shapely.STRtree([part for _, _, part in parts]), [c for _, c, _ in parts]


@functools.cache
def _names(language: str) -> dict[str, str]:
    territories = Locale.parse(language).territories
    return {code: territories.get(code, code) for code in _outlines()}


@functools.cache
def folded_names() -> dict[str, set[str]]:
    """Return each country's names in all our languages, folded to compare them."""
    return {
        code: {fold(_names(language)[code]) for language in LANGUAGES}
        for code in _outlines()
    }
