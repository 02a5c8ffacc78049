"""Forget what the mail room holds of people who asked for it, at once."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.dispatch.models import Address, Cause, Message, Receipt, State, Text

NOTICE = "notice:"
KEY_BYTES, AT_ONCE = 16, 500
WISHLESS = [Address.OptOut.NONE, Address.OptOut.AGAIN]


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
    _delete(gone.filter(opt_out__in=WISHLESS))
    _blank(list(gone.values_list("pk", flat=True)), now)


def _blank(numbers: list[int], now: datetime) -> None:
    """Forget addresses, and what finds them where no wish has to be known by it."""
    Address.objects.filter(pk__in=numbers).update(
        address="", condition=Address.Condition.GONE, changed_at=now
    )
    nameless = list(Address.objects.filter(pk__in=numbers, opt_out__in=WISHLESS))
    for row in nameless:
        row.address_key, row.prefix_key = secrets.token_hex(KEY_BYTES), ""
    Address.objects.bulk_update(nameless, ["address_key", "prefix_key"], AT_ONCE)


def _delete_notices(notices: QuerySet[Message]) -> int:
    """Delete notices with their causes, texts and receipts; return how many."""
    rows = list(notices.values_list("pk", "cause_id", "text_id", "uid"))
    Message.objects.filter(pk__in=[pk for pk, _, _, _ in rows]).delete()
    Receipt.objects.filter(message_uid__in=[uid for _, _, _, uid in rows]).delete()
    causes = {cause for _, cause, _, _ in rows}
    Cause.objects.filter(pk__in=causes, message=None, publication=None).delete()
    texts = {text for _, _, text, _ in rows}
    _delete(Text.objects.filter(pk__in=texts, publication=None))
    return len(rows)


def _delete(rows: "QuerySet[Any]") -> None:
    """Delete those of some addresses or texts that no message names.

    They are held first, and asked about then: whoever writes messages holds what these
    name, and the database does not look for it.
    """
    unused = rows.filter(message=None).order_by("pk")
    numbers = list(unused.values_list("pk", flat=True))
    for first in range(0, len(numbers), AT_ONCE):
        some = rows.model.objects.filter(pk__in=numbers[first : first + AT_ONCE])
        list(some.select_for_update().order_by("pk").values_list("pk", flat=True))
        some.filter(message=None).delete()


@transaction.atomic
def purge(
    notices_before: datetime,
    addresses_before: datetime,
    in_use: QuerySet[Any],
    now: datetime,
) -> int:
    """Delete notices that are over, and addresses that are nobody's any more.

    An address whose owner wants no more messages keeps its blind index and that wish.

    Parameters
    ----------
    notices_before, addresses_before : datetime
        What was over, or was last written to or changed, by then goes.
    in_use : QuerySet
        Of rows whose `address_key` somebody is registered with: these stay.
    now : datetime
        The clock.
    """
    over = Message.objects.filter(
        cause__key__startswith=NOTICE,
        cause__not_after__lte=now,
        created_at__lte=notices_before,
    )
    count = _delete_notices(over)
    used = in_use.filter(address_key=OuterRef("address_key"))
    idle = Address.objects.filter(~Exists(used), changed_at__lte=addresses_before)
    unused = idle.filter(message=None)
    _delete(idle.filter(opt_out__in=WISHLESS))
    unused.exclude(address="").update(address="")
    # What an alert has sent stays as a count, but not to whom.
    left = idle.exclude(address="").exclude(message__created_at__gt=addresses_before)
    numbers = list(left.values_list("pk", flat=True))
    for first in range(0, len(numbers), AT_ONCE):
        _blank(numbers[first : first + AT_ONCE], now)
    return count
