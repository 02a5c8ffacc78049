"""E-mail over SMTP through Django's mail: one recipient in each envelope and header."""

import re
import smtplib
import threading
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from alerts.dispatch.channels import wire
from alerts.dispatch.channels.base import (
    CannotAskError,
    ChannelError,
    GoneError,
    Outgoing,
    PermanentError,
    SetUpError,
    TemporaryError,
    UnclearError,
)
from alerts.dispatch.channels.smtp_line import Backend
from consular import languages
from consular import outgoing as door

# What answers a step of a mail; anything else says nothing of the mail.
_REPLIES = (
    smtplib.SMTPDataError,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
)
# No sign-in, a wrong or too weak one, no encryption.
_SET_UP = {530, 534, 535, 538}
TOO_LARGE = 552
_ENHANCED = re.compile(rb"5\.\d{1,3}\.\d{1,3}\b")
# What servers say later of a mail (RFC 3464, section 2.3.3), and our words.
STATES = {
    "delivered": "delivered",
    "failed": "undelivered",
    "delayed": "accepted",
    "relayed": "accepted",
    "expanded": "accepted",
}
# Why it came back (RFC 3463), and which of them say that the address does not exist.
CODES = {
    "5.1.1": "the mailbox does not exist",
    "5.1.2": "the address's mail server does not exist",
    "5.1.3": "the address is not valid",
    "5.1.6": "the mailbox has moved",
    "5.1.10": "the address takes no mail",
    "5.2.1": "the mailbox is closed",
    "5.2.2": "the mailbox is full",
    "4.2.2": "the mailbox is full",
    "4.4.1": "the mail server did not answer for too long",
    "4.4.7": "the mail server did not answer for too long",
    "5.4.7": "the mail server did not answer for too long",
    "5.7.1": "the mail server refuses our mails",
}
GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


class Mail:
    """What every way of sending mail shares: it cannot be asked for, or taken back."""

    hook = "mail"
    opted_out: frozenset[str] = frozenset()  # whoever ends mails does so here
    returned: frozenset[str] = frozenset()

    def look_up(self, outgoing: Outgoing) -> str:
        """Say that nobody can be asked."""
        raise CannotAskError("nobody can be asked what became of a mail")

    def delete(self, provider_id: str) -> None:
        """Refuse: a mail cannot be taken back."""
        raise PermanentError("a mail that has left cannot be taken back")


class Smtp(Mail):
    """One SMTP server; each thread keeps a connection of its own open."""

    states = STATES
    gone = GONE

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode = conf["mode"]
        self.sender, self.inbox = conf["sender"], conf.get("inbox", "")
        door.provider_url_allowed(conf["url"], self.mode)
        self.url = urlsplit(conf["url"])
        self.kept = threading.local()

    def _connection(self) -> Backend:
        if not hasattr(self.kept, "connection"):
            self.kept.connection = Backend(
                host=self.url.hostname,
                port=self.url.port or PORTS[self.url.scheme],
                username=unquote(self.url.username or ""),
                password=unquote(self.url.password or ""),
                use_tls=self.url.scheme == "smtp+tls",
                use_ssl=self.url.scheme == "smtps",
                timeout=wire.ANSWER_S,
            )
        connection: Backend = self.kept.connection
        return connection

    def send(self, outgoing: Outgoing) -> str:
        """Send one mail and return its Message-ID."""
        mail = build(outgoing, self.sender, self.inbox)
        if self.inbox:  # bounces go to the envelope's sender
            mail.extra_headers["From"], mail.from_email = self.sender, self.inbox
        if not self._opened():
            try:
                self._hand_over(mail)
            except TemporaryError as error:
                if error.code:
                    raise
                self._opened()  # the server had closed what we kept open
                self._hand_over(mail)
        else:
            self._hand_over(mail)
        return str(mail.extra_headers["Message-ID"])

    def _opened(self) -> bool:
        """Open a connection; tell whether there was none."""
        connection = self._connection()
        connection.again()
        try:
            return bool(connection.open())
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise _closed(error) from error

    def _hand_over(self, mail: EmailMultiAlternatives) -> None:
        connection = mail.connection = self._connection()
        try:
            mail.send(fail_silently=False)
        except (OSError, smtplib.SMTPException) as error:
            may_have_it = connection.may_have_it
            self._drop()
            raise _ours(error, may_have_it=may_have_it) from error
        except ValueError as error:  # before anything was said
            raise PermanentError("it cannot be written as a mail") from error

    def _drop(self) -> None:
        self.kept.__dict__.pop("connection", None)


def build(outgoing: Outgoing, sender: str, inbox: str = "") -> EmailMultiAlternatives:
    """Write a mail for one person: plain text, and HTML from the same words.

    Parameters
    ----------
    inbox : str, optional
        Where answers go: an address whose mails Muster is handed.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2]  # of `Ministry <a@example.org>`
    headers = {
        "Message-ID": _message_id(outgoing, domain),
        "Auto-Submitted": "auto-generated",
    }
    if outgoing.unsubscribe_url:
        # Warnings to the affected cannot be switched off, and so do not offer it.
        headers["List-Unsubscribe"] = f"<{outgoing.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMultiAlternatives(
        subject=" ".join(outgoing.subject.split()),
        body=outgoing.body,
        from_email=sender,
        to=[outgoing.to],
        reply_to=[inbox] if inbox else None,
        headers=headers,
    )
    context = {
        "outgoing": outgoing,
        "direction": languages.direction(outgoing.language),
        "paragraphs": outgoing.body.split("\n\n"),
    }
    html = render_to_string("dispatch/mail.html", context)
    mail.attach_alternative(html, "text/html")
    return mail


def _message_id(outgoing: Outgoing, domain: str) -> str:
    """Return a mail's own id: the same for as long as an earlier copy may be there.

    A mail that is sent once more because nobody knows whether it arrived so has the id
    of its first copy, by which many mail servers and programs drop the second.
    """
    turn = outgoing.key.rpartition("-")[2] or str(outgoing.attempt)
    return f"<muster.{outgoing.uid}.{turn}@{domain}>"


def _closed(error: Exception) -> ChannelError:
    """Sort what happens before a mail is begun: it may always be tried again."""
    name = type(error).__name__
    words = f"the mail server refused us: {_code(error) or name}"
    is_ours = isinstance(error, smtplib.SMTPNotSupportedError)
    is_ours |= isinstance(error, smtplib.SMTPAuthenticationError) and (
        _code(error) >= 500
    )
    return (SetUpError if is_ours else TemporaryError)(words, str(_code(error) or name))


def _ours(error: Exception, *, may_have_it: bool = True) -> ChannelError:
    """Sort an SMTP error: 4xx later, 5xx never; a lost line is unclear after the text.

    A bare 550 may speak of our rules or our server as well as of the mailbox: only the
    longer code that names the address (RFC 3463) marks it.
    """
    code = _code(error) if isinstance(error, _REPLIES) else 0
    words = f"the mail server answered {code or type(error).__name__}"
    if (longer := _longer_code(error)) in GONE:
        return GoneError(f"{words} {longer}", longer)
    if 400 <= code < 500:
        return TemporaryError(words, str(code))
    if code in _SET_UP or (code >= 500 and _is_of_the_sender(error)):
        return SetUpError(words, str(code))
    if code >= 500:
        return PermanentError(words, str(code))
    return UnclearError(words) if may_have_it else TemporaryError(words)


def _is_of_the_sender(error: Exception) -> bool:
    return isinstance(error, smtplib.SMTPSenderRefused) and _code(error) != TOO_LARGE


def _longer_code(error: Exception) -> str:
    """Return the enhanced status code that a server's words begin with, or nothing."""
    said = getattr(error, "smtp_error", b"")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = next((answer[1] for answer in error.recipients.values()), b"")
    raw = said if isinstance(said, bytes) else str(said).encode()
    found = _ENHANCED.match(raw)
    return found[0].decode() if found else ""


def _code(error: Exception) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((answer[0] for answer in error.recipients.values()), default=0)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return 0
    return int(getattr(error, "smtp_code", 0))
