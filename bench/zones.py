"""Ten zones of every kind: tiny and huge, plain and frayed, across ±180° and a pole."""

import math

import numpy as np
from shapely.geometry import MultiPolygon

from geo import circles, gazetteer, shapes

TOKYO, GERMANY = (139.7, 35.7), (10.0, 51.0)
VERTICES = 10_000
SMALL_ONES = 50


def ten() -> dict[str, MultiPolygon]:
    """Return the zones by name."""
    return {
        "block of 300 m": circles.circle(-73.98, 40.75, 300),
        "city, 10 km": circles.circle(106.83, -6.18, 10_000),
        "earthquake, 300 km": circles.circle(28.98, 41.01, 300_000),
        "polygon of 10,000 vertices": _frayed(),
        "50 small polygons": _small_ones(),
        "Indonesia": gazetteer.country_shape("ID"),
        "USA": gazetteer.country_shape("US"),
        "Russia": gazetteer.country_shape("RU"),
        "Fiji, 800 km": circles.circle(179.0, -17.8, 800_000),
        "North Pole, 3,500 km": circles.circle(0.0, 90.0, 3_500_000),
    }


def _frayed() -> MultiPolygon:
    """Return a star of 10,000 vertices around Tokyo."""
    turns = np.arange(VERTICES) / VERTICES * 2 * math.pi
    reach = 1.5 + 0.2 * np.sin(turns * 40) + 0.05 * np.sin(turns * 1_500)
    lons = TOKYO[0] + reach * np.cos(turns) / math.cos(math.radians(TOKYO[1]))
    lats = TOKYO[1] + reach * np.sin(turns)
    return shapes.from_ring([*zip(lons, lats, strict=True), (lons[0], lats[0])])


def _small_ones() -> MultiPolygon:
    """Return circles of 2 km, a grid of them over Germany."""
    lon, lat = GERMANY
    return shapes.union(
        [
            circles.circle(lon + 0.5 * (n % 10 - 5), lat + 0.5 * (n // 10 - 2), 2_000)
            for n in range(SMALL_ONES)
        ]
    )
