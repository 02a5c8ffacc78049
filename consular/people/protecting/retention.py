"""End registrations by themselves: on their day, or when nobody confirmed them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from consular.people.managing import erasing
from consular.people.models import (
    DeskEntry,
    Errand,
    Group,
    Registration,
    Stay,
    Upload,
)
from consular.people.protecting import limits

AT_ONCE = 200
A_YEAR = timedelta(days=365)


def purge(
    now: datetime, needed: QuerySet[Registration] | None = None
) -> dict[str, int]:
    """Erase what is over, but parties that an open incident needs; return counts.

    The confirmation of a registration counts from when it was made: one that nobody
    answered is no registration. So does what still waits for its turn to be sent, as
    the last of a very long list do.
    """
    needed = Registration.objects.none() if needed is None else needed
    unanswered = now - timedelta(days=settings.KEEP_UNCONFIRMED_DAYS)
    over = Registration.objects.filter(
        Q(expires_on__lte=now.date()) | Q(confirmed_at=None, created_at__lte=unanswered)
    ).exclude(Exists(needed.filter(pk=OuterRef("pk"))))
    counts = {"registrations": 0, "persons": 0, "earlier_stays": 0}
    while chunk := list(over.order_by("pk")[:AT_ONCE]):
        for registration in chunk:
            counts["persons"] += erasing.erase(registration, now)["persons"]
            counts["registrations"] += 1
    counts["errands"] = Errand.objects.filter(created_at__lte=unanswered).delete()[0]
    limits.purge(now)
    a_day_ago = now - limits.KEPT
    DeskEntry.objects.filter(taken_at__lte=a_day_ago).delete()
    Upload.objects.filter(wanted_at=None, created_at__lte=a_day_ago).delete()
    nobodys = Group.objects.filter(memberships=None)
    unused = Q(closed_at__lte=a_day_ago) | Q(opened_at__lte=now - A_YEAR)
    counts["groups"] = nobodys.filter(unused).delete()[1].get("people.Group", 0)
    before = now - timedelta(days=settings.KEEP_WHEREABOUTS_DAYS)
    # Where somebody shared that they are holds for three days; nobody else reads it.
    shared = Q(is_shared=True, created_at__lte=before)
    earlier = Stay.objects.filter(Q(replaced_at__lte=before) | shared)
    earlier = earlier.exclude(Exists(needed.filter(pk=OuterRef("registration"))))
    counts["earlier_stays"] = earlier.count()
    earlier.delete()
    return counts
