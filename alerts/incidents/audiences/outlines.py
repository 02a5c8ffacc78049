"""Keep the outlines of alerts in force at hand, read and prepared once a process.

An alert never changes, and its number is never given again: what was read holds.
Reading an outline takes longer than testing a thousand points against it.
"""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterator

import shapely
from django.db import connection
from shapely.geometry import MultiPolygon

from alerts.incidents.models import Alert
from alerts.incidents.zones import previewing
from geo import shapes

MOST_VERTICES = 4_000_000  # some 200 MB with what makes a test of them quick
AT_ONCE = 500  # alerts whose outlines are read in one look

_GEOMETRIES = {
    "sqlite": "SELECT a.id, json_extract(zone.value, '$.geometry')"
    " FROM incidents_alert a, json_each(a.zones) zone WHERE a.id IN ({ids})",
    "postgresql": "SELECT a.id, CAST(zone -> 'geometry' AS text)"
    " FROM incidents_alert a, jsonb_array_elements(a.zones) zone"
    " WHERE a.id IN ({ids})",
}

_lock = threading.RLock()  # a prepared shape is for one thread at a time
_kept: "OrderedDict[int, MultiPolygon]" = OrderedDict()
_vertices = 0


def outline(alert: Alert) -> MultiPolygon | None:
    """Return all zones of an alert as one shape."""
    return previewing.joined(
        shapes.from_geojson(zone["geometry"]) for zone in alert.zones
    )


def each(numbers: Collection[int], look: Callable[[int, MultiPolygon], None]) -> None:
    """Show the outline of each of some alerts that have zones; one caller at a time.

    Parameters
    ----------
    numbers : collection of int
        Ids of alerts; those that are gone are passed over.
    look : callable
        Gets an id and its outline, which nobody else uses meanwhile.
    """
    with _lock:
        listed = list(numbers)
        for start in range(0, len(listed), AT_ONCE):
            for number, area in _some(listed[start : start + AT_ONCE]):
                look(number, area)


def forget() -> None:
    """Forget all: for a test, whose alerts have the numbers of the test before."""
    global _vertices
    with _lock:
        _kept.clear()
        _vertices = 0


def _some(numbers: list[int]) -> Iterator[tuple[int, MultiPolygon]]:
    missing = [number for number in numbers if number not in _kept]
    read = _read(missing) if missing else {}
    for number in numbers:
        area = read.get(number) or _kept.get(number)
        if area is not None:
            yield number, area
    for number, area in read.items():
        _keep(number, area)


def _read(numbers: list[int]) -> dict[int, MultiPolygon]:
    """Read outlines as `outline` does, with no object an alert, a zone or a point."""
    listed = ",".join(map(str, numbers))
    with connection.cursor() as cursor:
        cursor.execute(_GEOMETRIES[connection.vendor].format(ids=listed))
        rows = cursor.fetchall()
    areas: dict[int, list[MultiPolygon]] = defaultdict(list)
    read = shapes.from_geojson_texts([text for _, text in rows])
    for (number, _), area in zip(rows, read, strict=True):
        areas[number].append(area)
    return {
        number: parts[0] if len(parts) == 1 else shapes.union(parts)
        for number, parts in areas.items()
    }


def _keep(number: int, area: MultiPolygon) -> None:
    """Keep one, and let go of those that were kept first when there is no room."""
    global _vertices
    _kept[number] = area
    _vertices += int(shapely.get_num_coordinates(area))
    while _vertices > MOST_VERTICES:
        _, oldest = _kept.popitem(last=False)
        _vertices -= int(shapely.get_num_coordinates(oldest))
