"""SMS through Telnyx: the second provider, with an idempotency key.

References
----------
Telnyx, Send a message (https://developers.telnyx.com/api/messaging/send-message),
idempotent requests, webhook signing with Ed25519, and the error codes of messaging
(https://developers.telnyx.com/docs/messaging/messages/error-codes).
"""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from alerts.dispatch.channels import answers
from alerts.dispatch.channels.api import Api
from alerts.dispatch.channels.base import (
    ChannelError,
    GoneError,
    OptedOutError,
    Outgoing,
    PermanentError,
    RepeatableError,
    SetUpError,
    TemporaryError,
    UnclearError,
)

CODES = {
    "40310": "not a valid number",
    "40001": "not a mobile number",
    "40300": "the person sent STOP",
    "40008": "undeliverable",
    "40002": "blocked as spam",
    "40309": "the country is not enabled at the provider",
    "40318": "the provider's queue is full",
    "20012": "the account is not active: often, nothing is paid for",
    "20013": "the account is blocked",
    "20014": "the account is not verified",
    "20100": "nothing is paid for",
    "40013": "the sender is not a valid number",
    "40100": "the sender cannot send texts",
    "40305": "the sender is not one of the account",
    "40306": "the sender's name is not set up",
    "40311": "the messaging profile is not valid",
    "40312": "the messaging profile is disabled",
    "40313": "the messaging profile is missing",
    "40314": "the account may not send texts",
    "40315": "the provider holds the sender back",
    "40320": "the sender cannot be used yet",
    "40321": "the messaging profile has no sender",
    "40329": "the toll-free sender is not verified",
}
GONE = frozenset({"40310", "40001"})
OPTED_OUT = frozenset({"40300"})
# Whatever the status beside them: a profile that is disabled is a 409.
SET_UP = frozenset({"20012", "20013", "20014", "20100"})
SET_UP |= {"40013", "40100", "40305", "40306", "40311", "40312", "40313", "40314"}
SET_UP |= {"40315", "40320", "40321", "40329"}
WAIT = frozenset({"40318"})
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
    returned: frozenset[str] = frozenset()  # its key would keep it from leaving again

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
        except TemporaryError:
            raise
        except ChannelError as error:
            raise _kind(error)(str(error), error.code) from error
        return answers.found(said, "data", "id")

    def look_up(self, outgoing: Outgoing) -> str:
        """Say that nobody can be asked; the key makes sending again safe instead."""
        raise RepeatableError("Telnyx lists no messages by address")

    def delete(self, provider_id: str) -> None:
        """Refuse: an SMS cannot be taken back."""
        raise PermanentError("an SMS that has left cannot be taken back")


def _kind(error: ChannelError) -> type[ChannelError]:
    """Sort a refusal by its code, where that says more than its status.

    What may have been taken marks nobody, whatever its code; but an account that may
    not send has taken nothing.
    """
    kinds: list[tuple[frozenset[str], type[ChannelError]]] = [(SET_UP, SetUpError)]
    if not isinstance(error, UnclearError):
        kinds += [(GONE, GoneError), (OPTED_OUT, OptedOutError), (WAIT, TemporaryError)]
    found = (kind for codes, kind in kinds if error.code in codes)
    return next(found, type(error))


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
