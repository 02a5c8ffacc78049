"""Tropical cyclones in text: NHC public advisories, and the HURDAT2 tracks.

References
----------
NHC, Tropical Cyclone Public Advisory (TCP); Landsea and Franklin (2013), HURDAT2.
Wind classes: 34 kt tropical storm, 64 kt hurricane, 96 kt major hurricane.
"""

import re
from datetime import UTC, datetime, timedelta

from alerts.hazards.feeds.base import ASSUMED_RADIUS_M, FeedError, FeedItem, Reading
from geo import circles, shapes

SENDER = "nhc.noaa.gov"
_STORM = re.compile(r"\b((?:AL|EP|CP)\d{6})\b", re.I)
_PLACE = re.compile(r"LOCATION\.\.\.(\d+\.?\d*)([NS])\s+(\d+\.?\d*)([EW])")
_WIND = re.compile(r"MAXIMUM SUSTAINED WINDS\.\.\.(\d+) MPH")
_TIME = re.compile(r"\.\.\.(\d{2})(\d{2}) UTC")
_DAY = re.compile(r"\b([A-Z]{3}) (\d{1,2}) (\d{4})\s*$", re.M | re.I)
_NAME = re.compile(r"^(?:BULLETIN.*\n)?(.*?) ADVISORY NUMBER\s+(\w+)", re.M | re.I)
_TRACK = re.compile(r"^((?:AL|EP|CP)\d{6}),\s*([A-Z0-9-]+),\s*(\d+),")
CLASSES_KT = (34, 64, 96)
MPH_TO_KT = 0.868976
LASTS = timedelta(hours=12)


def claims(text: str) -> bool:
    """Tell whether a text is one of these."""
    if _TRACK.match(text.lstrip()):
        return True
    return "LOCATION..." in text and "ADVISORY NUMBER" in text.upper()


def read(text: str) -> Reading:
    """Read an advisory, or all tracks; one item a storm."""
    if _TRACK.match(text.lstrip()):
        return _tracks(text)
    return Reading(format="cyclones", items=[_advisory(text)])


def _degrees(value: str, half: str) -> float:
    return float(value) * (-1 if half in "SW" else 1)


def _when(text: str) -> datetime | None:
    day, clock = _DAY.search(text), _TIME.search(text)
    if day is None or clock is None:
        return None
    try:
        date = datetime.strptime(f"{day[1]} {day[2]} {day[3]} +0000", "%b %d %Y %z")
        return _nearest(date, int(clock[1]), int(clock[2]), text)
    except ValueError:
        return None


def _nearest(date: datetime, hour: int, minute: int, text: str) -> datetime:
    """Put UTC's hour on the local day: an evening there is tomorrow in UTC."""
    moment = date.astimezone(UTC).replace(hour=hour, minute=minute)
    evening = re.search(r"^\s*\d{3,4} PM ", text, re.M)
    return moment + timedelta(days=1) if evening and hour < 12 else moment


def _advisory(text: str) -> FeedItem:
    storm, place, when = _STORM.search(text), _PLACE.search(text), _when(text)
    if storm is None or place is None or when is None:
        raise FeedError("the advisory has no storm number, place or time")
    lat, lon = _degrees(place[1], place[2]), _degrees(place[3], place[4])
    name, wind = _NAME.search(text), _WIND.search(text)
    knots = int(wind[1]) * MPH_TO_KT if wind else 0.0
    title = name[1].strip().title() if name else storm[1]
    over = "LAST NHC ADVISORY" in text.upper()
    flags = ["assumed radius", "assumed expiry"]
    return _storm(
        storm[1], title, when, (lon, lat), knots, [*flags, *(["last advisory"] * over)]
    )


def _storm(
    code: str,
    title: str,
    when: datetime,
    at: tuple[float, float],
    knots: float,
    flags: list[str],
) -> FeedItem:
    lon, lat = at
    drawn = "assumed radius" in flags
    shape = circles.circle(lon, lat, ASSUMED_RADIUS_M["cyclone"]) if drawn else None
    return FeedItem(
        identifier=f"{code}/{when:%Y%m%d%H%M}",
        sender=SENDER,
        sent=when.isoformat(),
        sent_at=when,
        kind="cyclone",
        natural_key=(SENDER, code, when.isoformat()),
        event_keys=((SENDER, code),),
        happened_at=when,
        expires_at=when + LASTS,
        event="Tropical cyclone",
        headline=title[:300],
        level=1 + sum(knots >= limit for limit in CLASSES_KT),
        severity=f"{knots:.0f} kt",
        certainty="Observed",
        lon=lon,
        lat=lat,
        geometry=shapes.to_geojson(shape) if shape else None,
        flags=flags,
        bbox=shape.bounds if shape else (lon, lat, lon, lat),
    )


def _tracks(text: str) -> Reading:
    items, wrong = [], 0
    lines = [line for line in text.splitlines() if line.strip()]
    at = 0
    while at < len(lines):
        head = _TRACK.match(lines[at])
        count = int(head[3]) if head else 0
        rows, at = lines[at + 1 : at + 1 + count], at + 1 + count
        item = _last(head[1], head[2], rows) if head and rows else None
        wrong += item is None
        items += [item] if item else []
    flags = [f"{wrong} tracks could not be read"] if wrong else []
    return Reading(format="cyclones", items=items, flags=flags)


def _last(code: str, name: str, rows: list[str]) -> FeedItem | None:
    """Make an item of the last position, with the strongest wind on the way."""
    cells = [[cell.strip() for cell in row.split(",")] for row in rows]
    try:
        knots = max(float(row[6]) for row in cells)
        last = cells[-1]
        when = datetime.strptime(f"{last[0]}{last[1]} +0000", "%Y%m%d%H%M %z")
        lat = _degrees(last[4][:-1], last[4][-1])
        lon = _degrees(last[5][:-1], last[5][-1])
    except (ValueError, IndexError):
        return None
    flags = [f"{len(rows)} positions", "assumed expiry"]
    at = (lon + 180) % 360 - 180, lat
    return _storm(code, name.title(), when.astimezone(UTC), at, knots, flags)
