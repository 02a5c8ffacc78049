"""Mails as a mail server hands them in: answers to ours, and reports of ours."""

from email.message import EmailMessage
from email.utils import make_msgid

from tests.checkins.conftest import ADA, id_of

MALLORY = "mallory@example.org"


def written(body, sender=ADA, to=None, **headers) -> bytes:
    """A mail as a mail server hands it in, in answer to one of ours."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Somebody <{sender}>", "answers@example.org"
    mail["Subject"] = "Re: Earthquake"
    mail["Message-ID"] = make_msgid(domain="example.org")
    if to is not None:
        mail["In-Reply-To"] = id_of(to)
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(body)
    return mail.as_bytes()


def report(message, status="5.1.1", recipient=ADA, action="failed", about=None):
    """A report of a mail server (RFC 3464), with the headers of the mail."""
    about = id_of(message) if about is None else about
    lines = f"""From: MAILER-DAEMON@mx.example.org
To: answers@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-{status}-{action}@mx.example.org>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=="

--==
Content-Type: text/plain

I am sorry to inform you. HELP is at hand.
--==
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--==
Content-Type: text/rfc822-headers

From: alerts@ministry.example.org
Message-ID: {about}

--==--
"""
    return lines.encode()
