"""Run retention once a day, over every stage with personal data, and report it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from alerts.checkins import erasing
from alerts.checkins.models import Case, CheckIn, Inbound, Standing
from alerts.dispatch import forgetting
from consular.missions import audit
from consular.missions.models import AuditEntry
from consular.people import retention

ACTION = "retention"


def is_due(now: datetime) -> bool:
    """Tell whether today's run has not been made yet."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return not AuditEntry.objects.filter(action=ACTION, at__gte=midnight).exists()


def run(now: datetime) -> dict[str, int]:
    """Delete what is over, everywhere; write the counts to the audit trail."""
    in_use = Standing.objects.filter(incident__closed_at=None)
    needed = set(in_use.values_list("person__registration_id", flat=True))
    counts = retention.purge(now, needed)
    counts["answers"] = _blank_answers(now)
    counts["whereabouts"] = _blank_whereabouts(now)
    counts["notices"] = forgetting.purge(
        now - timedelta(days=settings.KEEP_BODIES_DAYS),
        now - timedelta(days=settings.KEEP_WHEREABOUTS_DAYS),
    )
    audit.record(ACTION, None, "daily", now, **counts)
    return counts


def _blank_answers(now: datetime) -> int:
    """Empty answers that are dealt with, once their incident is closed."""
    before = now - timedelta(days=settings.KEEP_BODIES_DAYS)
    over = Inbound.objects.filter(
        Q(incident=None, received_at__lte=before)
        | Q(incident__closed_at__lte=before, received_at__lte=before),
        state__in=[Inbound.State.READ, Inbound.State.HANDLED],
    ).exclude(raw="")
    # What waits in the inbox is kept for an officer, but not for ever.
    late = now - timedelta(days=settings.KEEP_WHEREABOUTS_DAYS)
    waiting = Inbound.objects.filter(
        Q(incident=None) | Q(incident__closed_at__lte=late),
        state=Inbound.State.INBOX,
        received_at__lte=late,
    )
    return erasing.blank(over, now) + erasing.blank(waiting, now)


@transaction.atomic
def _blank_whereabouts(now: datetime) -> int:
    """Forget where people said they are, a while after their incident is closed."""
    before = now - timedelta(days=settings.KEEP_WHEREABOUTS_DAYS)
    said = CheckIn.objects.filter(incident__closed_at__lte=before).exclude(
        place="", note="", callback="", lon=None
    )
    Case.objects.filter(incident__closed_at__lte=before).exclude(note="").update(
        note=""
    )
    return said.update(
        place="", note="", callback="", lon=None, lat=None, accuracy_m=None
    )
