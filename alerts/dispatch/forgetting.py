"""Forget what the mail room holds of people who asked for it, at once."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from alerts.dispatch.models import Address, Cause, Message, State, Text


@transaction.atomic
def forget(prefix: str, address_keys: Iterable[str], now: datetime) -> None:
    """Delete the notices whose causes begin with a prefix, and blank addresses.

    What an alert has sent stays as a count; whom it went to cannot be read any more,
    and what waits for these addresses is stopped.
    """
    notices = Message.objects.filter(cause__key__startswith=prefix)
    texts = set(notices.values_list("text_id", flat=True))
    notices.delete()
    Cause.objects.filter(key__startswith=prefix, message=None).delete()
    Text.objects.filter(pk__in=texts, message=None, publication=None).delete()
    gone = Address.objects.filter(address_key__in=list(address_keys))
    Message.objects.filter(address__in=gone, state=State.QUEUED).update(
        state=State.STOPPED, ended_at=now
    )
    gone.filter(message=None).delete()
    gone.update(address="", condition=Address.Condition.GONE, changed_at=now)
