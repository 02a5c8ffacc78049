"""Mail the end of the audit chain to a second address, once a day."""

from datetime import datetime

from django.conf import settings

from alerts.dispatch import outbox
from alerts.dispatch.models import Cause
from consular.missions import anchoring


def send(now: datetime) -> bool:
    """Write the day's line as a notice, if that was not done; tell whether it was.

    What it holds is the number and the hash of one entry, and nothing of its content.
    """
    key = f"audit:{now:%Y-%m-%d}"
    if not settings.AUDIT_MAIL or Cause.objects.filter(key=f"notice:{key}").exists():
        return False
    sequence, entry_hash = anchoring.end()
    if not sequence:
        return False
    outbox.send_notice(
        key,
        purpose="audit line",
        channel="email",
        address=settings.AUDIT_MAIL,
        language="en",
        subject=f"Muster audit {now:%Y-%m-%d}: {sequence}",
        body=(
            f"{now.isoformat()} {sequence} {entry_hash}\n\nKeep this. "
            "`manage.py verify_audit --line` compares it with the trail."
        ),
        now=now,
    )
    return True
