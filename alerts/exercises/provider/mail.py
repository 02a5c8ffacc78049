"""A mail server that takes everything in and sends nothing on."""

import asyncio
import email
import re
import secrets
from collections.abc import Callable
from email import policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from alerts.exercises.provider.office import Mail, Office

KEPT = ["List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"]
KEPT += ["To", "Cc", "Bcc"]
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    return "" if part is None else str(part.get_content()).strip()


def _reference(message_id: str) -> str:
    """Find Muster's own id in a Message-ID; without one, keep what stands before @."""
    found = UID.search(message_id)
    return found.group() if found else message_id.strip("<> ").split("@")[0]


class Sink:
    """Take mails in, or fail as the dice say (aiosmtpd's handler)."""

    def __init__(self, office: Office, on_mail: Callable[[Mail], None]) -> None:
        self.office = office
        self.on_mail = on_mail

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer the end of a mail."""
        to = ", ".join(envelope.rcpt_tos)
        fault = self.office.dice.answer(to)
        if self.office.setup.faults.down or fault in ("busy", "unavailable"):
            return self._refused(to, fault, "451 4.3.2 Try again later")
        if fault in ("error_500", "reset", "hang"):
            return self._refused(to, fault, "451 4.3.0 Local error")
        if code := self.office.dice.undelivered(to):
            return self._refused(to, code, "550 5.1.1 No such mailbox")
        mail = self._mail(to, envelope)
        self.office.take_mail(mail, fault)
        self.on_mail(mail)
        if fault and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return f"250 2.0.0 Queued as {mail.sid}"

    def _refused(self, to: str, answer: str, words: str) -> str:
        self.office.note("refused", channel="email", to=to, answer=answer or "down")
        return words

    def _mail(self, to: str, envelope: Envelope) -> Mail:
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        message = email.message_from_bytes(raw, policy=policy.default)
        return Mail(
            sid=secrets.token_hex(8),
            to=to,
            sender=str(message.get("From", "")),
            subject=str(message.get("Subject", "")),
            body=_text(message) if isinstance(message, EmailMessage) else "",
            reference=_reference(str(message.get("Message-ID", ""))),
            at=self.office.now(),
            headers={
                name: ", ".join(map(str, message.get_all(name, [])))
                for name in KEPT
                if name in message
            },
        )
