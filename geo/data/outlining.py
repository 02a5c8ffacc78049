"""Derive the outlines of first-level regions from the towns that lie in them.

    python -m geo.data.outlining --cities cities500.json --regions rg_cities1000.csv \
        --codes 2.js

No free list of all outlines is at hand, but 230,000 towns with their region are. Each
point of a country counts to the region of the town nearest to it. A region is
approximate: its border is right where towns are close, and off by half the distance
between them where they are not.
"""

import argparse
import functools
import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import shapely.affinity
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from geo import countries
from geo.data.build import HERE, region_names, write_gz
from geo.measuring import area_km2
from geo.repairing import polygons_of

# Half the usual distance between towns; no detail below it means anything.
TOLERANCE = 0.01
DECIMALS = 3
SHIFT = 2e-5  # degrees: two metres
NO_REGION = {"", "00"}
# Its own towns are named after the state around it in the list of names.
NAMES = {"US.DC": "Washington, D.C."}
TINY_KM2 = 500.0
_CODE = re.compile(
    r"code: '([A-Z]{2}-\w+)',\s+name:\s+(?:'([^'\n]+)'|\"([^\"\n]+)\"),\s+parent:"
)
# What a list calls a region beside its name.
_KIND = re.compile(
    r"\b(?:province|provincia|region|state|department|departamento|district|county|"
    r"governorate|prefecture|municipality|oblast|kray|republic|voivodeship|parish|"
    r"of|the|de|al|autonomous|city|canton|kanton|land|raion|rayon|muhafazat)\b"
)
Degrees = NDArray[np.float64]
Towns = dict[str, list[tuple[str, float, float]]]


def main() -> None:
    """Read the sources that the command line names and write the regions."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("cities", "regions", "codes"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    cities = list(json.loads(given.cities.read_text()).values())
    names = region_names(given.regions, cities) | NAMES
    towns: Towns = defaultdict(list)
    for city in cities:
        own = f"{city['countrycode']}.{city['admin1code']}"
        if city["admin1code"] not in NO_REGION:
            spot = own, city["longitude"], city["latitude"]
            towns[city["countrycode"]].append(spot)
    codes = iso_codes(given.codes.read_text(), names)
    write(towns, names, codes)


def iso_codes(source: str, names: dict[str, str]) -> dict[str, str]:
    """Return the ISO 3166-2 code of each region whose name has exactly one there."""
    listed: dict[tuple[str, str], set[str]] = defaultdict(set)
    for code, name, other in _CODE.findall(source):
        listed[code[:2], _bare(name or other)].add(code)
    used = Counter((own[:2], _bare(name)) for own, name in names.items())
    found = {}
    for own, name in names.items():
        key = own[:2], _bare(name)
        same = f"{own[:2]}-{own[3:]}"
        if used[key] == 1 and len(listed[key]) == 1:
            found[own] = next(iter(listed[key]))
        elif own[:2] in ("US", "CH", "BE") and len(own) <= 6:
            found[own] = same  # GeoNames has ISO's own codes there
    return found


def _bare(name: str) -> str:
    folded = countries.fold(re.sub(r"\(.*|\[.*", "", name))
    return " ".join(_KIND.sub(" ", folded).split()) or folded


def write(towns: Towns, names: dict[str, str], codes: dict[str, str]) -> None:
    """Write one entry a region: its code, its name and its outline."""
    found: dict[str, list[Any]] = {}
    for country, spots in sorted(towns.items()):
        if country not in countries.countries():
            continue
        for own, shape in regions_of(country, spots).items():
            if own not in names:
                continue  # its land is no other region's
            code = codes.get(own, own)
            found[code] = [names[own], _steps(shape)]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    write_gz(HERE / "regions.json.gz", text)


def regions_of(
    country: str, spots: list[tuple[str, float, float]]
) -> dict[str, MultiPolygon]:
    """Part a country among the regions of its towns, by the nearest town."""
    outline = _without_enclaves(country)
    points = np.array([(lon, lat) for _, lon, lat in spots])
    points, first = np.unique(np.round(points, 4), axis=0, return_index=True)
    owners = np.array([own for own, _, _ in spots])[first]
    if len(set(owners)) == 1:
        return {str(owners[0]): outline}
    # Towns on the corners of a grid give cells that overlap by a rounding error.
    points += np.random.default_rng(1).uniform(-SHIFT, SHIFT, points.shape)
    points = _together(points)
    joined = _joined(points, owners, outline)
    # A country over ±180° lies on one side of it here: half the world around it.
    middle = float(np.median(points[:, 0]))
    around = shapely.box(middle - 180, -90, middle + 180, 90)
    found = {}
    for own, part in joined.items():
        near = part.intersection(around)
        both = [
            polygons_of(shapely.affinity.translate(near, turn).intersection(outline))
            for turn in (-360, 0, 360)
        ]
        whole = MultiPolygon([each for shape in both for each in shape.geoms])
        shape = polygons_of(shapely.set_precision(whole, 10**-DECIMALS))
        if not shape.is_empty:
            found[own] = shape
    return found


def _without_enclaves(country: str) -> MultiPolygon:
    """Leave out states that are smaller than the error of their neighbour's outline."""
    outline = countries.country_shape(country)
    for other, small in _tiny().items():
        if other != country and small.intersects(outline):
            outline = polygons_of(outline.difference(small))
    return outline


@functools.cache
def _tiny() -> dict[str, MultiPolygon]:
    outlines = {code: countries.country_shape(code) for code in countries.countries()}
    return {
        code: shape for code, shape in outlines.items() if area_km2(shape) < TINY_KM2
    }


def _together(points: Degrees) -> Degrees:
    """Put the towns of a country over ±180° on the side where most of them are."""
    lons = points[:, 0]
    if lons.max() - lons.min() <= 180:
        return points
    side = np.sign(np.median(lons))
    # A dependency far away, such as Hawaii, is not over the seam.
    far = (np.sign(lons) != side) & (np.abs(lons) > 90)
    return np.column_stack([np.where(far, lons + 360 * side, lons), points[:, 1]])


def _joined(
    points: Degrees, owners: NDArray[np.str_], outline: MultiPolygon
) -> dict[str, Any]:
    """Join the cells of the towns of each region; neighbours stay neighbours."""
    # Degrees of longitude are narrower: stretched so that nearest means nearest.
    stretch = [float(np.cos(np.radians(np.median(points[:, 1])))), 1.0]
    west, south, east, north = outline.bounds
    reach = shapely.box(
        min(west, points[:, 0].min()) * stretch[0] - 1,
        south - 1,
        max(east, points[:, 0].max()) * stretch[0] + 1,
        north + 1,
    )
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.multipoints(points * stretch),
            extend_to=reach.buffer(30),
            ordered=True,
        )
    )
    order = sorted(set(owners))
    parts = [shapely.union_all(cells[owners == own]) for own in order]
    simple = shapely.coverage_simplify(parts, TOLERANCE, simplify_boundary=False)
    return {
        str(own): shapely.transform(part, lambda each: each / stretch)
        for own, part in zip(order, simple, strict=True)
    }


def _steps(shape: MultiPolygon) -> list[list[list[int]]]:
    """Write rings as whole thousandths of a degree, each as the step from the last."""
    return [
        [_ring(ring) for ring in (part.exterior, *part.interiors)]
        for part in shape.geoms
    ]


def _ring(ring: Any) -> list[int]:
    points = np.round(shapely.get_coordinates(ring) * 10**DECIMALS).astype(int)
    steps: list[int] = np.diff(points, axis=0, prepend=[[0, 0]]).ravel().tolist()
    return steps


if __name__ == "__main__":
    main()
