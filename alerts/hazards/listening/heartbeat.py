"""Tell the officers on duty once a day that Muster listens, also when nothing happened.

Silence must not be able to mean two things: that all is quiet, or that nobody listens.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from alerts.dispatch import outbox
from alerts.dispatch.models import Cause
from alerts.hazards.models import Document, Hazard, Proposal, Source
from alerts.hazards.public import is_silent
from consular import modes
from consular.missions.staff import rota

HOUR = 8  # ministry time; when the day's officers begin
LATE = timedelta(minutes=30)  # after that the day's notice is left out
A_DAY = timedelta(days=1)


def beat(now: datetime) -> int:
    """Write the day's notice to each officer on duty, once; return how many."""
    here = now.astimezone(ZoneInfo(settings.MINISTRY_TIME_ZONE))
    due_at = here.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if not due_at <= here < due_at + LATE:
        return 0
    written = 0
    for duty in rota.on_duty(now):
        key = f"heartbeat:{here.date()}:duty:{duty.pk}"
        if Cause.objects.filter(key=f"notice:{key}").exists():
            continue
        subject, body = _words(now)
        try:
            outbox.send_notice(
                key,
                purpose="officer on duty",
                channel=duty.channel,
                address=duty.address,
                language="en",
                subject=subject,
                body=body,
                now=now,
            )
        except outbox.CappedError:  # an officer who was told thirty things in an hour
            continue
        written += 1
    return written


def _words(now: datetime) -> tuple[str, str]:
    """Say what a day brought, in counts alone."""
    proposals = Proposal.objects.filter(counted_at__gt=now - A_DAY).count()
    hazards = Hazard.objects.filter(first_heard_at__gt=now - A_DAY).count()
    polled = list(Source.objects.filter(is_active=True).exclude(url=""))
    silent = sum(is_silent(source, now) for source in polled)
    unread = Document.objects.filter(
        state=Document.State.QUARANTINED, fetched_at__gt=now - A_DAY
    ).count()
    exercise = modes.mark(modes.installation())
    subject = "Nothing happened that people are inside"
    if proposals:
        subject = f"{proposals} proposal{'s' if proposals > 1 else ''} since yesterday"
    lines = [
        f"{exercise}{subject}.",
        "",
        f"Proposals in 24 hours: {proposals}. Hazards first heard of: {hazards}.",
        f"Sources heard: {len(polled) - silent} of {len(polled)}.",
    ]
    if unread:
        lines.append(f"Documents that could not be read: {unread}.")
    if silent:
        lines.append("A silent source is not a quiet world. What to do:")
    lines.append(settings.PUBLIC_URL + reverse("hazards:sources"))
    return f"{exercise}{subject}", "\n".join(lines)
