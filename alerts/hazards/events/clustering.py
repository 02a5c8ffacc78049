"""Tell which statements speak of the same real event.

One source tells its own events apart by their ids; statements of different sources are
one event when time, distance and magnitude are within reason. The nearest pairs are
joined first, so the order of arrival does not matter.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from alerts.hazards.events.versions import Statement
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
        (each for each in statements if None not in (each.basis.lon, each.basis.lat)),
        key=lambda each: each.basis.happened_at,
    )
    close: list[tuple[Statement, Statement]] = []
    for index, one in enumerate(listed):
        last = one.basis.happened_at + reach.time
        for other in listed[index + 1 :]:
            if other.basis.happened_at > last:
                break
            if _may_pair(one, other, reach):
                close.append((one, other))
    return [
        Pair(distance + time + magnitude, one, other)
        for (one, other), distance in zip(close, _distances(close, reach), strict=True)
        for time in [abs(one.basis.happened_at - other.basis.happened_at) / reach.time]
        for magnitude in [_magnitudes(one, other, reach)]
        if distance <= 1
    ]


def _may_pair(one: Statement, other: Statement, reach: Reach) -> bool:
    """Tell whether sources, magnitudes and latitudes leave two within reach."""
    if one.basis.source_id == other.basis.source_id:
        return False
    if _magnitudes(one, other, reach) > 1:
        return False
    north = abs((one.basis.lat or 0) - (other.basis.lat or 0))
    return north * A_DEGREE_M <= reach.distance_m


def _magnitudes(one: Statement, other: Statement, reach: Reach) -> float:
    a, b = one.basis.magnitude, other.basis.magnitude
    return 0.0 if a is None or b is None else abs(a - b) / reach.magnitude


def _distances(close: list[tuple[Statement, Statement]], reach: Reach) -> list[float]:
    """Return how far each pair is apart, in reaches."""
    if not close:
        return []
    ends = [[each.basis.lon, each.basis.lat] for pair in close for each in pair]
    lon1, lat1, lon2, lat2 = np.array(ends, dtype=float).reshape(-1, 4).T
    found = circles.distances_m(lon1, lat1, lon2, lat2) / reach.distance_m
    return [float(each) for each in found]


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
    statements: Iterable[Statement], found: list[Pair], pins: Mapping[Name, int]
) -> Iterator[list[Statement]]:
    """Join the nearest pairs first; never two living statements of one source.

    Statements that officers have pinned to one hazard stand together before that, and
    those pinned to different hazards never do.
    """
    groups = _pinned(statements, pins)
    for pair in sorted(found, key=lambda pair: pair.order):
        one, other = groups.get(pair.one.name), groups.get(pair.other.name)
        if one is None or other is None or one is other:
            continue
        if pin_of(one, pins) and pin_of(other, pins):
            continue
        if _sources(one).isdisjoint(_sources(other)):
            one += other
            groups |= {each.name: one for each in other}
    seen: set[int] = set()
    for name in sorted(groups):
        if id(groups[name]) not in seen:
            seen.add(id(groups[name]))
            yield groups[name]


def pin_of(group: Iterable[Statement], pins: Mapping[Name, int]) -> int | None:
    """Return the id of the hazard to which a group is pinned, if it is."""
    return next((pins[each.name] for each in group if each.name in pins), None)


def _pinned(
    statements: Iterable[Statement], pins: Mapping[Name, int]
) -> dict[Name, list[Statement]]:
    """Return each statement's group to begin with, which those of one pin share."""
    together: dict[int, list[Statement]] = defaultdict(list)
    groups: dict[Name, list[Statement]] = {}
    for each in statements:
        hazard_id = pins.get(each.name)
        groups[each.name] = together[hazard_id] if hazard_id else []
        groups[each.name].append(each)
    return groups


def _sources(group: list[Statement]) -> set[int]:
    return {each.basis.source_id for each in group if each.basis.is_living}
