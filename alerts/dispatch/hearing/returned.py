"""What a provider took and gave back unsent, as its queue was full: it is sent again.

An alert to many fills the queue of a slow sender; the provider accepts more and says
minutes later that it never sent them. Nothing of it has reached a network, so to send
it again doubles nothing. It waits, longer each time, and ends after some tries.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from alerts.dispatch import routing
from alerts.dispatch.models import Cause, Message, Receipt, State
from alerts.dispatch.sending import sweeping

MOST_ATTEMPTS = 5
PAUSE, LONGEST = timedelta(seconds=60), timedelta(minutes=15)


def send_again(receipts: Iterable[Receipt], now: datetime) -> int:
    """Let what was given back wait for its next turn; return how much it was.

    Only while the last word is that of this very copy, no other copy of it may have
    arrived, and its alert is still to be sent.
    """
    named = {
        receipt.message_uid: receipt.provider_id
        for receipt in receipts
        if receipt.code in routing.returned_codes(receipt.account)
    }
    if not named:
        return 0
    is_open = Cause.objects.filter(
        pk=OuterRef("cause_id"), stopped_at=None, not_after__gt=now
    )
    rows = Message.objects.filter(
        Exists(is_open), uid__in=named, state=State.UNDELIVERED, repeats=0
    )
    by_attempt: dict[int, list[int]] = defaultdict(list)
    causes = set()
    for message in rows.only("uid", "provider_id", "attempt", "cause_id", "mode"):
        if message.provider_id == named[message.uid]:
            by_attempt[message.attempt].append(message.pk)
            causes.add(message.cause_id)
    done = 0
    for attempt, ids in by_attempt.items():
        if attempt < MOST_ATTEMPTS:
            done += Message.objects.filter(
                pk__in=ids, state=State.UNDELIVERED, attempt=attempt
            ).update(
                state=State.QUEUED,
                not_before=now + _pause(attempt),
                ended_at=None,
                accepted_at=None,
                account="",
            )
    for cause_id in causes:
        sweeping.look_again(cause_id)
    return done


def _pause(attempt: int) -> timedelta:
    return min(PAUSE * 2 ** max(attempt - 1, 0), LONGEST)


def ids_of(uids: Iterable[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    """Return by what ids providers know copies that they have given back."""
    found: dict[uuid.UUID, set[str]] = defaultdict(set)
    rows = Receipt.objects.filter(message_uid__in=list(uids)).exclude(code="")
    for receipt in rows.only("account", "message_uid", "provider_id", "code"):
        if receipt.code in routing.returned_codes(receipt.account):
            found[receipt.message_uid].add(receipt.provider_id)
    return found
