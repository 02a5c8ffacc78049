"""Tell whom of a party an alert that is not over still needs."""

from collections.abc import Collection
from datetime import datetime

from alerts.checkins.models import Case
from alerts.incidents.audiences.warned import LEFT
from alerts.incidents.models import Audience, AudiencePerson


def needed(persons: Collection[int], now: datetime) -> set[int]:
    """Keep the persons who are part of an incident that is not closed, or have a case.

    Part of it is whom an alert has been for that has begun to leave; of one in its hold
    nobody outside learns.
    """
    told = Audience.objects.filter(
        LEFT,
        is_included=True,
        alert__incident__closed_at=None,
        alert__opens_at__lte=now,
    )
    rows = AudiencePerson.objects.filter(person__in=persons, audience__in=told)
    cases = Case.objects.open().filter(person__in=persons)
    return {
        *rows.values_list("person_id", flat=True),
        *cases.values_list("person_id", flat=True),
    }
