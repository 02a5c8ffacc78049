"""Whom a cause may have reached: everyone whose message left, or may have left."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alerts.dispatch import addresses
from alerts.dispatch.models import Attempt, Message, State, Text
from alerts.dispatch.outbox import Letter

LEFT = (State.ACCEPTED, State.UNCLEAR, State.DELIVERED)
# Of these one copy may be with its reader: that of an attempt whose end is not known.
MAYBE = (
    State.QUEUED,
    State.CLAIMED,
    State.STOPPED,
    State.EXPIRED,
    State.REJECTED,
    State.SET_ASIDE,
)
# How an attempt ended of which nobody knows whether it was accepted; "" has not ended.
UNKNOWN = ("", State.UNCLEAR.value, State.ACCEPTED.value, State.SET_ASIDE.value)
_COLUMNS = (
    "pk",
    "channel",
    "address__address_key",
    "text__language",
    "code",
    "link_path",
    "rank",
    "address__country",
)


@dataclass(frozen=True, slots=True)
class Reached:
    """A message that its reader has, or may have; no address is opened for it."""

    pk: int
    channel: str
    address_key: str
    language: str
    code: str
    link_path: str
    rank: int
    country: str

    def answered_by(self, text: Text) -> Letter:
        """Return a letter with another text, to the same address.

        It is for one purpose whatever this message was for: who had a reminder as well
        is answered once.
        """
        return Letter(
            channel=self.channel,
            address="",  # it is known by its key
            address_key=self.address_key,
            text=text,
            code=self.code,
            link_path=self.link_path,
            rank=self.rank,
            country=self.country,
        )


def messages(cause_key: str) -> QuerySet[Message]:
    """Keep a cause's messages that are with their readers, or may be.

    What waited and was stopped, was refused, ran out or could not be delivered is not
    among them, unless one of its requests may have been accepted.
    """
    unknown = Attempt.objects.filter(message=OuterRef("pk"), outcome__in=UNKNOWN)
    maybe = Q(state__in=MAYBE) & Exists(unknown)
    # Of a copy that did not arrive, an earlier one may have.
    earlier = unknown.filter(number__lt=F("message__attempt"))
    first = Q(state=State.UNDELIVERED) & Exists(earlier)
    left = Q(state__in=LEFT) | maybe | first
    return Message.objects.filter(left, cause__key=cause_key)


def is_in_hand(cause_key: str) -> bool:
    """Tell whether a worker still holds a message of which it is not known yet.

    A claim that has not begun when its cause is stopped is given back, within moments:
    whoever asks whom a stopped cause has reached waits until none is left.
    """
    begun = Attempt.objects.filter(message=OuterRef("pk"), number=OuterRef("attempt"))
    held = Message.objects.filter(cause__key=cause_key, state=State.CLAIMED)
    return held.exclude(Exists(begun)).exists()


def chunks(cause_key: str, size: int) -> Iterator[list[Reached]]:
    """Yield those messages in the order of their ids, without who has opted out since.

    Parameters
    ----------
    size : int
        Messages a chunk.
    """
    rows = messages(cause_key).order_by("pk").values_list(*_COLUMNS)
    after = 0
    while chunk := [Reached(*row) for row in rows.filter(pk__gt=after)[:size]]:
        silent = addresses.silenced((row.channel, row.address_key) for row in chunk)
        yield [row for row in chunk if (row.channel, row.address_key) not in silent]
        after = chunk[-1].pk
