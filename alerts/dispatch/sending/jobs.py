"""Turn claimed messages into values that a sender thread can use without a database."""

import functools
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, Min, OuterRef, Q

from alerts.dispatch import addresses, answering, links, routing
from alerts.dispatch import text as texts
from alerts.dispatch.channels.base import Outgoing
from alerts.dispatch.models import SEALED, Address, Attempt, Message, State, Text
from consular import modes
from consular.sealing import SealError

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
UNREAD_WAIT = timedelta(seconds=30)  # before one looks whether the key is there now
# A request that was announced leaves within this time or not at all, so that a stop or
# a pause that comes meanwhile takes effect within two seconds.
LEAVE_WITHIN = timedelta(seconds=1)
CONVERSATION = timedelta(hours=24)
# How an attempt ended that may have been accepted; "" has not ended.
UNKNOWN = ("", State.UNCLEAR.value, State.SET_ASIDE.value)
# Channels whose texts are charged by the part.
BY_THE_PART = {"sms"}
COLUMNS = (
    "pk",
    "uid",
    "attempt",
    "repeats",
    "account",
    "mode",
    "channel",
    "purpose",
    "lane",
    "code",
    "link_path",
    "text_id",
    "text__digest",
    "cause_id",
    "cause__mode",
    "cause__incident_key",
    "cause__not_after",
    "address_id",
    "address__address",
    "address__country",
    "address__opt_out",
    "address__condition",
    "address__heard_at",
    "is_silent",
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A claimed message as a sender thread needs it."""

    message_id: int
    cause_id: int
    lane: int
    channel: str
    account: str
    outgoing: Outgoing
    address_id: int
    country: str
    incident_key: str
    parts: int
    deadline: datetime
    leave_by: datetime
    is_kept: bool = False  # its account may have it already, and knows its key

    @property
    def claim(self) -> tuple[int, int]:
        """The message and the number of its attempt: no other claim has both."""
        return self.message_id, self.outgoing.attempt


@dataclass(frozen=True)
class Said:
    """What a text row says; kept, because a text never changes."""

    subject: str
    body: str
    language: str


@functools.lru_cache(maxsize=512)
def said(text_id: int, digest: str) -> Said:
    """Return the words of a text row; the digest makes sure that it is this one."""
    row = Text.objects.get(pk=text_id, digest=digest)
    return Said(row.subject, row.body, row.language)


@functools.lru_cache(maxsize=512)
def _cheap(body: str, link_length: int, code_length: int) -> tuple[str, int]:
    """Return a text in cheap letters, and its parts with a link and code that long."""
    link, code = "x" * link_length, "x" * code_length
    plain = texts.cheapest(body, link, code)
    return plain, texts.size(texts.filled(plain, link, code)).parts


@dataclass(frozen=True)
class Row:
    """A message with what hangs on it, as `COLUMNS` reads it."""

    pk: int
    uid: object
    attempt: int
    repeats: int
    account: str
    mode: str
    channel: str
    purpose: str
    lane: int
    code: str
    link_path: str
    text_id: int
    digest: str
    cause_id: int
    cause_mode: str
    incident_key: str
    not_after: datetime
    address_id: int
    address: str
    known_country: str
    opt_out: str
    condition: str
    heard_at: datetime | None
    is_silent: bool  # its owner wants no more, on whichever channel it said so
    kept: int = 0  # the number of the first attempt that may have been accepted

    @functools.cached_property
    def country(self) -> str:
        """The country of the address; what was written down sealed is asked now."""
        return self.known_country or addresses.country_of(self.channel, self.address)


def rows(ids: Iterable[int]) -> list[Row]:
    """Read messages, in the order in which they are to leave."""
    same_owner = Address.objects.filter(
        address_key=OuterRef("address__address_key"), opt_out=Address.OptOut.ALL
    )
    asked = Message.objects.filter(pk__in=list(ids))
    asked = asked.annotate(
        is_silent=Q(Exists(same_owner)) & ~Q(address__opt_out=Address.OptOut.AGAIN)
    )
    found = {values[0]: Row(*values) for values in asked.values_list(*COLUMNS)}
    kept = _kept([pk for pk, row in found.items() if row.repeats])
    for pk, number in kept.items():
        found[pk] = replace(found[pk], kept=number)
    return [found[pk] for pk in ids if pk in found]


def readable(ids: list[int]) -> tuple[list[Row], list[int]]:
    """Read messages; return the ids of those apart for which a key is missing.

    While keys are changed, whoever has not been started again yet lacks one: such rows
    wait, and keep no other from leaving.
    """
    try:
        return list(map(_opened, rows(ids))), []
    except SealError:
        if len(ids) == 1:
            return [], ids
    each = [readable([number]) for number in ids]
    return [r for found, _ in each for r in found], [
        n for _, lost in each for n in lost
    ]


def put_off(ids: list[int], now: datetime) -> None:
    """Let messages wait that cannot be opened with the keys that are set."""
    logger.error("%d messages cannot be opened: a key is missing", len(ids))
    Message.objects.filter(pk__in=ids, state=State.QUEUED).update(
        not_before=now + UNREAD_WAIT, provider_code=SEALED
    )


def _opened(row: Row) -> Row:
    said(row.text_id, row.digest)
    return row


def _kept(ids: list[int]) -> dict[int, int]:
    """Return of each message the first attempt of which nobody knows what came."""
    if not ids:
        return {}
    unknown = Attempt.objects.filter(message__in=ids, outcome__in=UNKNOWN)
    numbers = unknown.order_by().values_list("message").annotate(first=Min("number"))
    return {pk: first for pk, first in numbers if pk is not None}


def job_of(row: Row, account: str, attempt: int, now: datetime) -> Job:
    """Make the job of a message for an account; its text gets its own link and code."""
    words = said(row.text_id, row.digest)
    uid = str(row.uid)
    link = links.address(row.link_path, uid)
    body, parts = _for_reader(words.body, account, row.country), 1
    if row.channel in BY_THE_PART:
        body, parts = _cheap(body, len(link), len(row.code))
    hook = routing.transport_for(account).hook
    return Job(
        message_id=row.pk,
        cause_id=row.cause_id,
        lane=row.lane,
        channel=row.channel,
        account=account,
        address_id=row.address_id,
        country=row.country,
        incident_key=row.incident_key,
        parts=parts,
        deadline=now + LEASE / 2,
        leave_by=now + LEASE / 2,
        is_kept=row.account == account,
        outgoing=Outgoing(
            uid=uid,
            attempt=attempt,
            # No account has a mode that is empty: what does not agree cannot leave.
            mode=row.mode if modes.agree(row.mode, row.cause_mode) else "",
            to=row.address,
            body=texts.filled(body, link, row.code),
            subject=texts.filled(words.subject, link, row.code),
            language=words.language,
            link=link,
            purpose=row.purpose,
            # The same for as long as a request may have been accepted.
            key=f"{uid}-{row.kept or attempt}",
            valid_s=(row.not_after - now).total_seconds(),
            in_conversation=_is_open(row, now),
            callback_url=f"{settings.PUBLIC_URL}/hooks/{hook}/status/{uid}/{attempt}",
            unsubscribe_url=_unsubscribe(row),
        ),
    )


def _for_reader(body: str, account: str, country: str) -> str:
    """Leave out what is said about answering, where the account cannot be answered."""
    if texts.REPLY not in body:
        return body
    return texts.for_reader(body, answering.can_answer(account, country))


def _is_open(row: Row, now: datetime) -> bool:
    """Tell whether its owner has written to us on this channel within a day."""
    return row.heard_at is not None and now - row.heard_at < CONVERSATION


def _unsubscribe(row: Row) -> str:
    """Return where one click ends a kind of notice; warnings have no such link."""
    if row.purpose not in links.UNSUBSCRIBABLE:
        return ""
    return links.address(links.UNSUBSCRIBE_PATH, row.uid)
