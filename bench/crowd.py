"""Invented stays by the million: near towns, over a year, a tenth of them today."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from geo import cells, gazetteer

TODAY = date(2026, 6, 15)
FIRST = date(2025, 12, 15)
ANYWHERE = 0.01  # of all stays
LONG = 0.12  # of all stays: months, not days
STAYS_A_TRIP = 4
MODE = "exercise"


@dataclass(frozen=True)
class Crowd:
    """Stays as columns: where, and the first and last day as days since `FIRST`."""

    lons: NDArray[np.float64]
    lats: NDArray[np.float64]
    arrives: NDArray[np.int64]
    departs: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lons)

    @property
    def is_today(self) -> NDArray[np.bool_]:
        """Which ones include today, widened by a day on each side."""
        today = (TODAY - FIRST).days
        there: NDArray[np.bool_] = (self.arrives - 1 <= today) & (
            self.departs + 1 > today
        )
        return there

    def kept(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Crowd":
        """Return some of them."""
        return Crowd(*(column[rows] for column in vars(self).values()))


def drawn(count: int, seed: int = 1) -> Crowd:
    """Draw stays; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    towns = gazetteer.towns()
    weights = np.array([max(town.population, 1) for town in towns]) ** 1.1
    chosen = rng.choice(len(towns), count, p=weights / weights.sum())
    lons = np.array([town.lon for town in towns])[chosen] + rng.normal(0, 0.05, count)
    lats = np.array([town.lat for town in towns])[chosen] + rng.normal(0, 0.05, count)
    anywhere = rng.random(count) < ANYWHERE
    lons[anywhere] = rng.uniform(-180, 180, anywhere.sum())
    lats[anywhere] = np.degrees(np.arcsin(rng.uniform(-1, 1, anywhere.sum())))
    arrives = rng.integers(0, 365, count)
    nights = np.exp(rng.normal(np.log(9), 0.7, count)).astype(np.int64) + 1
    is_long = rng.random(count) < LONG
    nights[is_long] += rng.integers(30, 300, is_long.sum())
    return Crowd(
        np.round((lons + 180) % 360 - 180, 5),
        np.round(np.clip(lats, -90, 90), 5),
        arrives,
        arrives + nights,
    )


class Arrays:
    """The same stays in memory, which nothing in a database can be faster than."""

    def __init__(self, crowd: Crowd, ids: NDArray[np.int64]) -> None:
        own = cells.cells_of(crowd.lons, crowd.lats)
        order = np.argsort(own, kind="stable")
        self.cells, self.ids = own[order], ids[order]
        sorted_ = crowd.kept(order)
        self.lons, self.lats = sorted_.lons, sorted_.lats
        self.is_today = sorted_.is_today

    def by_cell(self, shape: MultiPolygon, budget: int) -> NDArray[np.int64]:
        """Cover the shape, cut its ranges out of the sorted arrays, test the edge."""
        cover = cells.covering(shape, budget)
        whole, edge = self._rows(cover.full), self._rows(cover.edge)
        whole, edge = whole[self.is_today[whole]], edge[self.is_today[edge]]
        inside = cells.contains(shape, self.lons[edge], self.lats[edge])
        return np.sort(self.ids[np.concatenate([whole, edge[inside]])])

    def _rows(self, ranges: NDArray[np.int64]) -> NDArray[np.int64]:
        first = np.searchsorted(self.cells, ranges[:, 0])
        last = np.searchsorted(self.cells, ranges[:, 1], side="right")
        pieces = [np.arange(a, b) for a, b in zip(first, last, strict=True) if a < b]
        return np.concatenate([np.zeros(0, np.int64), *pieces])

    def one_by_one(self, shape: MultiPolygon) -> NDArray[np.int64]:
        """Test the point of every stay of today: no cells, no covering."""
        there = np.flatnonzero(self.is_today)
        inside = cells.contains(shape, self.lons[there], self.lats[there])
        return np.sort(self.ids[there[inside]])
