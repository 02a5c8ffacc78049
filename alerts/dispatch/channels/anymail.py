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
    CannotAskError,
    ChannelError,
    GoneError,
    Outgoing,
    PermanentError,
    TemporaryError,
    UnclearError,
)
from alerts.dispatch.channels.email import build
from consular import outgoing as door

OURS = {"transport", "channel", "mode", "esp", "sender", "weight", "rate"}


class Anymail:
    """One account at an e-mail provider."""

    hook = "mail"
    states: dict[str, str] = {}
    gone: frozenset[str] = frozenset()

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode, self.sender, self.name = conf["mode"], conf["sender"], conf["esp"]
        self.options = {name: conf[name] for name in conf if name not in OURS}
        # Without an address of its own, a backend knows its provider's public one.
        url = self.options.get("api_url", "https://provider.example.org")
        door.provider_url_allowed(url, self.mode)

    def send(self, outgoing: Outgoing) -> str:
        """Send one mail and return the provider's id of it."""
        mail = build(outgoing, self.sender)
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

    def look_up(self, outgoing: Outgoing) -> str:
        """Say that nobody can be asked."""
        raise CannotAskError(f"{self.name} is not asked what became of a mail")

    def delete(self, provider_id: str) -> None:
        """Refuse: a mail cannot be taken back."""
        raise PermanentError("a mail that has left cannot be taken back")


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
