"""What a provider says later: stored first, applied after, never backwards."""

import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from alerts.dispatch import addresses, routing, statements
from alerts.dispatch.hearing import returned
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
WHERE dispatch_message.uid = {uid} AND (dispatch_message.state IN ({states}) {other})
  {but}
"""
# What was given back says nothing more, whatever word of it comes late.
_BUT = """AND NOT (dispatch_message.state = 'queued' AND v.column2 <> ''
  AND dispatch_message.provider_code <> '' AND dispatch_message.provider_id = v.column2)
"""
# Of two copies one may arrive and the other not: then it has arrived.
_OTHER_COPY = """OR (dispatch_message.state = 'undelivered'
  AND dispatch_message.provider_id <> v.column2)"""
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

    The first final word that a provider says of a copy stands; of several copies, that
    one arrived.
    """
    waiting = list(Receipt.objects.filter(applied_at=None).order_by("id")[:AT_ONCE])
    if not waiting:
        return 0
    by_state: dict[str, dict[uuid.UUID, Receipt]] = defaultdict(dict)
    ended: set[tuple[uuid.UUID, str]] = set()
    for receipt in waiting:
        state, uid = state_of(receipt), receipt.message_uid
        copy = (uid, receipt.provider_id)
        if state == State.ACCEPTED or (state in _FINAL and copy not in ended):
            by_state[state].setdefault(uid, receipt)
        if state in _FINAL:
            ended.add(copy)
    for uid in by_state[State.DELIVERED]:
        by_state[State.UNDELIVERED].pop(uid, None)
    with transaction.atomic():
        for state in (State.ACCEPTED, *_FINAL):
            if by_state[state]:
                _apply(state, by_state[state].values())
        returned.send_again(by_state[State.UNDELIVERED].values(), now)
        _mark_addresses(waiting, now)
        ids = [receipt.pk for receipt in waiting]
        Receipt.objects.filter(pk__in=ids).update(applied_at=now)
    return len(waiting)


def _mark_addresses(receipts: Iterable[Receipt], now: datetime) -> None:
    """Mark the addresses that do not exist, or whose owners want no more."""
    for receipt in receipts:
        code, account = receipt.code, receipt.account
        is_gone = bool(code) and code in routing.gone_codes(account)
        if not code or not (is_gone or code in routing.opted_out_codes(account)):
            continue
        rows = Message.objects.filter(uid=receipt.message_uid)
        for message in rows.only("address_id", "accepted_at", "created_at"):
            if is_gone:
                addresses.gone(message.address_id, code, now)
            else:
                at = message.accepted_at or message.created_at
                addresses.refused(message.address_id, code, at, now)


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
        other=_OTHER_COPY if state == State.DELIVERED else "",
        but=_BUT if state == State.ACCEPTED else "",
    )
    with connection.cursor() as cursor:
        cursor.execute(move, [str(state), *values, *map(str, follows)])
        name = _NAME.format(rows=statements.rows(count, 2), uid=uid)
        cursor.execute(name, names)
