"""Tell which statements speak of the same real event.

One source tells its own events apart by their ids; statements of different sources are
one event when time, distance and magnitude are within reason. The nearest pairs are
joined first, so the order of arrival does not matter.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from alerts.hazards.versions import Statement
from geo import circles

Name = tuple[int, str]


@dataclass(frozen=True)
class Reach:
    """How far two statements about one event may lie apart."""

    time: timedelta
    distance_m: float
    magnitude: float = 99.0


# Networks locate a quake within seconds and a few tens of kilometres of one another,
# and its magnitude within half a unit; slower hazards move and last. Kinds that are not
# here are never joined across sources.
REACHES = {
    "earthquake": Reach(timedelta(seconds=90), 100_000, 0.8),
    "tsunami": Reach(timedelta(hours=6), 500_000),
    "cyclone": Reach(timedelta(days=5), 600_000),
    "flood": Reach(timedelta(days=5), 150_000),
    "volcano": Reach(timedelta(days=5), 30_000),
    "wildfire": Reach(timedelta(days=3), 20_000),
    "drought": Reach(timedelta(days=60), 500_000),
}
A_DEGREE_M = 110_000.0  # of latitude, a little less than the shortest


@dataclass(frozen=True)
class Pair:
    """Two statements that may speak of one event; 0 apart is the same in all."""

    apart: float
    one: Statement
    other: Statement

    @property
    def order(self) -> tuple[float, list[Name]]:
        """The nearest first; of equals, always the same."""
        return self.apart, sorted((self.one.name, self.other.name))


def pairs(statements: Iterable[Statement], reach: Reach) -> list[Pair]:
    """Find all statements of different sources that are within reach of each other."""
    listed = sorted(
        (each for each in statements if each.basis.lon is not None),
        key=lambda each: each.basis.happened_at,
    )
    found = []
    for index, one in enumerate(listed):
        last = one.basis.happened_at + reach.time
        for other in listed[index + 1 :]:
            if other.basis.happened_at > last:
                break
            if other.basis.source_id != one.basis.source_id:
                apart = _apart(one, other, reach)
                if apart is not None:
                    found.append(Pair(apart, one, other))
    return found


def _apart(one: Statement, other: Statement, reach: Reach) -> float | None:
    """Return how far two statements lie apart in all; none when it is too far."""
    a, b = one.basis, other.basis
    if a.lon is None or a.lat is None or b.lon is None or b.lat is None:
        return None
    if abs(a.lat - b.lat) * A_DEGREE_M > reach.distance_m:
        return None
    distance = circles.distance_m(a.lon, a.lat, b.lon, b.lat) / reach.distance_m
    time = abs(a.happened_at - b.happened_at) / reach.time
    magnitude = 0.0
    if a.magnitude is not None and b.magnitude is not None:
        magnitude = abs(a.magnitude - b.magnitude) / reach.magnitude
    if max(distance, time, magnitude) > 1:
        return None
    return distance + time + magnitude


def around(touched: Iterable[Statement], found: list[Pair]) -> list[Statement]:
    """Return the statements that pairs connect to some, themselves included."""
    beside: dict[Name, list[Statement]] = defaultdict(list)
    for pair in found:
        beside[pair.one.name].append(pair.other)
        beside[pair.other.name].append(pair.one)
    waiting = list(touched)
    reached = {each.name: each for each in waiting}
    while waiting:
        for each in beside[waiting.pop().name]:
            if each.name not in reached:
                reached[each.name] = each
                waiting.append(each)
    return list(reached.values())


def clusters(
    statements: Iterable[Statement], found: list[Pair]
) -> Iterator[list[Statement]]:
    """Join the nearest pairs first; never two living statements of one source."""
    groups = {each.name: [each] for each in statements}
    for pair in sorted(found, key=lambda pair: pair.order):
        one, other = groups.get(pair.one.name), groups.get(pair.other.name)
        if one is None or other is None or one is other:
            continue
        if _sources(one).isdisjoint(_sources(other)):
            one += other
            groups |= {each.name: one for each in other}
    seen: set[int] = set()
    for name in sorted(groups):
        if id(groups[name]) not in seen:
            seen.add(id(groups[name]))
            yield groups[name]


def _sources(group: list[Statement]) -> set[int]:
    return {each.basis.source_id for each in group if each.basis.is_living}
