"""Say of one registration where it was against a shape, as it was known at a moment."""

from dataclasses import dataclass
from datetime import datetime

import shapely
from shapely.geometry import Point

from consular.people.models import Registration, Stay
from consular.people.stays.found import AREAS
from consular.people.stays.matching import NEARBY_M, Question, regions_near
from consular.people.stays.towns import FARTHEST_M
from geo import circles, gazetteer, nearness


@dataclass(frozen=True, kw_only=True)
class Trace:
    """One version of one stay against a question.

    Attributes
    ----------
    stay : Stay
        The version.
    was_known : bool
        Whether it was the newest version at the moment.
    is_known : bool
        Whether it is the newest version now.
    is_on_days : bool
        Whether it shares a day with the question.
    distance_m : float or None
        0 inside; from the point to the nearest place of the shape, within 1 % as far as
        25 km and roughly beyond. None where only a country or region is known.
    shares_area : bool
        Whether that country or region shares an area with the shape.
    """

    stay: Stay
    was_known: bool
    is_known: bool
    is_on_days: bool
    distance_m: float | None
    shares_area: bool

    @property
    def is_inside(self) -> bool:
        """Whether the place is in the shape, on whatever days."""
        return self.distance_m == 0

    @property
    def kilometres(self) -> float | None:
        """The distance in kilometres."""
        return None if self.distance_m is None else self.distance_m / 1000


def trace(registration: Registration, question: Question, at: datetime) -> list[Trace]:
    """Return all versions of a registration's stays, the newest first."""
    stays = registration.stays.order_by("-created_at", "arrives_on", "-pk")
    return [_traced(stay, question, at) for stay in stays]


def _traced(stay: Stay, question: Question, at: datetime) -> Trace:
    is_area = stay.precision in AREAS
    gone = stay.replaced_at is not None and stay.replaced_at <= at
    return Trace(
        stay=stay,
        was_known=stay.created_at <= at and not gone,
        is_known=stay.replaced_at is None,
        is_on_days=stay.starts_on <= question.ends_on
        and stay.ends_on > question.starts_on,
        distance_m=None if is_area else _distance_m(stay, question),
        shares_area=is_area and _shares_area(stay, question),
    )


def _shares_area(stay: Stay, question: Question) -> bool:
    if stay.country not in gazetteer.countries_in(question.shape):
        return False
    if stay.precision != Stay.Precision.REGION:
        return True
    return gazetteer.region_at(stay.lon, stay.lat) in regions_near(question.shape)


def _distance_m(stay: Stay, question: Question) -> float:
    spot = [stay.lon], [stay.lat]
    is_town = stay.precision == Stay.Precision.TOWN
    reach_m = min(stay.radius_m, FARTHEST_M) if is_town else 0.0
    if nearness.touched_by(question.shape, *spot, [reach_m])[0]:
        return 0.0
    near = float(nearness.distances_to(question.shape, *spot, NEARBY_M)[0])
    if near < NEARBY_M:
        return near
    line = shapely.shortest_line(Point(stay.lon, stay.lat), question.shape)
    lon, lat = shapely.get_coordinates(line)[1].tolist()
    return max(NEARBY_M, circles.distance_m(stay.lon, stay.lat, lon, lat))
