"""Ask the other way round: which of many shapes hold a point."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from geo.cells import ZOOM, cells_of, nodes_around, nodes_within, tiles_of
from geo.measuring import SHORTEST_DEGREE_M

Ids = NDArray[np.int64]
Degrees = NDArray[np.float64]
_POLAR_DEG = 85.0  # beyond, a disc is looked for everywhere


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Discs with the shapes that may hold them, as columns of one length.

    Attributes
    ----------
    rows : ndarray (n,)
        Places of discs in what was asked.
    owners : ndarray (n,)
        Numbers of shapes.
    is_sure : ndarray (n,)
        Whether the disc's middle lies in the shape; if not, test it.
    """

    rows: Ids
    owners: Ids
    is_sure: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Tiles of many shapes, in the order of their numbers (`cells.tiles_of`)."""

    nodes: Ids
    owners: Ids
    is_whole: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, bool]]) -> "Reach":
        """Build it from (node, owner, whether the tile is wholly inside)."""
        listed = list(rows)
        nodes, owners, whole = zip(*listed, strict=True) if listed else ((),) * 3
        return cls.of_columns(
            np.array(nodes, np.int64),
            np.array(owners, np.int64),
            np.array(whole, np.int64),
        )

    @classmethod
    def of_columns(cls, nodes: Ids, owners: Ids, is_whole: Ids) -> "Reach":
        """Build it from columns of the same, `is_whole` as 0 and 1."""
        order = np.lexsort([owners, nodes])
        return cls(
            nodes=nodes[order],
            owners=owners[order],
            is_whole=is_whole[order].astype(bool),
        )

    def pairs(self, lons: Degrees, lats: Degrees, radii_m: Degrees) -> Pairs:
        """Pair discs with the shapes that may hold or touch them, each pair once.

        Parameters
        ----------
        lons, lats : ndarray (n,)
            The middles in degrees, WGS 84.
        radii_m : ndarray (n,)
            Metres; 0 for a point.

        Returns
        -------
        Pairs
            All that touch are among them; those that are not sure need
            `cells.contains` or `nearness.touched_by`.
        """
        around = nodes_around(cells_of(lons, lats))
        zooms = self._zooms()
        rows = np.repeat(np.arange(len(lons)), len(zooms))
        found = self._joined(
            rows, *self._spans(around[:, zooms].ravel()), is_point=True
        )
        wide = np.flatnonzero(radii_m)
        if not len(wide):
            return found  # a shape's tiles do not overlap: each pair is there once
        discs, nodes = _tiles_of_discs(lons[wide], lats[wide], radii_m[wide])
        firsts, lasts = nodes_within(nodes)
        within = (
            np.searchsorted(self.nodes, firsts, "left"),
            np.searchsorted(self.nodes, lasts, "right"),
        )
        own = _ancestors(nodes)[:, zooms]
        above = self._spans(own.ravel())
        parts = [
            found,
            self._joined(wide[discs], *within, is_point=False),
            self._joined(np.repeat(wide[discs], len(zooms)), *above, is_point=False),
        ]
        return _once(parts)

    def _zooms(self) -> Ids:
        """Return the zooms at which there are tiles."""
        sizes = np.unique(self.nodes & -self.nodes)
        zooms: Ids = ZOOM - np.log2(sizes).astype(np.int64) // 2
        return zooms

    def _spans(self, nodes: Ids) -> tuple[Ids, Ids]:
        return (
            np.searchsorted(self.nodes, nodes, "left"),
            np.searchsorted(self.nodes, nodes, "right"),
        )

    def _joined(self, rows: Ids, firsts: Ids, lasts: Ids, *, is_point: bool) -> Pairs:
        """Pair each row with the tiles from its first to its last place."""
        sizes = lasts - firsts
        some = np.flatnonzero(sizes)
        rows, firsts, sizes = rows[some], firsts[some], sizes[some]
        steps = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        places = np.repeat(firsts, sizes) + steps
        return Pairs(
            rows=np.repeat(rows, sizes),
            owners=self.owners[places],
            is_sure=self.is_whole[places] & is_point,
        )


def nodes_to_look_for(
    lons: Degrees, lats: Degrees, radii_m: Degrees
) -> tuple[Ids, list[tuple[int, int]]]:
    """Return the tiles to read so that `Reach.pairs` finds the same as from all.

    Returns
    -------
    nodes : ndarray
        Numbers of tiles.
    spans : list of (int, int)
        First and last number of tiles, both belonging to it.
    """
    wide = np.flatnonzero(radii_m)
    _, nodes = _tiles_of_discs(lons[wide], lats[wide], radii_m[wide])
    around = [nodes_around(cells_of(lons, lats)).ravel(), _ancestors(nodes).ravel()]
    firsts, lasts = nodes_within(np.unique(nodes))
    spans = list(zip(firsts.tolist(), lasts.tolist(), strict=True))
    return np.unique(np.concatenate(around)), spans


def rows_of(shape: MultiPolygon, owner: int) -> list[tuple[int, int, bool]]:
    """Return the tiles of a shape as `Reach.of` takes them."""
    nodes, is_whole = tiles_of(shape)
    return [
        (node, owner, whole)
        for node, whole in zip(nodes.tolist(), is_whole.tolist(), strict=True)
    ]


def _tiles_of_discs(lons: Degrees, lats: Degrees, radii_m: Degrees) -> tuple[Ids, Ids]:
    """Return rows of discs, and tiles that together hold each disc."""
    if not len(lons):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    up = radii_m / SHORTEST_DEGREE_M
    is_polar = np.abs(lats) + up > _POLAR_DEG
    aside = up / np.cos(np.radians(np.minimum(np.abs(lats) + up, _POLAR_DEG)))
    # A tile at least as wide and high as the disc's box: its corners name all it meets.
    # The height of a row shrinks as its width does, so that the widest angle counts.
    zooms = np.floor(np.log2(360 / (2 * aside))).astype(np.int64)
    zooms = np.where(is_polar, 0, np.clip(zooms, 0, ZOOM))
    rows, nodes = [], []
    for east in (-1, 1):
        for north in (-1, 1):
            lon = (lons + east * aside + 180) % 360 - 180
            lat = np.clip(lats + north * up, -90, 90)
            around = nodes_around(cells_of(lon, lat))
            rows.append(np.arange(len(lons)))
            nodes.append(around[np.arange(len(lons)), zooms])
    both = np.unique(
        np.column_stack([np.concatenate(rows), np.concatenate(nodes)]), axis=0
    )
    return both[:, 0], both[:, 1]


def _ancestors(nodes: Ids) -> Ids:
    """Return the tiles around tiles, the world's first; a tile itself from its zoom on.

    Below its own zoom a tile's first cell would name another: it is named again.
    """
    size = nodes & -nodes
    cells = (nodes - size) >> 1
    zooms = ZOOM - np.log2(size).astype(np.int64) // 2
    around = nodes_around(cells)
    deeper = np.arange(ZOOM + 1)[None, :] > zooms[:, None]
    return np.where(deeper, nodes[:, None], around)


def _once(parts: list[Pairs]) -> Pairs:
    """Join pairs; each once, and sure when one of them is."""
    rows = np.concatenate([part.rows for part in parts])
    owners = np.concatenate([part.owners for part in parts])
    sure = np.concatenate([part.is_sure for part in parts])
    order = np.lexsort([~sure, owners, rows])
    rows, owners, sure = rows[order], owners[order], sure[order]
    is_new = np.ones(len(rows), bool)
    is_new[1:] = (np.diff(rows) != 0) | (np.diff(owners) != 0)
    return Pairs(rows=rows[is_new], owners=owners[is_new], is_sure=sure[is_new])
