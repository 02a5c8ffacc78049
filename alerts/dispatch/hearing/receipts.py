"""What a provider says later: stored first, applied after, never backwards."""

import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from alerts.dispatch import addresses, routing, statements
from alerts.dispatch.models import FOLLOWS, Message, Receipt, State

logger = logging.getLogger(__name__)

AT_ONCE = 500
_FINAL = (State.DELIVERED, State.UNDELIVERED)

_MOVE = """
UPDATE dispatch_message SET state = %s, provider_id = v.column2,
  provider_code = CASE WHEN v.column3 = '' THEN dispatch_message.provider_code
    ELSE v.column3 END,
  accepted_at = COALESCE(dispatch_message.accepted_at, {at}),
  ended_at = {ended}, lease_until = NULL, lease_owner = ''
FROM (VALUES {rows}) AS v
WHERE dispatch_message.uid = {uid} AND dispatch_message.state IN ({states})
"""
# It says the same or less than we know; its id is still worth having.
_NAME = """
UPDATE dispatch_message SET provider_id = v.column2
FROM (VALUES {rows}) AS v
WHERE dispatch_message.uid = {uid} AND dispatch_message.provider_id = ''
  AND dispatch_message.state <> 'queued'
"""


def store(
    account: str, uid: uuid.UUID, provider_id: str, word: str, code: str, now: datetime
) -> None:
    """Store a receipt with one statement; the same one again changes nothing."""
    receipt = Receipt(
        account=account,
        provider_id=provider_id[:200],
        word=word[:24],
        message_uid=uid,
        code=code[:24],
        received_at=now,
    )
    statements.insert_new(receipt)


def apply_waiting(now: datetime) -> int:
    """Apply the receipts that were not applied yet, in the order they came.

    The first final word that a provider says of a message stands.
    """
    waiting = list(Receipt.objects.filter(applied_at=None).order_by("id")[:AT_ONCE])
    if not waiting:
        return 0
    by_state: dict[str, dict[uuid.UUID, Receipt]] = defaultdict(dict)
    final: set[uuid.UUID] = set()
    for receipt in waiting:
        state = state_of(receipt)
        uid = receipt.message_uid
        if state in _FINAL and uid not in final:
            final.add(uid)
            by_state[state][uid] = receipt
        elif state == State.ACCEPTED:
            by_state[state].setdefault(uid, receipt)
    with transaction.atomic():
        for state in (State.ACCEPTED, *_FINAL):
            if by_state[state]:
                _apply(state, by_state[state].values())
        _mark_gone(waiting, now)
        ids = [receipt.pk for receipt in waiting]
        Receipt.objects.filter(pk__in=ids).update(applied_at=now)
    return len(waiting)


def _mark_gone(receipts: Iterable[Receipt], now: datetime) -> None:
    """Mark the addresses of which a receipt says that they do not exist."""
    for receipt in receipts:
        if receipt.code and receipt.code in routing.gone_codes(receipt.account):
            row = Message.objects.filter(uid=receipt.message_uid).only("address_id")
            for message in row:
                addresses.gone(message.address_id, receipt.code, now)


def state_of(receipt: Receipt) -> str:
    """Return our word for a provider's; an unknown one is logged, not guessed."""
    state = routing.states_of(receipt.account).get(receipt.word, "")
    if not state:
        logger.warning("receipt %s: unknown word %r", receipt.pk, receipt.word)
    return state


def _apply(state: str, receipts: Iterable[Receipt]) -> None:
    values: list[Any] = []
    names: list[Any] = []
    for receipt in receipts:
        uid = statements.uid(receipt.message_uid)
        at = statements.time(receipt.received_at)
        names += [uid, receipt.provider_id]
        values += [uid, receipt.provider_id, receipt.code, at]
    follows = sorted(FOLLOWS[state])
    count = len(names) // 2
    at = statements.typed("timestamptz", 4)
    uid = statements.typed("uuid", 1)
    move = _MOVE.format(
        rows=statements.rows(count, 4),
        at=at,
        ended=at if state in _FINAL else "NULL",
        uid=uid,
        states=", ".join(["%s"] * len(follows)),
    )
    with connection.cursor() as cursor:
        cursor.execute(move, [str(state), *values, *map(str, follows)])
        name = _NAME.format(rows=statements.rows(count, 2), uid=uid)
        cursor.execute(name, names)
