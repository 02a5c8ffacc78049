"""Turn a board into values for SVG: rings of people, diamonds for calls for help, bars.

A ring is an answer meter: its pale track fills as people answer. Order is fixed: help,
no answer, unreachable, safe (with not here and left). Calls for help are drawn on top.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from alerts.checkins.board import boards
from alerts.checkins.models import BoardCount, Status
from alerts.incidents.models import Incident
from geo import basemap, shapes
from geo.basemap import Basemap, Label, View

WIDTH, HEIGHT = 1000, 500
SMALLEST_R, LARGEST_R = 20.0, 38.0  # pixels
MOST_PEOPLE = 5_000  # from here on a ring grows no more
ONE_SPOT_PX = 18  # calls closer than this share one diamond, with their number
ORDER = (
    ("help", (Status.NEEDS_HELP.value,)),
    ("none", (boards.SILENT,)),
    ("unre", (boards.UNREACHABLE,)),
    ("safe", (Status.SAFE.value, Status.NOT_HERE.value, Status.LEFT.value)),
)


@dataclass(frozen=True)
class Arc:
    """A part of a ring, as an SVG dash: its length, the rest, where it begins."""

    name: str
    length: float
    rest: float
    offset: float


@dataclass
class Mark:
    """A ring of people; `arcs` share its circumference."""

    x: float
    y: float
    people: int
    counts: dict[str, int]

    @property
    def r(self) -> float:
        """Radius in pixels: grows slowly with the number of people."""
        share = math.log(max(self.people, 1)) / math.log(MOST_PEOPLE)
        return round(SMALLEST_R + (LARGEST_R - SMALLEST_R) * min(share, 1), 1)

    @property
    def arcs(self) -> list[Arc]:
        """The parts of the ring, in the fixed order."""
        around = 2 * math.pi * self.r
        found, at = [], 0.0
        for name, statuses in ORDER:
            share = sum(self.counts.get(status, 0) for status in statuses) / self.people
            if share:
                length = max(share * around - 1.5, 1.5)
                found.append(
                    Arc(
                        name,
                        round(length, 1),
                        round(around - length, 1),
                        round(-at, 1),
                    )
                )
                at += share * around
        return found

    def take_in(self, other: "Mark") -> None:
        """Become one ring with another that it touches."""
        both = self.people + other.people
        self.x = round((self.x * self.people + other.x * other.people) / both, 1)
        self.y = round((self.y * self.people + other.y * other.people) / both, 1)
        self.people = both
        for status, count in other.counts.items():
            self.counts[status] = self.counts.get(status, 0) + count


@dataclass
class Diamond:
    """Calls for help at one spot; `case_id` is the one that leads the list."""

    x: float
    y: float
    count: int
    case_id: int | None


@dataclass(frozen=True)
class Call:
    """A call for help with a place, in the order of the list."""

    lon: float
    lat: float
    case_id: int | None


@dataclass(frozen=True)
class Picture:
    """Everything that a map page draws."""

    base: Basemap
    zones: list[tuple[str, str]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    diamonds: list[Diamond] = field(default_factory=list)
    event: tuple[float, float] | None = None


Outline = tuple[str, dict[str, Any]]  # a zone's level and shape


def outlines(incident: Incident) -> list[Outline]:
    """Return the zones of an incident as they are now."""
    return [(zone.level, zone.geometry) for zone in incident.zones.all()]


def area(incident: Incident, zones: list[Outline]) -> BaseGeometry:
    """Return all zones of an incident in one, or the place of its hazard."""
    drawn = [shapely.geometry.shape(geometry) for _, geometry in zones]
    if drawn:
        return shapes.union(drawn)
    hazard = incident.hazard
    if hazard and hazard.lon is not None and hazard.lat is not None:
        return shapely.Point(hazard.lon, hazard.lat).buffer(1.5)
    return shapely.box(-170, -55, 170, 70)


def view_of(incident: Incident, asked: str) -> View:
    """Return the window that an address asks for (`west,south,east,north`), or all."""
    try:
        west, south, east, north = (float(part) for part in asked.split(","))
    except ValueError:
        return view_around(incident, outlines(incident))
    fine = all(map(math.isfinite, (west, south, east, north)))
    if not (fine and -180 <= west < 180 and west < east <= west + 360):
        return view_around(incident, outlines(incident))
    if not -90 <= south < north <= 90:
        return view_around(incident, outlines(incident))
    return View(west, south, east, north, WIDTH, HEIGHT)


def view_around(incident: Incident, zones: list[Outline]) -> View:
    """Return the window that shows all of an incident with these zones."""
    return View.around(area(incident, zones), WIDTH, HEIGHT)


def zoom_of(incident: Incident) -> int:
    """Return the zoom of the first view, from which a board's cells are counted."""
    return view_of(incident, "").zoom


def marks_of(board: BoardCount, view: View) -> list[Mark]:
    """Draw the people as rings; those that touch become one."""
    found: list[Mark] = []
    for ring in sorted(boards.rings(board, view.zoom), key=lambda ring: -ring.people):
        x, y = view.project(ring.lon, ring.lat)
        mark = Mark(x, y, ring.people, dict(ring.counts))
        near = next((m for m in found if _touch(m, mark)), None)
        if near:
            near.take_in(mark)
        elif -40 <= x <= view.width + 40 and -40 <= y <= view.height + 40:
            found.append(mark)
    return found


def _touch(one: Mark, other: Mark) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) < one.r + other.r + 6


def diamonds_of(calls: list[Call], marks: list[Mark], view: View) -> list[Diamond]:
    """Draw each call for help; only calls at the very same spot share a diamond."""
    found: list[Diamond] = []
    for call in calls:
        x, y = view.project(call.lon, call.lat)
        for mark in marks:  # stand beside the ring, never under its number
            if math.hypot(mark.x - x, mark.y - y) < mark.r:
                x, y = mark.x - mark.r - 4, mark.y + 4
                break
        spot = next(
            (d for d in found if math.hypot(d.x - x, d.y - y) < ONE_SPOT_PX), None
        )
        if spot:
            spot.count += 1
        else:
            found.append(Diamond(round(x, 1), round(y, 1), 1, call.case_id))
    return found


def picture(
    incident: Incident,
    board: BoardCount,
    calls: list[Call],
    view: View,
    zones: list[Outline],
) -> Picture:
    """Draw an incident's map with these zones."""
    marks = marks_of(board, view)
    hazard = incident.hazard
    event = None
    if hazard and hazard.lon is not None and hazard.lat is not None:
        event = view.project(hazard.lon, hazard.lat)
    base = basemap.of(view)
    clear = [label for label in base.labels if not _hidden(label, marks)]
    return Picture(
        base=replace(base, labels=clear),
        zones=[
            (level, view.path(shapely.geometry.shape(geometry)))
            for level, geometry in zones
        ],
        marks=marks,
        diamonds=diamonds_of(calls, marks, view),
        event=event,
    )


def _hidden(label: Label, marks: list[Mark]) -> bool:
    """Tell whether a ring would cover a part of a place's name."""
    end = label.x + 9 * len(label.name) + 8
    return any(
        label.x - mark.r - 4 < mark.x < end + mark.r
        and abs(label.y - mark.y) < mark.r + 8
        for mark in marks
    )


@dataclass(frozen=True)
class Bar:
    """One step of the timeline: answers above the line, calls for help below it."""

    x: float
    safe_y: float
    safe_height: float
    help_height: float


def bars(line: dict[str, object], width: float, up: float, down: float) -> list[Bar]:
    """Scale a timeline's counts to pixels."""
    safe, calls = line["safe"], line["help"]
    assert isinstance(safe, list)
    assert isinstance(calls, list)
    most_safe, most_calls = max([*safe, 1]), max([*calls, 1])
    step = width / len(safe)
    drawn = []
    for place, (answers, help_calls) in enumerate(zip(safe, calls, strict=True)):
        height = up * answers / most_safe
        drawn.append(
            Bar(
                x=round(place * step, 1),
                safe_y=round(up - height, 1),
                safe_height=round(height, 1),
                help_height=round(down * help_calls / most_calls, 1),
            )
        )
    return drawn
