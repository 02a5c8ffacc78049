"""Places of the world without the internet: towns above 15,000 people, and countries.

The files in geo/data are read once, when they are first asked for; SOURCES.md beside
them says where they come from. Names of countries in other languages are CLDR's.
"""

import bisect
import functools
import gzip
import itertools
import json
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import shapely
from babel import Locale
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Point

from geo.circles import distance_m
from geo.limits import ShapeError
from geo.measuring import area_km2

DATA = Path(__file__).parent / "data"
# The languages in which a country's name is understood.
LANGUAGES = ("en", "ar", "fr", "es", "de", "pt", "ru", "zh")
# A town at the mouth of a river is often at sea in an outline of this scale.
COAST_M = 50_000.0
# People on a square kilometre of a town, for the radius it is drawn with.
TOWN_DENSITY = 3_000
_FOLDED = str.maketrans("łøđðıæœþ", "loddiaot")
_COORDINATES = re.compile(
    r"\s*([+-]?\d{1,2}(?:\.\d+)?)\s*°?\s*([NS]?)[\s,;]+([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*([EW]?)\s*",
    re.I,
)
Precision = Literal["exact", "town", "region", "country"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place that can be chosen.

    Attributes
    ----------
    name : str
        The town's or country's name, or typed coordinates.
    country : str
        ISO 3166-1 alpha-2 code, or "" at sea.
    region : str
        The first-level region's name, or "".
    lon, lat : float
        Degrees, WGS 84.
    population : int
        0 where it is not known.
    time_zone : str
        Such as `America/Managua`.
    precision : str
        `exact`, `town` or `country`.
    radius_m : float
        How far around the point the place may reach; 0 for an exact one.
    """

    name: str
    country: str
    region: str
    lon: float
    lat: float
    population: int
    time_zone: str
    precision: Precision
    radius_m: float

    @property
    def label(self) -> str:
        """The name as a person would write it, with region and country."""
        if self.precision == "country":
            return self.name
        region = "" if fold(self.region) in fold(self.name) else self.region
        country = country_name(self.country) if self.country else ""
        return ", ".join(part for part in (self.name, region, country) if part)


def fold(text: str) -> str:
    """Fold a text to small letters without accents and punctuation, to compare it.

    Examples
    --------
    >>> fold("San José"), fold("Łódź"), fold("St. John’s")
    ('san jose', 'lodz', 'st johns')
    """
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(_FOLDED)
    kept = (each for each in letters if not unicodedata.combining(each))
    spaced = "".join(" " if each in "-‐–_/" else each for each in kept)
    bare = "".join(each for each in spaced if each.isalnum() or each == " ")
    return " ".join(bare.split())


@functools.cache
def towns() -> list[Place]:
    """Return all towns, the largest first."""
    return [place for place, _ in _rows()]


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
    near = tree.nearest(spot)
    edge = shapely.shortest_line(spot, tree.geometries[near])
    (_, _), (to_lon, to_lat) = shapely.get_coordinates(edge).tolist()
    is_near = distance_m(lon, lat, to_lon, to_lat) <= COAST_M
    return codes[int(near)] if is_near else ""


def countries_in(shape: MultiPolygon) -> list[str]:
    """Return the codes of the countries that share an area with a shape.

    A neighbour that only shares its border does not count.
    """
    shapely.prepare(shape)
    outlines = list(_outlines().items())
    parts = np.array([outline for _, outline in outlines])
    near = np.flatnonzero(shapely.intersects(shape, parts))
    inside = near[~shapely.touches(shape, parts[near])]
    return [outlines[index][0] for index in inside]


def nearest(lon: float, lat: float) -> Place:
    """Return the town nearest to a point."""
    east, north = math.radians(lon), math.radians(lat)
    point = np.array(
        [
            math.cos(north) * math.cos(east),
            math.cos(north) * math.sin(east),
            math.sin(north),
        ]
    )
    return towns()[int(np.argmax(_vectors() @ point))]


def search(text: str, country: str = "", limit: int = 8) -> list[Place]:
    """Find places by the beginning of a name, without accents, the largest first.

    Parameters
    ----------
    text : str
        `san jo`, `San José, Costa Rica`, `Мюнхен`, `Nicaragua`, or a latitude and
        longitude as people type them: `12.51, -86.38`.
    country : str
        Code of a country whose places come first.
    limit : int
        The most places to return.

    Examples
    --------
    >>> [place.label for place in search("san jose, costa rica", limit=1)]
    ['San José, Costa Rica']
    >>> search("12.51, -86.38")[0].label
    '12.51, -86.38, Nicaragua'
    """
    typed = _typed(text)
    if typed is not None:
        return typed[:limit]
    found = list(_named(text[:200], country, limit))
    return found[:limit]


def _typed(text: str) -> list[Place] | None:
    """Return the place of typed coordinates; none when they are not on Earth."""
    match = _COORDINATES.fullmatch(text)
    if not match:
        return None
    lat = float(match[1]) * (-1 if match[2].upper() == "S" else 1)
    lon = float(match[3]) * (-1 if match[4].upper() == "W" else 1)
    if abs(lat) > 90 or abs(lon) > 180:
        return []
    return [
        Place(
            name=f"{lat:g}, {lon:g}",
            country=country_at(lon, lat),
            region="",
            lon=lon,
            lat=lat,
            population=0,
            time_zone=nearest(lon, lat).time_zone,
            precision="exact",
            radius_m=0.0,
        )
    ]


def _named(text: str, country: str, limit: int) -> Iterator[Place]:
    head, _, tail = (fold(part) for part in text.partition(","))
    if not head:
        return
    if tail:
        yield from _towns_of(head, _area_codes(tail), limit, tail)
        return
    chosen = [_country_place(code) for code in _country_codes(head)[:2]]
    exact = [each for each in chosen if head in _folded_names()[each.country]]
    places = _towns_of(head, {country} if country else set(), limit, "")
    yield from exact
    first = list(itertools.islice(places, limit))
    rest = [each for each in chosen if each not in exact]
    # The beginning of a country's name goes before towns that are not called just so.
    yield from (place for place in first if fold(place.name) == head)
    yield from rest
    yield from (place for place in first if fold(place.name) != head)
    if not first and not chosen:
        yield from _with_country_at_end(head, limit)


def _with_country_at_end(text: str, limit: int) -> Iterator[Place]:
    words = text.split()
    for cut in range(1, len(words)):
        tail = " ".join(words[cut:])
        if codes := _area_codes(tail):
            yield from _towns_of(" ".join(words[:cut]), codes, limit, tail)


def _area_codes(text: str) -> set[str]:
    return set(_country_codes(text)) | ({text.upper()} & _names("en").keys())


def _towns_of(head: str, codes: set[str], limit: int, tail: str) -> Iterator[Place]:
    """Yield towns that begin with a text; those of the countries or region first."""
    keys, rows = _keys()
    first = bisect.bisect_left(keys, head)
    last = bisect.bisect_left(keys, head + "\U0010ffff")
    same = bisect.bisect_right(keys, head)
    exact = set((rows[first:same] >> 1).tolist())
    everyone = towns()
    ranked: list[tuple[bool, bool, bool, int]] = []
    seen: set[int] = set()
    for key in np.unique(rows[first:last]).tolist():
        row, is_spelling = key >> 1, bool(key & 1)
        if row in seen:
            continue
        seen.add(row)
        place = everyone[row]
        is_there = place.country in codes
        if tail and not is_there and not fold(place.region).startswith(tail):
            continue
        ranked.append((not is_there, row not in exact, is_spelling, row))
    ranked.sort()
    for *_, row in ranked[:limit]:
        yield everyone[row]


def _country_codes(text: str) -> list[str]:
    """Return countries whose name, in any of our languages, begins with a text."""
    if len(text) < 3 and text.isascii():
        return []
    found = [
        (text not in names, code)
        for code, names in _folded_names().items()
        if any(name.startswith(text) for name in names)
    ]
    return [code for _, code in sorted(found)]


@functools.cache
def _country_place(code: str) -> Place:
    lon, lat = country_centre(code)
    own = [town for town in towns() if town.country == code]
    return Place(
        name=country_name(code),
        country=code,
        region="",
        lon=lon,
        lat=lat,
        population=sum(town.population for town in own),
        time_zone=own[0].time_zone if own else nearest(lon, lat).time_zone,
        precision="country",
        radius_m=round(math.sqrt(area_km2(country_shape(code)) / math.pi) * 1000),
    )


def country(code: str) -> Place:
    """Return a country as a place: its centre, the time zone of its largest town.

    Raises
    ------
    ShapeError
        When there is no outline of that code.
    """
    country_shape(code)
    return _country_place(code)


@functools.cache
def _rows() -> list[tuple[Place, str]]:
    """Read the towns, each with its other spellings."""
    text = gzip.decompress((DATA / "places.tsv.gz").read_bytes()).decode()
    rows = []
    for line in text.split("\n"):
        name, code, region, lon, lat, people, zone, spellings = line.split("\t")
        population = int(people)
        place = Place(
            name=name,
            country=code,
            region=region,
            lon=float(lon),
            lat=float(lat),
            population=population,
            time_zone=zone,
            precision="town",
            radius_m=round(math.sqrt(population / TOWN_DENSITY / math.pi) * 1000),
        )
        rows.append((place, spellings))
    return rows


@functools.cache
def _keys() -> tuple[list[str], NDArray[np.int32]]:
    """Return folded names in order; twice the town of each, plus 1 for a spelling."""
    pairs: set[tuple[str, int]] = set()
    for row, (place, spellings) in enumerate(_rows()):
        for name in (place.name, *spellings.split("|")):
            if key := fold(name):
                pairs.add((key, 2 * row + (name is not place.name)))
    ordered = sorted(pairs)
    return [key for key, _ in ordered], np.array([r for _, r in ordered], np.int32)


@functools.cache
def _vectors() -> NDArray[np.float64]:
    lon, lat = np.radians([(town.lon, town.lat) for town in towns()]).T
    return np.column_stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    )


@functools.cache
def _outlines() -> dict[str, MultiPolygon]:
    data = json.loads(gzip.decompress((DATA / "countries.json.gz").read_bytes()))
    return {
        code: MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
        for code, polygons in data.items()
    }


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
def _folded_names() -> dict[str, set[str]]:
    return {
        code: {fold(_names(language)[code]) for language in LANGUAGES}
        for code in _outlines()
    }
