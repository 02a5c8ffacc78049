"""Run retention once a day, over every stage with personal data, and report it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.checkins import erasing
from alerts.checkins.models import (
    BoardCount,
    Case,
    CaseEvent,
    CheckIn,
    Enquiry,
    Inbound,
    SituationReport,
    Standing,
    Word,
)
from alerts.checkins.reports import exporting
from alerts.dispatch import forgetting
from alerts.incidents.models import Audience
from consular.missions import audit
from consular.missions.models import AuditEntry
from consular.people.models import Contact, Registration
from consular.people.protecting import retention

ACTION = "retention"
ENQUIRIES_KEPT = timedelta(days=90)


def is_due(now: datetime) -> bool:
    """Tell whether today's run has not been made yet."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return not AuditEntry.objects.filter(action=ACTION, at__gte=midnight).exists()


def run(now: datetime) -> dict[str, int]:
    """Delete what is over, everywhere; write the counts to the audit trail."""
    counts = retention.purge(now, _needed())
    counts["answers"] = _blank_answers(now)
    counts["whereabouts"] = _blank_whereabouts(now)
    counts["enquiries"] = _delete_enquiries(now)
    exporting.forget(now)
    counts["notices"] = forgetting.purge(
        now - timedelta(days=settings.KEEP_BODIES_DAYS),
        now - timedelta(days=settings.KEEP_WHEREABOUTS_DAYS),
        Contact.objects.all(),
        now,
    )
    audit.record(ACTION, None, "daily", now, **counts)
    return counts


def _needed() -> QuerySet[Registration]:
    """Keep the parties that an open incident has warned or heard of.

    Who is silent is looked for still, however long it lasts and whoever confirmed it.
    """
    spoken = Standing.objects.filter(
        person__registration=OuterRef("pk"), incident__closed_at=None
    )
    warned = Audience.objects.filter(
        registration=OuterRef("pk"),
        is_included=True,
        alert__incident__closed_at=None,
    )
    return Registration.objects.filter(Exists(spoken) | Exists(warned))


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


def _delete_enquiries(now: datetime) -> int:
    """Delete who asked about whom after ninety days, as the page promises."""
    old = Enquiry.objects.filter(asked_at__lte=now - ENQUIRIES_KEPT)
    number = old.count()
    old.delete()
    return number


@transaction.atomic
def _blank_whereabouts(now: datetime) -> int:
    """Forget where people were and what they lacked, a while after it is closed."""
    before = now - timedelta(days=settings.KEEP_WHEREABOUTS_DAYS)
    said = CheckIn.objects.filter(incident__closed_at__lte=before).exclude(
        place="", note="", callback="", lon=None, needs=[]
    )
    case = Case.objects.filter(incident__closed_at__lte=before)
    case.exclude(note="", reasons=[]).update(note="", reasons=[])
    Word.objects.filter(incident__closed_at__lte=before).delete()
    # A report keeps its figures; where people were goes.
    drawn = SituationReport.objects.filter(incident__closed_at__lte=before)
    drawn.exclude(drawing={}).update(drawing={})
    BoardCount.objects.filter(incident__closed_at__lte=before).delete()
    events = CaseEvent.objects.filter(case__incident__closed_at__lte=before)
    events.exclude(body="").update(body="")
    return said.update(
        place="", note="", callback="", lon=None, lat=None, accuracy_m=None, needs=[]
    )
