"""Audit entries a second: written, written while they are sealed, and sealed."""

import statistics
import threading
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after set-up
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.__main__ import figure, save  # noqa: E402
from consular.missions import audit  # noqa: E402
from consular.missions.models import AuditEntry  # noqa: E402

ROWS = 6_000
LOAD = 300  # entries a second
STEPS = 600  # ten seconds of them
A_STEP = 5  # entries in one transaction, as a step of an officer writes them


def step() -> float:
    """Write what one step of an officer writes; return how long it took."""
    begun, now = time.perf_counter(), timezone.now()
    with transaction.atomic():
        for number in range(A_STEP):
            audit.record("bench", None, f"incident:{number}", now, people=number)
    return time.perf_counter() - begun


def written(rows: int) -> float:
    """Write as fast as it goes; return entries a second."""
    begun = time.perf_counter()
    for _ in range(rows // A_STEP):
        step()
    return rows / (time.perf_counter() - begun)


def paced() -> float:
    """Write 300 entries a second for some seconds; return the median time of a step."""
    due, took = time.perf_counter(), []
    for _ in range(STEPS):
        due += A_STEP / LOAD
        time.sleep(max(0.0, due - time.perf_counter()))
        took.append(step())
    return statistics.median(took)


def while_sealed() -> tuple[float, float]:
    """Write at that pace while a sealer ticks; return median and longest lag."""
    halting, lags = threading.Event(), [0.0]

    def look() -> None:
        while not halting.wait(1):
            audit.tick(timezone.now())
            oldest = AuditEntry.objects.filter(sequence=None).order_by("id").first()
            if oldest is not None:
                lags.append((timezone.now() - oldest.at).total_seconds())
        connection.close()

    sealer = threading.Thread(target=look)
    sealer.start()
    middle = paced()
    halting.set()
    sealer.join()
    return middle, max(lags)


def sealed() -> float:
    """Seal what waits; return how many a second."""
    waiting = AuditEntry.objects.filter(sequence=None).count()
    begun = time.perf_counter()
    while audit.seal(timezone.now()):
        pass
    return waiting / (time.perf_counter() - begun)


def main() -> None:
    """Measure on the database of the environment."""
    call_command("migrate", verbosity=0)
    alone = written(ROWS)
    seals = sealed()
    quiet_s = paced()
    while audit.seal(timezone.now()):
        pass
    sealed_s, lag_s = while_sealed()
    while audit.seal(timezone.now()):
        pass
    assert audit.first_break() is None
    assert lag_s <= 2, lag_s
    kind = connection.vendor
    save(
        f"audit-{kind}",
        [
            figure(f"written ({kind})", alone, "/s", "300 a second", 300, 1.0),
            figure(f"sealed ({kind})", seals, "/s", "300 a second", 300, 1.0),
            figure(
                f"a step at 300 a second ({kind})",
                1 / sealed_s,
                "/s",
                "with no sealer",
                1 / quiet_s,
                0.8,
            ),
        ],
    )


if __name__ == "__main__":
    main()
