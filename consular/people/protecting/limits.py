"""Count what is used of something that has a limit, on any number of machines."""

from datetime import datetime, timedelta

from django.db.models import F

from consular.people.models import Limit

AN_HOUR = timedelta(hours=1)
KEPT = timedelta(days=1)  # what is over goes once a day: after two days at most


def _since(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def take(name: str, most: int, now: datetime) -> bool:
    """Take one of so many an hour; tell whether one was left.

    The row itself decides: two processes never take the same one.
    """
    since = _since(now)
    row = Limit.objects.filter(name=name[:64], since=since, used__lt=most)
    if row.update(used=F("used") + 1):
        return True
    Limit.objects.get_or_create(name=name[:64], since=since)  # the first of this hour
    return bool(row.update(used=F("used") + 1))


def used(name: str, now: datetime) -> int:
    """Return how many were taken in this hour."""
    row = Limit.objects.filter(name=name[:64], since=_since(now)).first()
    return row.used if row else 0


def purge(now: datetime) -> int:
    """Forget the hours that are over."""
    return Limit.objects.filter(since__lte=now - KEPT).delete()[0]
