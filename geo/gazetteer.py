"""Places of the world without the internet: towns above 15,000, regions, countries.

The files in geo/data are read once, when they are first asked for; SOURCES.md beside
them says where they come from. Names of countries in other languages are CLDR's.
"""

import bisect
import functools
import itertools
import math
from collections.abc import Iterator

import numpy as np

from geo import notations, pluscodes
from geo.countries import (
    codes_like,
    codes_named,
    countries,
    countries_in,
    country_at,
    country_centre,
    country_name,
    country_shape,
    country_zone,
    fold,
    is_called,
)
from geo.measuring import area_km2
from geo.regions import (
    codes_like as regions_like,
)
from geo.regions import (
    country_of,
    region_at,
    region_centre,
    region_name,
    region_shape,
    regions,
    regions_at,
    regions_in,
)
from geo.towns import Place, nearest, spellings, towns

__all__ = [
    "Place",
    "countries",
    "countries_in",
    "country",
    "country_at",
    "country_centre",
    "country_name",
    "country_shape",
    "country_zone",
    "fold",
    "nearest",
    "region",
    "region_at",
    "region_name",
    "region_shape",
    "regions",
    "regions_at",
    "regions_in",
    "search",
    "towns",
]

# A plus code of a larger rectangle is an area; one of the largest says too little.
EXACT_M, VAGUE_M = 200.0, 60_000.0
MOST_REGIONS = 2


def load() -> None:
    """Read the files that a search needs, before anybody waits for one.

    What is kept is made by each thread that asks before it is there: right after a
    start, all threads of a busy process would read the same files at once.
    """
    for text in ("San José, Costa Rica", "Guanacaste", "12.51, -86.38"):
        search(text, limit=1)


def search(text: str, country: str = "", limit: int = 8) -> list[Place]:
    """Find places by the beginning of a name, without accents, the largest first.

    Parameters
    ----------
    text : str
        `san jo`, `San José, Costa Rica`, `Мюнхен`, `Guanacaste`, `Nicaragua`; the
        label of a place; a position in any notation that `geo.notations` reads, such as
        `12.51, -86.38`; a plus code, a short one with a place: `WVG8+R2 San José`.
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
    typed = _typed(text, country)
    if typed is not None:
        return typed[:limit]
    found = list(_named(text[:200], country, limit))
    return found[:limit]


def _typed(text: str, country: str) -> list[Place] | None:
    """Return the place of a typed position; none when it is not on Earth."""
    code, beside = pluscodes.split(text[: notations.MOST_LETTERS])
    if code and (beside or pluscodes.is_full(code)):
        return _coded(code, beside, country)
    position = notations.read(text) or _before_its_country(text)
    if position is None:
        return None
    # An O may be west's letter or east's: where it is land goes first.
    both = [position, notations.eastward(text) or position]
    spots = [
        spot(f"{lat:g}, {lon:g}", lon, lat)
        for lon, lat in dict.fromkeys(both)
        if _is_on_earth(lon, lat)
    ]
    return sorted(spots, key=lambda place: not place.country)


def _before_its_country(text: str) -> tuple[float, float] | None:
    """Read a position with the name of the country that it is in: its label."""
    head, _, tail = text.rpartition(",")
    position = notations.read(head)
    if position is None or not _is_on_earth(*position):
        return None
    return position if country_at(*position) in codes_named(fold(tail)) else None


def _is_on_earth(lon: float, lat: float) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180


def _coded(code: str, beside: str, country: str) -> list[Place]:
    """Return the place of a plus code; a short one is near the place beside it."""
    if not pluscodes.is_full(code):
        near = search(beside, country, limit=1)
        if not near:
            return []
        code = pluscodes.nearest(code, near[0].lon, near[0].lat)
    lon, lat, reach_m = pluscodes.decode(code)
    is_known = _is_on_earth(lon, lat) and reach_m <= VAGUE_M
    return [spot(code, lon, lat, reach_m)] if is_known else []


def spot(name: str, lon: float, lat: float, reach_m: float = 0) -> Place:
    """Make a place of a position; `reach_m` metres say how sure that is."""
    is_exact = reach_m <= EXACT_M
    return Place(
        name=name,
        country=country_at(lon, lat),
        region="",
        lon=lon,
        lat=lat,
        population=0,
        time_zone=nearest(lon, lat).time_zone,
        precision="exact" if is_exact else "town",
        radius_m=0.0 if is_exact else reach_m,
    )


def _named(text: str, country: str, limit: int) -> Iterator[Place]:
    head, *tails = (fold(part) for part in text.split(","))
    tails = [tail for tail in tails if tail]
    if not head:
        return
    if tails:
        yield from _in_country(head, tails[-1], limit, " ".join(tails[:-1]))
        return
    chosen = [_country_place(code) for code in codes_like(head)[:2]]
    exact = [each for each in chosen if is_called(each.country, head)]
    places = _towns_of(head, {country} if country else set(), limit, "")
    yield from exact
    areas = _regions_of(head, {country} if country else set())
    first = list(itertools.islice(places, max(0, limit - len(areas))))
    areas = _not_called(areas, first)
    rest = [each for each in chosen if each not in exact]
    # The beginning of a country's name goes before towns that are not called just so.
    yield from (place for place in first if fold(place.name) == head)
    yield from (place for place in areas if fold(place.name) == head)
    yield from rest
    yield from (place for place in first if fold(place.name) != head)
    yield from (place for place in areas if fold(place.name) != head)
    if not first and not chosen and not areas:
        yield from _with_country_at_end(head, limit)


def _in_country(head: str, tail: str, limit: int, region: str = "") -> Iterator[Place]:
    """Yield towns, then regions, of the countries or region that a text names.

    Towns of the region that stands between a town and its country go first.
    """
    codes = codes_named(tail)
    areas = [each for each in _regions_of(head, codes) if each.country in codes]
    first = _towns_of(head, codes, limit, tail, region)
    towns_there = list(itertools.islice(first, max(1, limit - len(areas))))
    yield from towns_there
    yield from _not_called(areas, towns_there)


def _not_called(areas: list[Place], found: list[Place]) -> list[Place]:
    """Leave out regions that read like a town that is found: nobody could choose."""
    labels = {place.label for place in found}
    return [area for area in areas if area.label not in labels]


def _regions_of(head: str, codes: set[str]) -> list[Place]:
    """Return the regions, two at most, that begin with a text; the countries' first."""
    found = regions_like(head)
    found.sort(key=lambda code: country_of(code) not in codes)
    return [_region_place(code) for code in found[:MOST_REGIONS]]


def _with_country_at_end(text: str, limit: int) -> Iterator[Place]:
    words = text.split()
    for cut in range(1, len(words)):
        tail = " ".join(words[cut:])
        if codes_named(tail):
            yield from _in_country(" ".join(words[:cut]), tail, limit)


def _towns_of(
    head: str, codes: set[str], limit: int, tail: str, region: str = ""
) -> Iterator[Place]:
    """Yield towns that begin with a text; those of the countries or region first."""
    keys, rows = spellings()
    first = bisect.bisect_left(keys, head)
    last = bisect.bisect_left(keys, head + "\U0010ffff")
    same = bisect.bisect_right(keys, head)
    exact = set((rows[first:same] >> 1).tolist())
    everyone = towns()
    ranked: list[tuple[bool, bool, bool, bool, int]] = []
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
        is_apart = bool(region) and not fold(place.region).startswith(region)
        ranked.append((not is_there, is_apart, row not in exact, is_spelling, row))
    ranked.sort()
    for *_, row in ranked[:limit]:
        yield everyone[row]


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


@functools.cache
def _region_place(code: str) -> Place:
    lon, lat = region_centre(code)
    return Place(
        name=region_name(code),
        country=country_of(code),
        region="",
        lon=lon,
        lat=lat,
        population=0,
        time_zone=nearest(lon, lat).time_zone,
        precision="region",
        radius_m=round(math.sqrt(area_km2(region_shape(code)) / math.pi) * 1000),
    )


def region(code: str) -> Place:
    """Return a region as a place: its centre, the time zone of the nearest town.

    Raises
    ------
    ShapeError
        When there is no region of that code.
    """
    return _region_place(code)


def country(code: str) -> Place:
    """Return a country as a place: its centre, the time zone of its largest town.

    Raises
    ------
    ShapeError
        When there is no outline of that code.
    """
    country_shape(code)
    return _country_place(code)
