"""What a provider says later: stored first, applied after, never backwards."""

import logging
import uuid
from datetime import datetime

from django.db import transaction

from alerts.dispatch.channels import twilio
from alerts.dispatch.models import FOLLOWS, Message, Receipt, State

logger = logging.getLogger(__name__)

AT_ONCE = 500


def store(
    account: str, uid: uuid.UUID, provider_id: str, word: str, code: str, now: datetime
) -> bool:
    """Store a receipt; the same one again changes nothing. Tell whether it was new."""
    _, is_new = Receipt.objects.get_or_create(
        account=account,
        provider_id=provider_id[:64],
        word=word[:24],
        defaults={"message_uid": uid, "code": code[:24], "received_at": now},
    )
    return is_new


def apply_waiting(now: datetime) -> int:
    """Apply the receipts that were not applied yet, in the order they came."""
    waiting = list(Receipt.objects.filter(applied_at=None).order_by("id")[:AT_ONCE])
    if not waiting:
        return 0
    with transaction.atomic():
        for receipt in waiting:
            _apply(receipt)
        ids = [receipt.pk for receipt in waiting]
        Receipt.objects.filter(pk__in=ids).update(applied_at=now)
    return len(waiting)


def _apply(receipt: Receipt) -> None:
    state = twilio.STATES.get(receipt.word)
    if state is None:
        logger.warning("receipt %s: unknown word %r", receipt.pk, receipt.word)
        return
    changes: dict[str, object] = {
        "state": state,
        "provider_id": receipt.provider_id,
        "lease_until": None,
        "lease_owner": "",
    }
    if state == State.ACCEPTED:
        changes["accepted_at"] = receipt.received_at
    else:
        changes |= {"ended_at": receipt.received_at, "provider_code": receipt.code}
    row = Message.objects.filter(uid=receipt.message_uid, state__in=FOLLOWS[state])
    if row.update(**changes):
        return
    # It says the same or less than we know; its id is still worth having.
    Message.objects.filter(uid=receipt.message_uid, provider_id="").exclude(
        state=State.QUEUED
    ).update(provider_id=receipt.provider_id)
