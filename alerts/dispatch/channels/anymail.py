"""E-mail through any provider that django-anymail knows; one recipient each.

References
----------
https://anymail.dev/en/stable/esps/: `esp` is the name of its backend (`mailgun`,
`postmark`, `amazon_ses` …), and the account's other words are that backend's options.
"""

import re
import threading
from collections.abc import Mapping
from typing import Any

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailError,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from alerts.dispatch.channels import answers, wire
from alerts.dispatch.channels.api import was_not_reached
from alerts.dispatch.channels.base import (
    ChannelError,
    GoneError,
    Outgoing,
    PermanentError,
    SetUpError,
    TemporaryError,
    UnclearError,
    refusal,
)
from alerts.dispatch.channels.email import GONE, Mail, build
from consular import outgoing as door

OURS = {
    "transport",
    "channel",
    "mode",
    "esp",
    "sender",
    "weight",
    "rate",
    "replies",
    "inbox",
}
OURS |= {"webhook_secret", "webhook_signing_key", "webhook_verification_key"}
METADATA = "muster"  # under which a mail carries our own id, and its events do
# anymail's words for how a mail ended, and ours; opens and clicks are not asked for.
STATES = {
    "queued": "accepted",
    "sent": "accepted",
    "deferred": "accepted",
    "delivered": "delivered",
    "complained": "delivered",
    "bounced": "undelivered",
    "rejected": "undelivered",
    "failed": "undelivered",
}
# Why it bounced, and what that means to an officer.
CODES = {
    "bounced": "the mail server says that the mailbox does not exist",
    "invalid": "the address is not valid",
    "blocked": "the mail server refuses our mails",
    "spam": "the mail server took it for spam",
    "timed_out": "the mail server did not answer for too long",
    "unsubscribed": "the person wants no mails from this sender",
    "other": "the mail provider could not deliver it",
    "passing": "the mailbox did not take it this time",
}
# The mail server's own code (RFC 3463), in what anymail hands on of its answer.
_ENHANCED = re.compile(r"\b[45]\.\d{1,3}\.\d{1,3}\b")
# anymail calls every bounce by one word; these are the providers' own for one that is
# no word on the address, such as a mailbox that is full or a note of absence.
_PASSING = re.compile("soft|transient|undetermined", re.IGNORECASE)
_PASSING_CLASSES = {"20", "21", "22", "23", "24", "40", "70"}  # SparkPost's


class Anymail(Mail):
    """One account at an e-mail provider."""

    states = STATES
    gone = GONE | {"bounced", "invalid"}

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode, self.sender, self.name = conf["mode"], conf["sender"], conf["esp"]
        self.inbox = conf.get("inbox", "")
        self.conf = conf
        self.kept = threading.local()
        # Without an address of its own, a backend knows its provider's public one.
        url = conf.get("api_url", "https://provider.example.org")
        door.provider_url_allowed(url, self.mode)

    def _connection(self) -> BaseEmailBackend:
        """Return this thread's connection; one over HTTP asks carefully."""
        if not hasattr(self.kept, "connection"):
            made = backend(self.conf)
            made.open()
            session = getattr(made, "session", None)
            if isinstance(session, requests.Session):
                wire.guard(session)
            self.kept.connection = made
        connection: BaseEmailBackend = self.kept.connection
        return connection

    def send(self, outgoing: Outgoing) -> str:
        """Send one mail and return the provider's id of it."""
        mail = build(outgoing, self.sender, self.inbox)
        mail.metadata = {METADATA: outgoing.uid}  # type: ignore[attr-defined]
        try:
            mail.connection = self._connection()
            mail.send(fail_silently=False)
        except AnymailError as error:
            raise _ours(self.name, error) from error
        except ImproperlyConfigured as error:
            raise SetUpError(f"{self.name} is not set up") from error
        status = getattr(mail, "anymail_status", None)
        try:
            return answers.found({"id": getattr(status, "message_id", None)}, "id")
        except UnclearError:  # it has it, under no name that could be kept
            return str(mail.extra_headers["Message-ID"])


def code_of(event: Any) -> str:
    """Return why a mail bounced or was refused, as far as an event tells."""
    if event.event_type == "bounced":
        if found := _ENHANCED.search(str(event.mta_response or "")):
            return found[0]
        if _is_passing(event):
            return "passing"
    return str(event.reject_reason or "")


def _is_passing(event: Any) -> bool:
    said = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    words = [str(said.get(name, "")) for name in ("event", "type", "Type")]
    words.append(str(event.description or ""))
    return any(map(_PASSING.search, words)) or (
        str(said.get("bounce_class", "")) in _PASSING_CLASSES
    )


def backend(conf: Mapping[str, str]) -> BaseEmailBackend:
    """Make anymail's backend of an account; it needs what that backend needs."""
    options = {name: conf[name] for name in conf if name not in OURS}
    path = f"anymail.backends.{conf['esp']}.EmailBackend"
    made: BaseEmailBackend = get_connection(path, fail_silently=False, **options)
    return made


def _ours(name: str, error: AnymailError) -> ChannelError:
    if isinstance(error, AnymailRecipientsRefused):
        return GoneError(f"{name} refused the address")
    if isinstance(error, AnymailConfigurationError):
        return SetUpError(f"{name} is not set up")
    if not isinstance(error, AnymailAPIError):
        return PermanentError(f"it cannot be written as a mail: {type(error).__name__}")
    if isinstance(error.__cause__, requests.RequestException) and was_not_reached(
        error.__cause__
    ):
        return TemporaryError(f"{name} could not be reached")
    status, wait = 0, None
    if isinstance(error, AnymailRequestsAPIError) and error.response is not None:
        status = int(error.status_code or 0)
        wait = answers.wait_s(error.response.headers)
    words = f"{name} answered {status or type(error).__name__}"
    return refusal(status, words, str(status or ""), wait)
