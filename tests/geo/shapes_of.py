"""Shapes and points that hypothesis makes up."""

import math
from collections.abc import Iterator

import numpy as np
from geographiclib.geodesic import Geodesic
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from geo import shapes

Spot = tuple[float, float]
Degrees = NDArray[np.float64]
LONS = st.floats(-180, 180, allow_nan=False).map(lambda number: round(number, 6))
LATS = st.floats(-90, 90, allow_nan=False).map(lambda number: round(number, 6))


@st.composite
def stars(
    draw: st.DrawFn, lon: float | None = None, lat: float | None = None
) -> MultiPolygon:
    """A star-shaped ring of any size anywhere; it never crosses itself."""
    lon = draw(LONS) if lon is None else lon
    lat = draw(st.floats(-80, 80)) if lat is None else lat
    reach = draw(st.sampled_from([0.001, 0.1, 3.0, 40.0]))
    spokes = draw(st.lists(st.floats(0.2, 1), min_size=3, max_size=12))
    ring = []
    for number, spoke in enumerate(spokes):
        angle = 2 * math.pi * number / len(spokes)
        east = lon + reach * spoke * math.cos(angle)
        north = lat + reach * spoke * math.sin(angle)
        ring.append((east, max(-90.0, min(90.0, north))))
    return shapes.from_ring(ring)


def points(shape: MultiPolygon, seed: int) -> tuple[Degrees, Degrees]:
    """Points everywhere, near the shape, on its corners, on ±180° and at the poles."""
    chance = np.random.default_rng(seed)
    west, south, east, north = shape.bounds
    corners = np.array([p for part in shape.geoms for p in part.exterior.coords])
    lons = [chance.uniform(-180, 180, 200), chance.uniform(west, east, 300)]
    lats = [chance.uniform(-90, 90, 200), chance.uniform(south, north, 300)]
    lons += [corners[:, 0], np.repeat([-180.0, 180.0], 50), np.linspace(-180, 180, 9)]
    lats += [corners[:, 1], np.tile(chance.uniform(south, north, 50), 2)]
    lats += [np.tile([90.0, -90.0, 90.0], 3)]
    return np.concatenate(lons), np.concatenate(lats)


def on_circle(
    lon: float, lat: float, radius_m: float, count: int = 360
) -> Iterator[Spot]:
    """Give points at one distance from a centre."""
    for number in range(count):
        end = Geodesic.WGS84.Direct(lat, lon, number * 360 / count, radius_m)
        yield end["lon2"], end["lat2"]
