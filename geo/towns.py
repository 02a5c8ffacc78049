"""The towns of the world above 15,000 people, by name and by nearness."""

import functools
import gzip
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geo.countries import country_name, fold

DATA = Path(__file__).parent / "data"
# People on a square kilometre of a town, for the radius it is drawn with.
TOWN_DENSITY = 3_000
Precision = Literal["exact", "town", "region", "country"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place that can be chosen.

    Attributes
    ----------
    name : str
        The town's, region's or country's name, or typed coordinates.
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
        `exact`, `town`, `region` or `country`.
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


@functools.cache
def towns() -> list[Place]:
    """Return all towns, the largest first."""
    return [place for place, _ in _rows()]


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
def spellings() -> tuple[list[str], NDArray[np.int32]]:
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
