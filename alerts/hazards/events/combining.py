"""Let officers say which statements are one event, and which are not.

What they say is *pinned*: a statement that is pinned to a hazard stays there whatever
its next versions look like. Both are audited, and a mistake is undone by the other.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from alerts.hazards import proposing
from alerts.hazards.events import placing, summing
from alerts.hazards.models import Hazard, Pin, Report
from consular.missions import audit
from consular.missions.models import Officer

Name = tuple[int, str]


class CombiningError(ValueError):
    """Say in plain words why hazards cannot be merged or split so."""


def merge(hazard: Hazard, into: Hazard, by: Officer, now: datetime) -> None:
    """Move all that is said of one hazard to another, and keep it there.

    Raises
    ------
    CombiningError
        When they are the same, of different modes, or one is gone already.
    """
    if hazard.pk == into.pk:
        raise CombiningError("That is the same hazard.")
    if (hazard.mode, hazard.is_test) != (into.mode, into.is_test):
        raise CombiningError("An exercise or a test is never merged with what is real.")
    with transaction.atomic():
        placing.one_at_a_time()
        hazard, into = _fresh(hazard), _fresh(into)
        _pin([*_names(hazard), *_names(into)], into, by, now)
        Report.objects.filter(hazard=hazard).update(hazard=into)
        summing.refill(into, now)
        placing.supersede(hazard, into, now)
        audit.record("merge_hazards", by, f"hazard {hazard.pk}", now, into=into.pk)


def split(
    hazard: Hazard, report_ids: Iterable[int], by: Officer, now: datetime
) -> Hazard:
    """Take the statements of some reports out of a hazard; return their own hazard.

    Raises
    ------
    CombiningError
        When none of its statements is named, or all are.
    """
    with transaction.atomic():
        placing.one_at_a_time()
        hazard = _fresh(hazard)
        every = _names(hazard)
        rows = Report.objects.filter(hazard=hazard, pk__in=report_ids)
        chosen = set(rows.values_list("source_id", "event_key"))
        if not chosen:
            raise CombiningError("Choose what is another event.")
        if chosen >= every:
            raise CombiningError("Leave at least one statement in this hazard.")
        other = Hazard.objects.create(
            mode=hazard.mode,
            is_test=hazard.is_test,
            kind=hazard.kind,
            happened_at=hazard.happened_at,
            first_heard_at=now,
            changed_at=now,
        )
        _pin(every - chosen, hazard, by, now)
        _pin(chosen, other, by, now)
        for source_id, event_key in chosen:
            moved = Report.objects.filter(source_id=source_id, event_key=event_key)
            moved.update(hazard=other)
        summing.refill(hazard, now)
        summing.refill(other, now)
        audit.record("split_hazard", by, f"hazard {hazard.pk}", now, other=other.pk)
    proposing.propose(other, now)
    return other


def _fresh(hazard: Hazard) -> Hazard:
    found = Hazard.objects.get(pk=hazard.pk)
    if found.merged_into_id:
        raise CombiningError("It was merged into another hazard meanwhile.")
    return found


def _names(hazard: Hazard) -> set[Name]:
    rows = Report.objects.filter(hazard=hazard)
    return set(rows.values_list("source_id", "event_key"))


def _pin(names: Iterable[Name], hazard: Hazard, by: Officer, now: datetime) -> None:
    for source_id, event_key in names:
        Pin.objects.update_or_create(
            source_id=source_id,
            event_key=event_key,
            defaults={"hazard": hazard, "by": by, "pinned_at": now},
        )
