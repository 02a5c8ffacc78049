"""A message's own link: derived from its id, found again by the key of its token."""

from django.conf import settings

from alerts.dispatch.models import Message
from consular import sealing

PURPOSE = "message"


def token(uid: object) -> str:
    """Return the token of the message with an id."""
    return sealing.token(PURPOSE, str(uid))


def url(message: Message) -> str:
    """Return a message's own link, or an empty text when it has none."""
    if not message.link_path:
        return ""
    return f"{settings.PUBLIC_URL}/{message.link_path}/{token(message.uid)}"


def message_for(token: str) -> Message | None:
    """Return the message whose link holds a token."""
    key = sealing.token_key(token)
    found = Message.objects.select_related("cause", "text").filter(link_key=key)
    return found.first()
