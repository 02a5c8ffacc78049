"""Who is in a zone, through the cell index, beside testing every stay in memory."""

import time
from datetime import date, timedelta

import django

django.setup()

import numpy as np  # noqa: E402 - after set-up
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from alerts.exercises.population import Population, fill  # noqa: E402
from bench.__main__ import figure, save  # noqa: E402
from consular.people import whereabouts  # noqa: E402
from consular.people.models import Stay  # noqa: E402
from consular.people.whereabouts import Question  # noqa: E402
from geo import cells, circles  # noqa: E402

REGISTRATIONS = 20_000
ROUNDS = 10


def main() -> None:
    """Measure a 90 km circle near Managua on 20,000 registrations."""
    call_command("migrate", verbosity=0)
    today = timezone.localdate()
    fill(Population(REGISTRATIONS, today, 1), timezone.now())
    shape = circles.circle(-86.3789, 12.5138, 90_000)
    question = Question(shape=shape, starts_on=today, ends_on=today, mode="exercise")
    found = whereabouts.stays_in(question)
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        found = whereabouts.stays_in(question)
    indexed = ROUNDS / (time.perf_counter() - begun)
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        inside = brute_force(shape, today)
    brute = ROUNDS / (time.perf_counter() - begun)
    assert set(found.ids) >= inside
    save(
        "audience",
        [figure("90 km circle", indexed, "zones/s", "reading every stay", brute, 2.0)],
    )


def brute_force(shape: object, today: date) -> set[int]:
    """Read every exact stay of today and test its point."""
    rows = Stay.objects.filter(
        replaced_at=None,
        precision="exact",
        starts_on__lt=today + timedelta(days=1),
        ends_on__gt=today,
        registration__mode="exercise",
    ).exclude(registration__confirmed_at=None)
    listed = list(rows.values_list("id", "lon", "lat"))
    table = np.array(listed, dtype=float)
    if not len(table):
        return set()
    mask = cells.contains(shape, table[:, 1], table[:, 2])
    return {int(number) for number in table[mask, 0]}


if __name__ == "__main__":
    main()
