"""Forget what the mail room holds of people who asked for it, at once."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from alerts.dispatch.models import Address, Cause, Message, State, Text

NOTICE = "notice:"
KEY_BYTES, AT_ONCE = 16, 500


@transaction.atomic
def forget(prefix: str, address_keys: Iterable[str], now: datetime) -> None:
    """Delete the notices whose causes begin with a prefix, and blank addresses.

    What an alert has sent stays as a count. Whom it went to cannot be read any more,
    nor found by trying numbers: the search key goes too, but for whoever wants no more
    messages, which must be known by something. What waits for them is stopped.
    """
    keys = list(address_keys)
    _delete_notices(
        Message.objects.filter(
            Q(cause__key__startswith=prefix)
            | Q(cause__key__startswith=NOTICE, address__address_key__in=keys)
        )
    )
    gone = Address.objects.filter(address_key__in=keys)
    Message.objects.filter(address__in=gone, state=State.QUEUED).update(
        state=State.STOPPED, ended_at=now
    )
    gone.filter(message=None).delete()
    numbers = list(gone.values_list("pk", flat=True))
    Address.objects.filter(pk__in=numbers).update(
        address="", condition=Address.Condition.GONE, changed_at=now
    )
    nameless = list(Address.objects.filter(pk__in=numbers, opt_out=Address.OptOut.NONE))
    for row in nameless:
        row.address_key, row.prefix_key = secrets.token_hex(KEY_BYTES), ""
    Address.objects.bulk_update(nameless, ["address_key", "prefix_key"], AT_ONCE)


def _delete_notices(notices: QuerySet[Message]) -> int:
    """Delete notices with their causes and texts; return how many there were."""
    rows = list(notices.values_list("pk", "cause_id", "text_id"))
    Message.objects.filter(pk__in=[pk for pk, _, _ in rows]).delete()
    causes = {cause for _, cause, _ in rows}
    Cause.objects.filter(pk__in=causes, message=None, publication=None).delete()
    texts = {text for _, _, text in rows}
    Text.objects.filter(pk__in=texts, message=None, publication=None).delete()
    return len(rows)


@transaction.atomic
def purge(notices_before: datetime, addresses_before: datetime) -> int:
    """Delete notices that are over, and addresses nobody has written to for long.

    An address whose owner wants no more messages keeps its blind index and that wish.
    """
    over = Message.objects.filter(
        cause__key__startswith=NOTICE, cause__not_after__lte=notices_before
    )
    count = _delete_notices(over)
    unused = Address.objects.filter(message=None, changed_at__lte=addresses_before)
    unused.filter(opt_out=Address.OptOut.NONE).delete()
    unused.exclude(address="").update(address="")
    return count
