"""Write to the ledger of messages; any stage may. Sending is delivery's business."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from alerts.dispatch import addresses, book, caps, links, routing
from alerts.dispatch.caps import CappedError as CappedError
from alerts.dispatch.models import (
    Address,
    Cause,
    Lane,
    Message,
    Pause,
    Publication,
    State,
    Text,
)
from alerts.dispatch.sending import sweeping
from consular import copying, modes

UNSURE = [State.SET_ASIDE, State.UNCLEAR]
RETRIABLE = [*UNSURE, State.REJECTED]
NOTICE_KEPT = timedelta(hours=24)

ALERT = "alert"  # the purpose of the messages that a cause is there for


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A text for an address, before it is a message; `rank` 0 goes first.

    An `address` that is `Sealed` comes with its `address_key`.
    """

    channel: str
    address: str
    text: Text
    address_key: str = ""
    code: str = ""
    link_path: str = ""
    rank: int = 0
    purpose: str = ALERT
    not_before: datetime | None = None
    country: str = ""


def open_cause(
    key: str,
    *,
    mode: str,
    lane: int,
    now: datetime,
    not_after: datetime,
    incident_key: str = "",
    opens_at: datetime | None = None,
    on_unclear: str = Cause.OnUnclear.LEAVE,
) -> Cause:
    """Write what asks for messages; the same key gives the same cause."""
    cause, _ = Cause.objects.get_or_create(
        key=key,
        defaults={
            "mode": modes.allowed(mode),
            "lane": lane,
            "not_after": not_after,
            "incident_key": incident_key,
            "opens_at": opens_at,
            "on_unclear": on_unclear,
            "created_at": now,
        },
    )
    return cause


def text(channel: str, language: str, body: str, subject: str = "") -> Text:
    """Write an immutable text; the same words give the same row."""
    said = "\x1f".join((channel, language, subject, body))
    digest = hashlib.sha256(said.encode()).hexdigest()
    row, _ = Text.objects.get_or_create(
        digest=digest,
        defaults={
            "channel": channel,
            "language": language,
            "subject": subject,
            "body": body,
        },
    )
    return row


def write(cause: Cause, letters: Iterable[Letter], now: datetime) -> list[Message]:
    """Write messages, one an address and purpose; return them in the letters' order.

    Written twice, nothing changes: the messages that are there are returned.
    """
    ids = write_many(cause, letters, now)
    found = Message.objects.in_bulk(ids)
    return [found[number] for number in ids]


@transaction.atomic(savepoint=False)
def write_many(
    cause: Cause,
    letters: Iterable[Letter],
    now: datetime,
    known: book.Known | None = None,
) -> list[int]:
    """Write messages as `write` does; return their primary keys only.

    Parameters
    ----------
    cause : Cause
        What asks for them.
    letters : iterable of Letter
        In any order.
    now : datetime
        The time.
    known : book.Known, optional
        What the caller has read of addresses: then nothing is looked up, what is to be
        written is put into its batch, and whoever was there first makes that fail.
    """
    listed = list(letters)
    places = [_at(letter) for letter in listed]
    wanted = dict(zip(places, listed, strict=True))
    there = book.written(wanted) if known is None else known.of(wanted)
    ids = there | book.add(wanted, there, now, known)
    slots = [
        (ids[place], letter.purpose)
        for place, letter in zip(places, listed, strict=True)
    ]
    found = _known(cause, there.values())
    fresh: dict[tuple[int, str], Letter] = {}
    for slot, letter in zip(slots, listed, strict=True):
        if slot not in found:
            fresh.setdefault(slot, letter)
    numbers = copying.numbers(Message, len(fresh))
    found |= dict(zip(fresh, numbers, strict=True))
    columns = {"id": numbers, **_columns(cause, fresh, now)}
    look = copying.look if known is None else known.batch.first
    look(copying.hold, Address, (ids if known is None else there).values())
    look(copying.hold, Text, {letter.text.id for letter in listed})
    if not book.put(Message, len(fresh), columns, known):
        found |= _known(cause, ids.values())
    return [found[slot] for slot in slots]


def _at(letter: Letter) -> tuple[str, str]:
    key = letter.address_key or addresses.key(letter.channel, letter.address)
    return letter.channel, key


def _known(cause: Cause, address_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    listed = set(address_ids)
    if not listed:
        return {}
    rows = Message.objects.filter(cause=cause, address__in=listed)
    return {
        (address_id, purpose): number
        for address_id, purpose, number in rows.values_list(
            "address_id", "purpose", "pk"
        )
    }


def _columns(
    cause: Cause, letters: dict[tuple[int, str], Letter], now: datetime
) -> dict[str, Any]:
    listed = list(letters.values())
    uids = links.new_uids(len(listed))
    keys = links.token_keys(uids)
    return {
        "uid": uids,
        "cause_id": cause.pk,
        "address_id": [address_id for address_id, _ in letters],
        "text_id": [letter.text.id for letter in listed],
        "channel": [letter.channel for letter in listed],
        "mode": cause.mode,
        "lane": cause.lane,
        "rank": [letter.rank for letter in listed],
        "purpose": [letter.purpose for letter in listed],
        "code": [letter.code for letter in listed],
        "link_path": [letter.link_path for letter in listed],
        "link_key": [
            key if letter.link_path else None
            for key, letter in zip(keys, listed, strict=True)
        ],
        "not_before": [letter.not_before or now for letter in listed],
        "created_at": now,
    }


def release(key: str, opens_at: datetime) -> bool:
    """Say from when a cause's messages may leave."""
    row = Cause.objects.filter(key=key, stopped_at=None)
    return bool(row.update(opens_at=opens_at))


def stop(key: str, now: datetime) -> int:
    """Stop a cause for good; return how many messages had not left.

    The stop is the one row of the cause, and is as quick for a million messages as for
    one: what waits is marked 2,000 rows at a time, the first here, the others by the
    next ticks.
    """
    Cause.objects.filter(key=key, stopped_at=None).update(stopped_at=now)
    unsent = Message.objects.filter(cause__key=key, state=State.QUEUED).count()
    for cause in Cause.objects.filter(key=key):
        sweeping.end_waiting(cause, State.STOPPED, now)
    return unsent


def retry(rows: QuerySet[Message], now: datetime) -> int:
    """Send again what was set aside, is unclear or was refused; return how many.

    What was set aside or is unclear may arrive twice, which is counted; what was set
    aside is tried alone again. What was refused never arrived: its account may have
    been mended since. An address that is gone or opted out is refused once more. Of
    what is stopped or past its time nothing is sent.
    """
    found = 0
    # What is queued of a cause that is over would neither leave nor end.
    rows = rows.filter(cause__stopped_at=None, cause__not_after__gt=now)
    again = {"state": State.QUEUED, "tries": 0, "not_before": now}
    again |= {"ended_at": None, "provider_code": ""}
    for states, more in (
        (UNSURE, {"repeats": F("repeats") + 1}),
        ([State.REJECTED], {}),
    ):
        ids = rows.filter(state__in=states).values("pk")
        # The state is asked for again: a receipt may move a row on in this moment.
        held = Message.objects.filter(pk__in=ids, state__in=states)
        found += held.update(**again, **more)
    return found


def withdraw(ids: Iterable[int], now: datetime) -> int:
    """End messages that nobody needs any more; return how many had not left."""
    rows = Message.objects.filter(pk__in=list(ids), state=State.QUEUED)
    return rows.update(state=State.STOPPED, ended_at=now, provider_code="not needed")


def pause(now: datetime, *, key: str = "", channel: str | None = None) -> None:
    """Hold a cause, a channel, or (an empty channel) everything."""
    if key:
        Cause.objects.filter(key=key, paused_at=None).update(paused_at=now)
    if channel is not None:
        Pause.objects.get_or_create(channel=channel, defaults={"since": now})


def resume(*, key: str = "", channel: str | None = None) -> None:
    """Let a paused cause or channel go on."""
    if key:
        Cause.objects.filter(key=key).update(paused_at=None)
    if channel is not None:
        Pause.objects.filter(channel=channel).delete()


def send_notice(
    key: str,
    *,
    purpose: str,
    channel: str,
    address: str,
    language: str,
    subject: str,
    body: str,
    now: datetime,
    country: str = "",
) -> Message:
    """Write a message that no alert asked for: one recipient, one of a closed list.

    Raises
    ------
    CappedError
        When the address has had its share for this hour.
    """
    country = country or addresses.country_of(channel, address)
    caps.check(key, purpose, channel, address, country, now)
    cause = open_cause(
        f"notice:{key}",
        mode=modes.installation(),
        lane=Lane.NOTICE,
        now=now,
        not_after=now + NOTICE_KEPT,
        opens_at=now,
    )
    letter = Letter(
        channel=channel,
        address=address,
        text=text(channel, language, body, subject),
        purpose=purpose,
        country=country,
    )
    message = write(cause, [letter], now)[0]
    if prefix := caps.prefix_key(channel, address):
        # An alert wrote to it first, and did not open the number for that.
        unknown = Address.objects.filter(pk=message.address_id, prefix_key="")
        unknown.update(prefix_key=prefix)
    return message


def publish(cause: Cause, said: Text, now: datetime) -> list[Publication]:
    """Write a public post for each social account of the cause's mode.

    What follows in an incident is an answer under its first post on that account, in
    the same language.
    """
    rows = []
    for account in routing.accounts("social", cause.mode):
        first = None
        if cause.incident_key:
            earlier = Publication.objects.filter(
                cause__incident_key=cause.incident_key,
                account=account,
                text__language=said.language,
                taken_down_at=None,
            ).exclude(state=State.REJECTED)  # nothing can stand under it
            first = earlier.exclude(cause=cause).order_by("id").first()
        row, _ = Publication.objects.get_or_create(
            cause=cause,
            account=account,
            text=said,
            defaults={
                "channel": "social",
                "mode": cause.mode,
                "in_reply_to": first,
                "not_before": now,
                "created_at": now,
            },
        )
        rows.append(row)
    return rows
