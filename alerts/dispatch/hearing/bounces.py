"""Hear from mail servers what became of a mail: a report becomes a receipt.

Anybody can write such a report. It counts when it names a mail of ours by the id that
only its reader and the servers on the way have seen; and it marks an address when it
speaks of that very address.
"""

from datetime import datetime

from alerts.dispatch import addresses
from alerts.dispatch.hearing import receipts
from alerts.dispatch.hearing.mails import Bounce, Mail
from alerts.dispatch.models import Message

ELSEWHERE = "other"  # a mailbox behind the one we wrote to: our address is not marked


def take(mail: Mail, now: datetime) -> int:
    """Store what a report says of mails of ours; return of how many."""
    return sum(_take(bounce, now) for bounce in mail.bounces)


def _take(bounce: Bounce, now: datetime) -> bool:
    rows = Message.objects.filter(uid=bounce.uid, channel="email")
    message = rows.select_related("address").first()
    if message is None:
        return False
    account = message.account or _last_account(message)
    keys = {addresses.key("email", each) for each in bounce.recipients}
    is_theirs = message.address.address_key in keys
    receipts.store(
        account,
        bounce.uid,
        message.provider_id or bounce.message_id,
        bounce.action,
        _code(bounce, is_theirs),
        now,
    )
    return True


def _code(bounce: Bounce, is_theirs: bool) -> str:
    if bounce.action != "failed":
        return ""
    return bounce.status if is_theirs else ELSEWHERE


def _last_account(message: Message) -> str:
    """Return the account of the last attempt, for a mail whose fate was unclear."""
    last = message.attempts.order_by("-number").values_list("account", flat=True)
    return last.first() or ""
