"""Ask the other way round which of 10,000 live zones hold a stay: one, and very many.

A child process of `bench.audience`; prints one line of JSON.
"""

import json
import os
import sys
import time
from datetime import timedelta
from statistics import median
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402 - after set-up
import shapely  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from alerts.incidents.audiences import inforce, outlines  # noqa: E402
from alerts.incidents.models import Alert, AlertTile, Draft  # noqa: E402
from bench import crowd  # noqa: E402
from consular.missions.models import Role  # noqa: E402
from geo import cells, circles, shapes  # noqa: E402
from tests import factories  # noqa: E402
from tests.incidents import path  # noqa: E402

ZONES = int(os.environ.get("ZONES", "10000"))
RADIUS_M = 20_000
ONES = 200
CHECKED = 2_000


def live_zones(now: Any) -> dict[int, shapely.MultiPolygon]:
    """Write alerts in force, a circle each around where people are."""
    officer = factories.make_officer(role=Role.CONSULAR_OFFICER)
    approver = factories.make_officer(role=Role.APPROVER)
    incident = path.declared(officer, now)
    middles = crowd.drawn(ZONES, seed=2)
    drafts = Draft.objects.bulk_create(
        Draft(
            incident=incident,
            state=Draft.State.APPROVED,
            author=officer,
            changed_by=officer,
            changed_at=now,
        )
        for _ in range(ZONES)
    )
    areas = [
        circles.circle(lon, lat, RADIUS_M)
        for lon, lat in zip(middles.lons.tolist(), middles.lats.tolist(), strict=True)
    ]
    alerts = Alert.objects.bulk_create(
        Alert(
            draft=draft,
            incident=incident,
            kind="alert",
            mode=crowd.MODE,
            state=Alert.State.RELEASED,
            zones=[{"level": "danger", "geometry": shapes.to_geojson(area)}],
            texts=[],
            channels=[],
            include={},
            submitted_by=officer,
            approved_by=approver,
            approved_at=now,
            settled_at=now,
            not_after=now + timedelta(hours=12),
        )
        for draft, area in zip(drafts, areas, strict=True)
    )
    inforce.keep_tiles(alerts)
    return {alert.pk: area for alert, area in zip(alerts, areas, strict=True)}


def agree(areas: dict[int, shapely.MultiPolygon], people: crowd.Crowd) -> None:
    """Fail unless the pairs are those of testing every zone with every point."""
    lons, lats = people.lons[:CHECKED], people.lats[:CHECKED]
    numbers, rows = inforce.holding(lons, lats, np.zeros(CHECKED))
    found = sorted(zip(numbers.tolist(), rows.tolist(), strict=True))
    truth = [
        (number, row)
        for number, area in areas.items()
        for row in np.flatnonzero(cells.contains(area, lons, lats)).tolist()
    ]
    assert found == sorted(truth)


def main(rows: int) -> dict[str, Any]:
    """Write the zones, then ask for one stay at a time, and for all."""
    call_command("migrate", verbosity=0)
    areas = live_zones(timezone.now())
    people = crowd.drawn(rows, seed=3)
    agree(areas, people)
    outlines.forget()
    taken = []
    for row in range(ONES):
        one = slice(row, row + 1)
        begun = time.perf_counter()
        inforce.holding(people.lons[one], people.lats[one], np.zeros(1))
        taken.append((time.perf_counter() - begun) * 1000)
    bulk_s = []
    for _ in range(2):  # the first one reads the outlines that the second finds kept
        begun = time.perf_counter()
        pairs = inforce.holding(people.lons, people.lats, np.zeros(rows))
        bulk_s.append(time.perf_counter() - begun)
    first_s, then_s = bulk_s
    return {
        "one_ms": median(taken),
        "bulk_first_a_second": rows / first_s,
        "bulk_a_second": rows / then_s,
        "pairs": len(pairs[0]),
        "tiles": AlertTile.objects.count(),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
