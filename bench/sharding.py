"""`python -m bench.sharding`: split stays over eight servers, by cell and by trip.

A disaster is local: split by ranges of cells, one server does all the work for a zone
while seven wait; split by a hash of the trip, each does an eighth. Needs no database.
"""

import numpy as np
from numpy.typing import NDArray

from bench import crowd, zones
from geo import cells

STAYS, SERVERS = 1_000_000, 8


def busiest(servers: NDArray[np.int64]) -> float:
    """Return the share of candidates that the busiest server reads."""
    if not len(servers):
        return 0.0
    return float(np.bincount(servers, minlength=SERVERS).max() / len(servers))


def main() -> None:
    """Print, for each zone, how much the busiest server has to do."""
    people = crowd.drawn(STAYS)
    own = cells.cells_of(people.lons, people.lats)
    ends = np.quantile(own, np.arange(1, SERVERS) / SERVERS)  # equal shares of stays
    by_cell = np.searchsorted(ends, own, side="right")
    trips = np.arange(STAYS, dtype=np.uint64) // crowd.STAYS_A_TRIP
    mixed = (trips * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(61)
    by_trip = mixed.astype(np.int64)
    print(f"{'zone':28}{'candidates':>12}{'by cell':>10}{'by trip':>10}")
    for name, shape in zones.ten().items():
        cover = cells.covering(shape)
        read = cover.has_whole(own) | cover.has_edge(own)
        shares = busiest(by_cell[read]), busiest(by_trip[read])
        print(f"{name:28}{read.sum():>12,}{shares[0]:>10.0%}{shares[1]:>10.0%}")


if __name__ == "__main__":
    main()
