"""SMS through Telnyx: the second provider, with an idempotency key.

References
----------
Telnyx, Send a message (https://developers.telnyx.com/api/messaging/send-message),
idempotent requests, and webhook signing with Ed25519.
"""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from alerts.dispatch.channels import answers
from alerts.dispatch.channels.api import Api
from alerts.dispatch.channels.base import (
    GoneError,
    OptedOutError,
    Outgoing,
    PermanentError,
    RepeatableError,
)

CODES = {
    "40310": "not a valid number",
    "40001": "not a mobile number",
    "40300": "the person sent STOP",
    "40008": "undeliverable",
    "40002": "blocked as spam",
}
GONE = frozenset({"40310", "40001"})
OPTED_OUT = frozenset({"40300"})
STATES = {
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivery_unconfirmed": "accepted",
    "delivered": "delivered",
    "sending_failed": "undelivered",
    "delivery_failed": "undelivered",
    "expired": "undelivered",
}


class TelnyxSms:
    """One Telnyx messaging profile or number that sends SMS."""

    hook = "telnyx"
    states = STATES
    gone = GONE
    opted_out = OPTED_OUT

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode, self.sender = conf["mode"], conf["sender"]
        self.api = Api("Telnyx", conf["base_url"], self.mode)
        self.token = conf["api_key"]

    def send(self, outgoing: Outgoing) -> str:
        """Send a text; the same key a second time sends nothing."""
        form = {
            "from": self.sender,
            "to": outgoing.to,
            "text": outgoing.body,
            "webhook_url": outgoing.callback_url,
            "use_profile_webhooks": False,
        }
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": outgoing.key,
        }
        try:
            said = self.api.ask("POST", "/v2/messages", json=form, headers=headers)
        except PermanentError as error:
            kind = type(error)
            if error.code in GONE:
                kind = GoneError
            elif error.code in OPTED_OUT:
                kind = OptedOutError
            raise kind(str(error), error.code) from error
        return answers.found(said, "data", "id")

    def look_up(self, outgoing: Outgoing) -> str:
        """Say that nobody can be asked; the key makes sending again safe instead."""
        raise RepeatableError("Telnyx lists no messages by address")

    def delete(self, provider_id: str) -> None:
        """Refuse: an SMS cannot be taken back."""
        raise PermanentError("an SMS that has left cannot be taken back")


def is_key(public_key: str) -> bool:
    """Tell whether a key is one by which webhooks can be known."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
    except ValueError:
        return False
    return True


def is_signed(public_key: str, signature: str, stamp: str, body: bytes) -> bool:
    """Tell whether a webhook was signed with an account's key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(signature), stamp.encode() + b"|" + body)
    except (InvalidSignature, ValueError):
        return False
    return True
