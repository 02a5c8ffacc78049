"""Build the gazetteer and the outlines from their sources; SOURCES.md names them.

    python -m geo.data.build --cities cities15000.json --countries countries.json \
        --regions rg_cities1000.csv --atlas countries-50m.json \
        --coarse countries-110m.json

It needs only what Muster needs; the sources are files of packages that nobody has to
install to run Muster. The same sources give the same bytes.
"""

import argparse
import csv
import gzip
import io
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon

from geo import circles, shapes
from geo.repairing import polygons_of

HERE = Path(__file__).parent
MAPS = HERE.parent.parent / "static" / "maps"
# Latin spellings are kept for large places only: they are half of the file.
SPELLINGS_FROM_POPULATION = 100_000
MOST_SPELLINGS = 30
OUR_SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "CJK")
# What the atlas leaves without a number, and what it calls by a number of its parent.
ATLAS_NAMES = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
# Svalbard is everything that the atlas gives to Norway north of this latitude.
SVALBARD_FROM_LAT = 74.0
ISLAND_RADIUS_M = 30_000.0
DECIMALS = 4
TOWN_M = 3_000.0
TINY_KM2 = 500.0
TINY_TOWN_M = 700.0

# Two pixels at zoom 6, from where the map is drawn with it.
MAP_TOLERANCE = 0.03

Atlas = dict[str, Any]
Outlines = dict[str, MultiPolygon]


def main() -> None:
    """Read the sources that the command line names and write all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("cities", "countries", "regions", "atlas", "coarse"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    cities = list(json.loads(given.cities.read_text()).values())
    numbers = {
        f"{each['isonumeric']:03}": each["iso"]
        for each in json.loads(given.countries.read_text()).values()
    }
    write_places(cities, region_names(given.regions, cities))
    fine = json.loads(given.atlas.read_text())
    outlines = outlines_of(fine, numbers)
    write_outlines(with_towns(with_dependencies(outlines, cities), cities))
    coarse = json.loads(given.coarse.read_text())
    write_map(outlines_of(coarse, numbers), MAPS / "land-110m.json", decimals=2)
    simple = outlines_of(fine, numbers, MAP_TOLERANCE)
    write_map(simple, MAPS / "land-50m.json", decimals=2)


def region_names(path: Path, cities: list[dict[str, Any]]) -> dict[str, str]:
    """Name first-level regions (`NI.08` → `León`) by the towns that two lists share."""
    with path.open(encoding="utf-8", newline="") as file:
        known = {
            (
                row["cc"],
                plain(row["name"]),
                round(float(row["lat"])),
                round(float(row["lon"])),
            ): row["admin1"]
            for row in csv.DictReader(file)
        }
    votes: dict[str, Counter[str]] = {}
    for city in cities:
        place = round(city["latitude"]), round(city["longitude"])
        name = known.get((city["countrycode"], plain(city["name"]), *place))
        if name and city["admin1code"]:
            code = f"{city['countrycode']}.{city['admin1code']}"
            votes.setdefault(code, Counter())[name] += 1
    return {code: names.most_common(1)[0][0] for code, names in votes.items()}


def plain(text: str) -> str:
    """Fold a name to small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in letters if not unicodedata.combining(each))


def write_places(cities: list[dict[str, Any]], regions: dict[str, str]) -> None:
    """Write one line a town, the largest first."""
    lines = []
    for city in sorted(
        cities, key=lambda each: (-each["population"], each["geonameid"])
    ):
        fields = (
            city["name"],
            city["countrycode"],
            regions.get(f"{city['countrycode']}.{city['admin1code']}", ""),
            f"{city['longitude']:.4f}",
            f"{city['latitude']:.4f}",
            city["population"],
            city["timezone"],
            "|".join(spellings(city)),
        )
        lines.append("\t".join(str(field) for field in fields))
    write_gz(HERE / "places.tsv.gz", "\n".join(lines))


def spellings(city: dict[str, Any]) -> list[str]:
    """Choose other names in the scripts of our languages, one for each folded form."""
    seen = {plain(city["name"])}
    chosen: list[str] = []
    for name in city["alternatenames"]:
        script = script_of(name)
        if script not in OUR_SCRIPTS or "|" in name or plain(name) in seen:
            continue
        if script == "LATIN" and not _is_worth_it(name, city["population"]):
            continue
        seen.add(plain(name))
        chosen.append(name)
    latin = [each for each in chosen if script_of(each) == "LATIN"][:MOST_SPELLINGS]
    return latin + [each for each in chosen if script_of(each) != "LATIN"]


def _is_worth_it(name: str, population: int) -> bool:
    """Leave out codes of airports and transliterations of transliterations."""
    is_name = (
        name[0].isupper() and not name.isupper() and not re.search(r"['`=\d]", name)
    )
    return is_name and population >= SPELLINGS_FROM_POPULATION


def script_of(name: str) -> str:
    """Return the script of a name's first letter, as Unicode calls it."""
    for letter in name:
        if letter.isalpha():
            return unicodedata.name(letter, "UNKNOWN").split(" ")[0].split("-")[0]
    return ""


def outlines_of(
    atlas: Atlas, numbers: dict[str, str], tolerance: float = 0.0
) -> Outlines:
    """Read the countries of a TopoJSON atlas, by ISO code, cut at ±180° and valid.

    A tolerance in degrees simplifies each arc once, so that neighbours stay neighbours.
    """
    arcs = [_simplified(arc, tolerance) for arc in _arcs(atlas)]
    found: dict[str, list[MultiPolygon]] = {}
    for country in atlas["objects"]["countries"]["geometries"]:
        name = country["properties"]["name"]
        code = ATLAS_NAMES.get(name) or numbers.get(country.get("id", ""))
        if not code or "arcs" not in country:
            continue
        polygons = (
            country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        )
        rings = [[_ring(arcs, ring) for ring in polygon] for polygon in polygons]
        if code == "AQ":  # its coast is drawn as a hole in a ring around the pole
            rings = [[ring] for polygon in rings for ring in polygon]
        if rings := _drawable(rings):
            shape = {"type": "MultiPolygon", "coordinates": rings}
            found.setdefault(code, []).append(shapes.from_geojson(shape))
    return {code: shapes.union(parts) for code, parts in sorted(found.items())}


def _arcs(atlas: Atlas) -> list[Any]:
    scale, shift = atlas["transform"]["scale"], atlas["transform"]["translate"]
    return [
        np.round(np.cumsum(arc, axis=0) * scale + shift, 3).clip([-180, -90], [180, 90])
        for arc in atlas["arcs"]
    ]


def _simplified(arc: Any, tolerance: float) -> Any:
    if not tolerance or len(arc) < 3:
        return arc
    fewer = shapely.get_coordinates(shapely.LineString(arc).simplify(tolerance))
    is_islet = len(fewer) < 5 and bool(np.all(arc[0] == arc[-1]))
    return arc if is_islet else fewer


def _ring(arcs: list[Any], indexes: list[int]) -> list[list[float]]:
    parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indexes]
    points: list[list[float]] = np.vstack(parts).tolist()
    return points


def _drawable(polygons: list[Any]) -> list[Any]:
    """Leave out slivers that the atlas' own rounding has made lines of."""
    return [
        rings for rings in polygons if len({tuple(point) for point in rings[0]}) > 2
    ]


def with_dependencies(outlines: Outlines, cities: list[dict[str, Any]]) -> Outlines:
    """Give territories with a code of their own the parts that hold their towns.

    The atlas counts Réunion to France; a stay there has the country code RE.
    """
    parts = [(code, part) for code, shape in outlines.items() for part in shape.geoms]
    missing: dict[str, list[Point]] = {}
    taken: dict[str, list[Point]] = {}
    for city in cities:
        side = taken if city["countrycode"] in outlines else missing
        spot = Point(city["longitude"], city["latitude"])
        side.setdefault(city["countrycode"], []).append(spot)
    found: dict[str, list[Polygon]] = {}
    for owner, part in parts:
        code = _owner(owner, part, missing, taken)
        found.setdefault(code, []).append(part)
    for code, spots in missing.items():
        if code not in found:
            rounds = [
                circles.circle(p.x, p.y, ISLAND_RADIUS_M if code != "GI" else 4_000)
                for p in spots
            ]
            found[code] = list(shapes.union(rounds).geoms)
    return {code: MultiPolygon(found[code]) for code in sorted(found)}


def _owner(
    owner: str,
    part: Polygon,
    missing: dict[str, list[Point]],
    taken: dict[str, list[Point]],
) -> str:
    if owner == "NO" and part.bounds[1] > SVALBARD_FROM_LAT:
        return "SJ"
    near = part.buffer(0.1)
    if any(near.contains(spot) for spot in taken.get(owner, [])):
        return owner
    for code, spots in missing.items():
        if any(near.contains(spot) for spot in spots):
            return code
    return owner


def with_towns(outlines: Outlines, cities: list[dict[str, Any]]) -> Outlines:
    """Add to each country its towns that the atlas leaves at sea, or next door.

    At 1:50m a harbour is often at sea, and the Vatican is a kilometre from where it is.
    Land of a neighbour is only taken for a state that is smaller than its neighbour's
    error.
    """
    codes = list(outlines)
    tree = shapely.STRtree([outlines[code] for code in codes])
    added: dict[str, list[MultiPolygon]] = {}
    for city in cities:
        spot = Point(city["longitude"], city["latitude"])
        owners = {codes[i] for i in tree.query(spot, predicate="intersects")}
        code = city["countrycode"]
        is_tiny = shapes.area_km2(outlines[code]) < TINY_KM2
        if code in owners or (owners and not is_tiny):
            continue
        around = circles.circle(spot.x, spot.y, TINY_TOWN_M if is_tiny else TOWN_M)
        around = MultiPolygon([part.simplify(0.001) for part in around.geoms])
        for index in [] if is_tiny else tree.query(around):
            if codes[index] != code:
                around = around.difference(outlines[codes[index]])
        added.setdefault(code, []).append(around)
    joined = {
        code: shapes.union([shape, *added.get(code, [])])
        for code, shape in outlines.items()
    }
    # On the grid of the file, so that writing it cannot make an outline cross itself.
    return {
        code: polygons_of(shapely.set_precision(shape, 10**-DECIMALS))
        for code, shape in joined.items()
    }


def write_outlines(outlines: Outlines) -> None:
    """Write the outlines that matching by country and the server's maps use."""
    found = {code: _rounded(shape, DECIMALS) for code, shape in outlines.items()}
    write_gz(HERE / "countries.json.gz", json.dumps(found, separators=(",", ":")))


def write_map(outlines: Outlines, path: Path, *, decimals: int) -> None:
    """Write outlines for Leaflet: shapes without properties, as few digits as show."""
    geometries = [
        {"type": "MultiPolygon", "coordinates": rings}
        for shape in outlines.values()
        if (rings := _rounded(shape, decimals))
    ]
    collection = {"type": "GeometryCollection", "geometries": geometries}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(collection, separators=(",", ":")))


def _rounded(shape: MultiPolygon, decimals: int) -> list[Any]:
    """Round rings; drop the points, rings and polygons that vanish."""
    polygons = []
    for part in shape.geoms:
        rings = []
        for ring in (part.exterior, *part.interiors):
            points = np.round(shapely.get_coordinates(ring), decimals)
            kept = np.concatenate(
                [[True], np.any(np.diff(points, axis=0) != 0, axis=1)]
            )
            if len(points := points[kept]) >= 4:
                rings.append([[_short(n) for n in pair] for pair in points.tolist()])
            elif ring is part.exterior:
                break
        if rings:
            polygons.append(rings)
    return polygons


def _short(number: float) -> float:
    return int(number) if number == int(number) else number


def write_gz(path: Path, text: str) -> None:
    """Write a compressed text without a date in it."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(text.encode())
    path.write_bytes(buffer.getvalue())


if __name__ == "__main__":
    main()
