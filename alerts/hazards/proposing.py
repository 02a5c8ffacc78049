"""Put a zone and the number of people inside before the officers; never send.

The one message that follows from a feed is the notice to officers on duty.
"""

import contextlib
import math
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from alerts.dispatch import outbox
from alerts.hazards.listening import formats
from alerts.hazards.models import Hazard, Kind, Level, Proposal, Report, Source
from consular import modes
from consular.missions import audit
from consular.missions.models import Officer
from consular.missions.staff import rota
from consular.modes import Mode
from consular.people import whereabouts
from consular.people.whereabouts import Count, Question
from geo import circles, gazetteer, shapes

AN_HOUR = timedelta(hours=1)
LOOK_AHEAD = timedelta(hours=12)  # as long as an alert is valid by default
# From which level a hazard of a kind proposes, when people are inside.
THRESHOLDS = {Kind.WEATHER.value: Level.EXTREME, Kind.DROUGHT.value: Level.EXTREME}
DEFAULT_THRESHOLD = Level.SEVERE
QUAKE_MAGNITUDE = 5.5
FELT = 4.0  # Mercalli
POINT_RADIUS_M = {
    Kind.TSUNAMI.value: 300_000.0,
    Kind.CYCLONE.value: 200_000.0,
    Kind.VOLCANO.value: 40_000.0,
    Kind.FLOOD.value: 75_000.0,
    Kind.WILDFIRE.value: 25_000.0,
    Kind.SECURITY.value: 20_000.0,
}


def intensity(magnitude: float, distance_m: float) -> float:
    """Predict the shaking at a distance from the epicentre, on the Mercalli scale.

    References
    ----------
    Atkinson and Wald (2007), Seismological Research Letters 78(3), 362-368, equation 1
    with the coefficients for California.

    Examples
    --------
    >>> round(intensity(6.1, 0), 1), round(intensity(6.1, 88_000), 1)
    (7.0, 4.0)
    """
    far_km = math.hypot(distance_m / 1000, 14.0)
    beyond = math.log10(far_km / 30) if far_km > 30 else 0.0
    over = magnitude - 6
    return (
        12.27
        + 2.270 * over
        + 0.1304 * over**2
        - 1.30 * math.log10(far_km)
        - 0.0007070 * far_km
        + 1.95 * beyond
        - 0.577 * magnitude * math.log10(far_km)
    )


def felt_radius_m(magnitude: float) -> float:
    """Return how far shaking is felt by most (Mercalli IV), in steps of 10 km.

    A zone to begin with, at least 20 and at most 400 km wide on each side; an officer
    makes it smaller or larger.

    Examples
    --------
    >>> [round(felt_radius_m(m) / 1000) for m in (5.0, 6.1, 7.0)]
    [30, 90, 190]
    """
    for km in range(20, 400, 10):
        if intensity(magnitude, km * 1000) < FELT:
            return km * 1000.0
    return 400_000.0


def zone_of(hazard: Hazard) -> tuple[dict[str, Any] | None, float | None]:
    """Return the zone that a hazard suggests as GeoJSON, and its radius if a circle."""
    if hazard.geometry:
        return hazard.geometry, None
    if hazard.lon is None or hazard.lat is None:
        return None, None
    if hazard.kind == Kind.EARTHQUAKE and hazard.magnitude is not None:
        radius_m = felt_radius_m(hazard.magnitude)
    elif hazard.kind in POINT_RADIUS_M:
        radius_m = POINT_RADIUS_M[hazard.kind]
    else:
        return None, None
    circle = circles.circle(hazard.lon, hazard.lat, radius_m)
    return shapes.to_geojson(circle), radius_m


def count_inside(hazard: Hazard, now: datetime) -> Count | None:
    """Count the people in the zone that a hazard suggests, in the next twelve hours.

    The days are those of the place, as they are for an alert's audience.
    """
    geometry, _ = zone_of(hazard)
    if geometry is None:
        return None
    shape = shapely.geometry.shape(geometry)
    middle = shape.representative_point()
    place = ZoneInfo(gazetteer.nearest(middle.x, middle.y).time_zone)
    return whereabouts.count(
        Question(
            shape=shape,
            starts_on=now.astimezone(place).date(),
            ends_on=(now + LOOK_AHEAD).astimezone(place).date(),
            mode=hazard.mode,
        )
    )


def is_due(hazard: Hazard, now: datetime) -> bool:
    """Tell whether a hazard is current, bad enough, and trusted to propose."""
    if hazard.state != Hazard.State.ACTIVE or hazard.happened_at > now + AN_HOUR:
        return False
    if hazard.expires_at is None or hazard.expires_at <= now:
        return False
    quake = hazard.kind == Kind.EARTHQUAKE and (hazard.magnitude or 0) > QUAKE_MAGNITUDE
    threshold = THRESHOLDS.get(hazard.kind, DEFAULT_THRESHOLD)
    if not quake and hazard.level < threshold:
        return False
    return _trusted(hazard).exists()


def _trusted(hazard: Hazard) -> Any:
    """Keep the reports that may propose: public, actual, current, not a test."""
    real = ["Actual", "Exercise"] if hazard.mode == Mode.EXERCISE else ["Actual"]
    return (
        Report.objects.filter(
            hazard=hazard,
            is_latest=True,
            status__in=real,
            scope="Public",
            source__trust=Source.Trust.SUGGEST,
        )
        .exclude(msg_type="Cancel")
        .exclude(source__format__in=formats.WATCH_ONLY)
        .exclude(flags__icontains="watch only")
        .exclude(flags__icontains="it is a test")
        .exclude(flags__icontains="not current")
    )


def propose(hazard: Hazard, now: datetime) -> Proposal | None:
    """Propose an incident when people are inside; once for a hazard and level."""
    if not is_due(hazard, now):
        return None
    known = Proposal.objects.filter(hazard=hazard, level__gte=hazard.level).exists()
    count = None if known else count_inside(hazard, now)
    if count is None or not count.people:
        return None
    geometry, radius_m = zone_of(hazard)
    with transaction.atomic():
        proposal, is_new = Proposal.objects.get_or_create(
            hazard=hazard,
            level=hazard.level,
            defaults={
                "reason": _reason(hazard),
                "geometry": geometry,
                "radius_m": radius_m,
                "people": count.people,
                "registrations": count.registrations,
                "counted_at": now,
            },
        )
        if is_new:
            _tell(proposal, now)
    return proposal


def _reason(hazard: Hazard) -> str:
    words = [f"{hazard.get_level_display()} {hazard.get_kind_display().lower()}"]
    if hazard.magnitude is not None:
        words.append(f"magnitude {hazard.magnitude:.1f}")
    sources = hazard.reports.values_list("source__name", flat=True)
    return f"{', '.join(words)}, reported by {', '.join(sorted(set(sources)))}"[:300]


def _tell(proposal: Proposal, now: datetime) -> None:
    """Write to the officers on duty for the countries it touches, once."""
    zone: Any = shapely.geometry.shape(proposal.geometry)
    countries = gazetteer.countries_in(zone)
    page = settings.PUBLIC_URL + reverse("hazards:page", args=[proposal.hazard_id])
    exercise = modes.mark(proposal.hazard.mode)
    for duty in rota.on_duty(now, countries):
        # Thirty an hour have told an officer; the proposal stands in the desk.
        with contextlib.suppress(outbox.CappedError):
            outbox.send_notice(
                f"proposal:{proposal.pk}:duty:{duty.pk}",
                purpose="officer on duty",
                channel=duty.channel,
                address=duty.address,
                language="en",
                subject=f"{exercise}{proposal.people} people may be in danger",
                body=(
                    f"{exercise}{proposal.hazard.title}\n\n{proposal.people} people in "
                    f"{proposal.registrations} registrations are in the proposed zone."
                    f"\n\n{page}"
                ),
                now=now,
            )
    Proposal.objects.filter(pk=proposal.pk).update(told_at=now)


def take(hazard: Hazard, now: datetime) -> None:
    """Note that an incident was declared from a hazard."""
    Proposal.objects.filter(hazard=hazard, state=Proposal.State.OPEN).update(
        state=Proposal.State.TAKEN
    )


def hand_over(hazard: Hazard, heir: Hazard) -> None:
    """Move the proposals of a hazard that was merged; one for each level stays."""
    levels = set(heir.proposals.values_list("level", flat=True))
    hazard.proposals.exclude(level__in=levels).update(hazard=heir)
    hazard.proposals.filter(state=Proposal.State.OPEN).update(
        state=Proposal.State.DISMISSED,
        dismissed_because="It is the same event as another hazard's proposal.",
    )


def dismiss(proposal: Proposal, by: Officer, reason: str, now: datetime) -> bool:
    """Put an open proposal aside, with the reason; tell whether it was open."""
    row = Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.OPEN)
    with transaction.atomic():
        if not row.update(state=Proposal.State.DISMISSED, reason=reason[:300]):
            return False
        subject = f"proposal {proposal.pk}"
        audit.record("dismiss_proposal", by, subject, now, people=proposal.people)
    return True
