"""Gather people on a map: one spot a grid cell, at the mean of its people."""

from dataclasses import dataclass

import numpy as np

from consular.people.whereabouts import People
from geo import cells

FINEST_ZOOM = 22
MOST_SPOTS = 400


@dataclass(frozen=True)
class Crowd:
    """People who are close to one another at some zoom."""

    lon: float
    lat: float
    people: int


def gather(people: People, zoom: float) -> list[Crowd]:
    """Gather people by the cell they are in, about 64 pixels wide; the largest first.

    Parameters
    ----------
    people : People
        Of `whereabouts.people_in`.
    zoom : float
        Of the map, 0 to 22.
    """
    if not len(people):
        return []
    level = max(0, min(round(zoom), FINEST_ZOOM))
    shift = 2 * (cells.ZOOM - level - 2)
    keys = cells.cells_of(people.lons, people.lats) >> np.int64(shift)
    _, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    lons = np.bincount(place, people.lons) / counts
    lats = np.bincount(place, people.lats) / counts
    order = np.argsort(-counts, kind="stable")[:MOST_SPOTS]
    return [
        Crowd(round(float(lons[i]), 4), round(float(lats[i]), 4), int(counts[i]))
        for i in order
    ]
