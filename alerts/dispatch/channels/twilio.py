"""SMS and WhatsApp through Twilio.

References
----------
Twilio, Message resource (https://www.twilio.com/docs/messaging/api/message-resource).
Creating a message has no idempotency key: what is unclear is asked for by address and
text. WhatsApp wants an approved template unless the person wrote within 24 hours
(https://www.twilio.com/docs/whatsapp/key-concepts).
"""

import json
from typing import Any

from django.conf import settings

from alerts.dispatch.channels import answers
from alerts.dispatch.channels.base import Outgoing, PermanentError
from alerts.dispatch.channels.twilio_account import (
    CALLBACK_RETRIES,
    TwilioAccount,
    unasked,
)

# Twilio takes 1 to 36,000 seconds; beyond them a text is not worth delivering.
LONGEST_S = 36_000
# The provider's words for how a message ended, and ours.
STATES = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "undelivered",
    "canceled": "undelivered",
}


class TwilioSms(TwilioAccount):
    """One Twilio account that sends SMS.

    The sender is a long code, a short code, a toll-free number, an alphanumeric name
    (which nobody can answer), or the `MG…` of a Messaging Service.
    """

    states = STATES

    def send(self, outgoing: Outgoing) -> str:
        """Create a message and return its SID."""
        return self._create(outgoing, to=outgoing.to, body=outgoing.body)

    def _create(self, outgoing: Outgoing, **fields: Any) -> str:
        fields |= self._from()
        if outgoing.valid_s:
            fields["validity_period"] = max(1, min(int(outgoing.valid_s), LONGEST_S))
        try:
            message = self.client.messages.create(
                status_callback=outgoing.callback_url + CALLBACK_RETRIES, **fields
            )
            return answers.found({"sid": message.sid}, "sid")
        except Exception as error:
            raise self.ours(error) from error

    def _from(self) -> dict[str, str]:
        if self.sender.startswith("MG") and len(self.sender) == 34:
            return {"messaging_service_sid": self.sender}
        return {"from_": self.sender}

    def look_up(self, outgoing: Outgoing) -> str:
        """Find a message by its address and its own link among the last ones."""
        mark = outgoing.link or outgoing.body
        return self._find(outgoing.to, mark, outgoing.others)

    def _find(self, to: str, mark: str, others: frozenset[str]) -> str:
        try:
            for message in self.client.messages.list(to=to, limit=50):
                if mark in (message.body or "") and message.sid not in others:
                    return answers.found({"sid": message.sid}, "sid")
        except Exception as error:
            raise unasked(error) from error
        return ""

    def delete(self, provider_id: str) -> None:
        """Refuse: an SMS cannot be taken back."""
        raise PermanentError("an SMS that has left cannot be taken back")


class TwilioWhatsApp(TwilioSms):
    """One Twilio account that sends WhatsApp messages.

    `templates` of the account names an approved content template a language, with
    `{{1}}` for the text: `en=HX…,es=HX…`. Within 24 hours of the person's own message
    the text goes as it is.
    """

    def __init__(self, account: str) -> None:
        super().__init__(account)
        words = settings.ACCOUNTS[account].get("templates", "").split(",")
        pairs = (word.strip().partition("=") for word in words if word.strip())
        self.templates = {language: sid for language, _, sid in pairs}

    def send(self, outgoing: Outgoing) -> str:
        """Create a message, by template unless a conversation is open."""
        to = f"whatsapp:{outgoing.to}"
        if outgoing.in_conversation:
            return self._create(outgoing, to=to, body=outgoing.body)
        sid = self.templates.get(outgoing.language)
        if sid is None:
            raise PermanentError(
                f"no approved WhatsApp template in {outgoing.language}", "no_template"
            )
        # A variable may hold no line breaks.
        said = " ".join(outgoing.body.split())
        return self._create(
            outgoing, to=to, content_sid=sid, content_variables=json.dumps({"1": said})
        )

    def _from(self) -> dict[str, str]:
        sender = super()._from()
        if "from_" in sender:
            return {"from_": f"whatsapp:{self.sender}"}
        return sender

    def look_up(self, outgoing: Outgoing) -> str:
        """Find a message by its address and its own link."""
        mark = outgoing.link or " ".join(outgoing.body.split())
        return self._find(f"whatsapp:{outgoing.to}", mark, outgoing.others)
