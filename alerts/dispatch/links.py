"""A message's own link: derived from its id, found again by the key of its token."""

import hmac
import os
import uuid
from collections.abc import Iterable

from django.conf import settings

from alerts.dispatch.models import Message
from consular import sealing

PURPOSE = "message"
UNSUBSCRIBE_PATH = "u"
# Notices that an address may switch off; warnings, codes and answers it asked for not.
UNSUBSCRIBABLE = {"confirmation"}


def new_uids(count: int) -> list[str]:
    """Make up the ids of many messages: random UUIDs (version 4), as texts."""
    drawn = os.urandom(16 * count)
    return [
        str(uuid.UUID(bytes=drawn[start : start + 16], version=4))
        for start in range(0, len(drawn), 16)
    ]


def token(uid: object) -> str:
    """Return the token of the message with an id."""
    return sealing.token(PURPOSE, str(uid))


def token_keys(uids: Iterable[str]) -> list[str]:
    """Return the keys under which the tokens of many messages are found."""
    return sealing.token_keys(PURPOSE, uids)


def address(path: str, uid: object) -> str:
    """Return the address of a message's own page; an empty path has none.

    `u` is the page that ends notices: its token is of another purpose, so that whoever
    is forwarded one link cannot use it as the other.
    """
    if not path:
        return ""
    if path == UNSUBSCRIBE_PATH:
        return f"{settings.PUBLIC_URL}/u/{uid}.{sealing.token('unsubscribe', str(uid))}"
    return f"{settings.PUBLIC_URL}/{path}/{token(uid)}"


def url(message: Message) -> str:
    """Return a message's own link, or an empty text when it has none."""
    return address(message.link_path, message.uid)


def message_for(token: str) -> Message | None:
    """Return the message whose link holds a token."""
    key = sealing.token_key(token)
    found = Message.objects.select_related("cause", "text").filter(link_key=key)
    return found.first()


def is_unsubscribable(purpose: str) -> bool:
    """Tell whether an address may switch off this kind of notice."""
    return purpose in UNSUBSCRIBABLE


def unsubscribed(uid: uuid.UUID, token: str) -> Message | None:
    """Return the notice whose unsubscribe link this is, or nothing."""
    right = sealing.token("unsubscribe", str(uid)).encode()
    if not hmac.compare_digest(token.encode(), right):
        return None
    return Message.objects.select_related("address", "text").filter(uid=uid).first()
