"""Whom an alert in force warns again: they were told that it is over, and came back.

An all-clear outside the zone leaves the alert in force. Who is told, and is inside once
more by what became known since, joins the alert anew: their row is the same, and their
messages are new ones. Who was told and did not come back hears nothing more of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.http import int_to_base36

from alerts.dispatch import outbox
from alerts.incidents.audiences import matching, warned
from alerts.incidents.audiences.matching import Match
from alerts.incidents.models import Alert, Audience
from consular.people.models import Registration

# The purpose goes on with the number of the all-clear: an address hears the alert once
# more after each.
AGAIN = "again."


@dataclass(frozen=True)
class Told:
    """The newest all-clear that some party got since an alert, and when."""

    alert_id: int
    approved_at: datetime
    opens_at: datetime


def told(alert: Alert, numbers: Collection[int], now: datetime) -> dict[int, Told]:
    """Return the registrations that were told since an alert that it is over."""
    rows = warned.ends(now).filter(
        alert__incident=alert.incident_id,
        alert__gt=alert.pk,
        alert__kind__in=warned.CLEARS,
        registration__in=numbers,
    )
    columns = ("registration", "alert", "alert__approved_at", "alert__opens_at")
    listed = rows.order_by("alert__opens_at", "alert").values_list(*columns)
    return {number: Told(*rest) for number, *rest in listed}


def waiting(
    alert: Alert, rows: Mapping[int, Audience], ends: Mapping[int, Told]
) -> set[int]:
    """Keep those in an alert who have heard nothing of it since they were told."""
    found = set()
    for number, end in ends.items():
        row = rows.get(number)
        if row is not None and row.is_included:
            asked_at = row.joined_at or alert.opens_at
            if asked_at is not None and asked_at <= end.opens_at:
                found.add(number)
    return found


def back(
    alert: Alert, numbers: Collection[int], ends: Mapping[int, Told], now: datetime
) -> dict[int, Match]:
    """Match those of some who were told with an alert, from today on.

    Only what they changed since the all-clear was approved can have brought them back:
    a stay that was known then was decided about.
    """
    rows = Registration.objects.filter(pk__in=numbers).values_list("pk", "changed_at")
    moved = [number for number, at in rows if at >= ends[number].approved_at]
    if not moved:
        return {}
    today = alert.incident.local(now).date()
    return {
        match.registration_id: match for match in matching.of(alert, moved, since=today)
    }


def purpose(row: Audience, end: Told | None) -> str:
    """Return the purpose of a row's letters: another one after each all-clear."""
    if end is None or row.joined_at is None or row.joined_at <= end.opens_at:
        return outbox.ALERT
    return f"{AGAIN}{int_to_base36(end.alert_id)}"
