"""NASA FIRMS: pixels in which a satellite saw fire, clustered into areas.

A pixel is hot ground, not a danger by itself: gas flares and field burning are in here
too. So an area is minor unless its fires give off much power together.

References
----------
NASA FIRMS, attribute tables of MODIS and VIIRS active fires: `acq_time` is HHMM UTC,
`frp` is megawatts a pixel; MODIS's confidence is 0 to 100, VIIRS's a word.
"""

import csv
import io
from collections import defaultdict, deque
from datetime import UTC, datetime
from operator import itemgetter
from typing import NamedTuple

from alerts.hazards.feeds.base import FeedError, FeedItem, Reading, number, position
from geo import hulls, shapes

SENDER = "firms.modaps.eosdis.nasa.gov"
PICKED = ("longitude", "latitude", "acq_date", "acq_time", "confidence", "frp")
CELLS_A_DEGREE = 40  # about 2.8 km: pixels are 0.4 to 5 km wide
MARGIN_M = 1_000.0
LOW_CONFIDENCE = 30.0
POWERS_MW = (500.0, 3_000.0)
ROWS_MOST = 200_000
ITEMS_MOST = 1_000
SHAPES_MOST = 300
Cell = tuple[int, int]


class Pixel(NamedTuple):
    """One observation of fire."""

    lon: float
    lat: float
    seen_at: datetime
    power_mw: float


def claims(text: str) -> bool:
    """Tell whether a text is one of these, by its header."""
    return set(_header(text)) >= set(PICKED)


def _header(text: str) -> list[str]:
    return text.partition("\n")[0].lower().strip().split(",")


def read(text: str) -> Reading:
    """Read the pixels; one item a cluster of them."""
    pixels, low, wrong = _pixels(text)
    flags = [f"{low} pixels of low confidence were left out"] if low else []
    flags += [f"{wrong} rows could not be read"] if wrong else []
    clusters = sorted(_clusters(pixels), key=_power, reverse=True)
    if len(clusters) > ITEMS_MOST:
        flags.append(f"the {len(clusters) - ITEMS_MOST} weakest areas were left out")
    items = [
        _item(cluster, index < SHAPES_MOST)
        for index, cluster in enumerate(clusters[:ITEMS_MOST])
    ]
    return Reading(format="firms", items=items, flags=flags)


def _pixels(text: str) -> tuple[list[Pixel], int, int]:
    pixels, low, wrong = [], 0, 0
    days: dict[str, datetime | None] = {}
    rows = csv.reader(io.StringIO(text))
    head = [name.strip().lower() for name in next(rows)]
    pick = itemgetter(*(head.index(name) for name in PICKED))
    for count, row in enumerate(rows):
        if count >= ROWS_MOST:
            raise FeedError(f"it has more than {ROWS_MOST} rows")
        if len(row) != len(head):
            wrong += 1
            continue
        lon, lat, day, clock, sure, power = pick(row)
        if _is_low(sure):
            low += 1
            continue
        stamp = f"{day} {clock.zfill(4)}"
        if stamp not in days:
            days[stamp] = _when(stamp)
        at, seen = position(lon, lat), days[stamp]
        if at is None or seen is None:
            wrong += 1
            continue
        pixels.append(Pixel(*at, seen, number(power) or 0.0))
    return pixels, low, wrong


def _is_low(word: str) -> bool:
    value = number(word)
    if value is None:
        return word.lower() in ("l", "low")
    return value < LOW_CONFIDENCE


def _when(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, "%Y-%m-%d %H%M").replace(tzinfo=UTC)
    except ValueError:
        return None


def _clusters(pixels: list[Pixel]) -> list[list[Pixel]]:
    cells: dict[Cell, list[Pixel]] = defaultdict(list)
    for pixel in pixels:
        x, y = pixel.lon * CELLS_A_DEGREE, pixel.lat * CELLS_A_DEGREE
        cells[int(x // 1), int(y // 1)].append(pixel)
    found = []
    for first in list(cells):
        if first not in cells:
            continue
        waiting, cluster = deque([first]), cells.pop(first)
        while waiting:
            x, y = waiting.popleft()
            for near in ((x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
                if near in cells:
                    cluster = cluster + cells.pop(near)
                    waiting.append(near)
        found.append(cluster)
    return found


def _power(cluster: list[Pixel]) -> float:
    return sum(pixel.power_mw for pixel in cluster)


def _item(cluster: list[Pixel], drawn: bool) -> FeedItem:
    power = _power(cluster)
    hottest = max(cluster, key=lambda pixel: (pixel.power_mw, pixel.lon, pixel.lat))
    first = min(pixel.seen_at for pixel in cluster)
    last = max(pixel.seen_at for pixel in cluster)
    points = [(pixel.lon, pixel.lat) for pixel in cluster]
    shape = hulls.hull(points, MARGIN_M) if drawn else None
    lons, lats = zip(*points, strict=True)
    place = f"{round(hottest.lon * 4) / 4:.2f},{round(hottest.lat * 4) / 4:.2f}"
    day = f"{last:%Y-%m-%d}"
    return FeedItem(
        identifier=f"{place}/{day}",
        sender=SENDER,
        sent=last.isoformat(),
        sent_at=last,
        kind="wildfire",
        natural_key=(SENDER, str(points[0]), last.isoformat(), str(len(cluster))),
        event_keys=((SENDER, str(points[0]), day),),
        happened_at=first,
        event="Fire seen by satellite",
        headline=f"{len(cluster)} fire pixels, {power:.0f} MW together",
        level=1 + sum(power >= limit for limit in POWERS_MW),
        certainty="Likely",
        lon=hottest.lon,
        lat=hottest.lat,
        geometry=shapes.to_geojson(shape) if shape is not None else None,
        flags=["level from fire power"],
        area_count=1,
        bbox=(min(lons), min(lats), max(lons), max(lats)),
    )
