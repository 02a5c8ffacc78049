"""Load an invented crowd the way an import would."""

import time
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from bench import crowd
from consular import copying
from consular.people.models import Registration
from consular.people.stays import loading
from consular.people.stays.loading import StayColumns

AT_ONCE = 250_000


def load(people: crowd.Crowd, now: datetime) -> tuple[NDArray[np.int64], float]:
    """Write stays, and the trips they belong to.

    Returns
    -------
    ids : ndarray (n,)
        Primary keys of the stays.
    seconds : float
        What writing the stays took.
    """
    days = [crowd.FIRST + timedelta(days=day) for day in range(1000)]
    parts, seconds = [], 0.0
    for start in range(0, len(people), AT_ONCE):
        part = people.kept(np.arange(start, min(start + AT_ONCE, len(people))))
        size = len(part)
        trips = np.repeat(
            _trips(-(-size // crowd.STAYS_A_TRIP), now), crowd.STAYS_A_TRIP
        )[:size]
        given = StayColumns(
            mode=crowd.MODE,
            registration_ids=trips.tolist(),
            places=["12 Example Street"] * size,
            countries=[""] * size,
            lons=part.lons,
            lats=part.lats,
            precisions=["exact"] * size,
            radii_m=[0.0] * size,
            people=[1] * size,
            arrives_on=[days[day] for day in part.arrives.tolist()],
            departs_on=[days[day] for day in part.departs.tolist()],
        )
        begun = time.perf_counter()
        ids = loading.stays(given, now)
        seconds += time.perf_counter() - begun
        parts.append(np.array(ids, np.int64))
    return np.concatenate(parts), seconds


def _trips(count: int, now: datetime) -> NDArray[np.int64]:
    with transaction.atomic():
        ids = copying.numbers(Registration, count)
        columns = {
            "id": ids,
            "reference": [f"B{number}" for number in ids],
            "mode": crowd.MODE,
            "confirmed_at": now,
            "expires_on": crowd.TODAY + timedelta(days=365),
            "created_at": now,
            "changed_at": now,
        }
        copying.write(Registration, count, columns)
    return np.array(ids, np.int64)
