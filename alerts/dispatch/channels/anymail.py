"""E-mail through any provider that django-anymail knows; one recipient each.

References
----------
https://anymail.dev/en/stable/esps/: `esp` is the name of its backend (`mailgun`,
`postmark`, `amazon_ses` …), and the account's other words are that backend's options.
"""

from anymail.exceptions import (
    AnymailAPIError,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from django.conf import settings
from django.core.mail import get_connection

from alerts.dispatch.channels.base import (
    ChannelError,
    GoneError,
    Outgoing,
    PermanentError,
    TemporaryError,
    UnclearError,
)
from alerts.dispatch.channels.email import Mail, build
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
}


class Anymail(Mail):
    """One account at an e-mail provider."""

    states = STATES
    gone = frozenset({"bounced", "invalid"})

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode, self.sender, self.name = conf["mode"], conf["sender"], conf["esp"]
        self.inbox = conf.get("inbox", "")
        self.options = {name: conf[name] for name in conf if name not in OURS}
        # Without an address of its own, a backend knows its provider's public one.
        url = self.options.get("api_url", "https://provider.example.org")
        door.provider_url_allowed(url, self.mode)

    def send(self, outgoing: Outgoing) -> str:
        """Send one mail and return the provider's id of it."""
        mail = build(outgoing, self.sender, self.inbox)
        mail.metadata = {METADATA: outgoing.uid}  # type: ignore[attr-defined]
        path = f"anymail.backends.{self.name}.EmailBackend"
        with get_connection(path, fail_silently=False, **self.options) as connection:
            mail.connection = connection
            try:
                mail.send(fail_silently=False)
            except AnymailRecipientsRefused as error:
                raise GoneError(f"{self.name} refused the address") from error
            except AnymailAPIError as error:
                raise _ours(self.name, error) from error
        status = getattr(mail, "anymail_status", None)
        return str(
            getattr(status, "message_id", "") or mail.extra_headers["Message-ID"]
        )


def _ours(name: str, error: AnymailAPIError) -> ChannelError:
    status = 0
    if isinstance(error, AnymailRequestsAPIError):
        status = int(error.status_code or 0)
    words = f"{name} answered {status or type(error).__name__}"
    if status in (429, 503):
        return TemporaryError(words, str(status))
    if 400 <= status < 500:
        return PermanentError(words, str(status))
    if "NewConnectionError" in repr(error.__cause__):
        return TemporaryError(f"{name} could not be reached")
    return UnclearError(words)
