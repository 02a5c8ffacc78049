"""Take a location that somebody shares: a stay of its own for 72 hours.

It says more than the trip that was registered months ago: a person counts as inside by
the place they shared, and a newer location takes its place.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from consular.people.models import Registration, Stay
from consular.people.stays import towns
from geo import cells, gazetteer

HOLDS = timedelta(hours=72)
EXACT_M = 1_000.0  # a location known less exactly reaches as far as a town does
LEAST_EXACT_M = 50_000.0
A_DAY = timedelta(days=1)
# How far the clocks of places are behind and ahead of UTC.
BEHIND, AHEAD = timedelta(hours=12), timedelta(hours=14)


@transaction.atomic
def share(
    registration: Registration, lon: float, lat: float, accuracy_m: float, now: datetime
) -> Stay | None:
    """Write where a party is now; it can be matched as soon as this is committed.

    Parameters
    ----------
    registration : Registration
        Whose.
    lon, lat : float
        Degrees, WGS 84.
    accuracy_m : float
        How far the device may be wrong, in metres.
    now : datetime
        When it was shared.

    Returns
    -------
    Stay or None
        None when it is too vague to say anything: more than 50 km.

    Raises
    ------
    ShapeError
        When the point is not on Earth.
    """
    if accuracy_m > LEAST_EXACT_M:
        return None
    new = _stay(registration, lon, lat, accuracy_m, now)
    shared = Stay.objects.current().filter(registration=registration, is_shared=True)
    shared.update(replaced_at=now)
    new.save()
    towns.note([(new.cell, new.lon, new.lat, new.radius_m)])
    Registration.objects.filter(pk=registration.pk).update(
        changed_at=now, revision=F("revision") + 1
    )
    return new


def _stay(
    registration: Registration, lon: float, lat: float, accuracy_m: float, now: datetime
) -> Stay:
    until = now + HOLDS
    is_exact = accuracy_m <= EXACT_M
    return Stay(
        registration=registration,
        mode=registration.mode,
        people=registration.persons.count(),
        place="",
        country=gazetteer.country_at(lon, lat),
        lon=lon,
        lat=lat,
        precision=Stay.Precision.EXACT if is_exact else Stay.Precision.TOWN,
        radius_m=0 if is_exact else accuracy_m,
        cell=cells.cell_of(lon, lat),
        is_shared=True,
        arrives_on=now.date(),
        departs_on=until.date(),
        # Wherever it is: from the day that it may be there to the one it may end on.
        starts_on=(now - BEHIND).date(),
        ends_on=(until + AHEAD).date() + A_DAY,
        created_at=now,
    )
