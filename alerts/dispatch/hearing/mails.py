"""Read a mail as it came in: bytes in, values out; knows no model.

Whatever arrives here was written by anybody, so nothing of it is believed: only an id
that we gave to a mail of ours, which its reader alone has seen, says what it answers.

References
----------
RFC 3464 (delivery status notifications), RFC 3834 (automatic answers), RFC 8601
(`Authentication-Results`).
"""

import email
import html
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

import nh3

LONGEST_TEXT = 20_000
MOST_PARTS = 50  # of one mail; a bomb has thousands
# The id that our mails carry in their Message-ID, and the turn.
_OURS = re.compile(r"\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.\d+@")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d)\b[^>]*>", re.IGNORECASE)
_LISTS = {"bulk", "list", "junk", "auto_reply"}


class UnreadableError(ValueError):
    """Say that something is no mail, or is too broken to be read as one."""


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """What a mail server says of one mail of ours to one address."""

    uid: uuid.UUID
    message_id: str
    recipients: tuple[str, ...]
    action: str  # failed, delayed, delivered, relayed, expanded
    status: str  # 5.1.1


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail that came in."""

    message_id: str
    sender: str
    to: str
    subject: str
    text: str
    answers: tuple[uuid.UUID, ...]
    files: int = 0
    is_report: bool = False  # a mail server wrote it
    is_automatic: bool = False  # a machine did: away, a list
    is_spam: bool = False
    is_forged: bool = False  # our own server says that the sender did not send it
    bounces: tuple[Bounce, ...] = ()


def read(raw: bytes) -> Mail:
    """Read a mail.

    Raises
    ------
    UnreadableError
        When it is none, or is broken beyond what can be read.
    """
    try:
        return _read(email.message_from_bytes(raw))
    except Exception as error:  # the library raises all kinds of errors on bad mails
        raise UnreadableError(type(error).__name__) from error


def _read(mail: Message) -> Mail:
    sender = parseaddr(_header(mail, "From"))[1]
    if not sender:
        raise UnreadableError("it has no sender")
    threads = f"{_header(mail, 'In-Reply-To')} {_header(mail, 'References')}"
    parts = _parts(mail)
    return Mail(
        message_id=_header(mail, "Message-ID"),
        sender=sender,
        to=parseaddr(_header(mail, "To"))[1],
        subject=_header(mail, "Subject"),
        text=_text(parts),
        answers=_uids(threads),
        files=sum(1 for part in parts if _is_file(part)),
        is_report=_is_report(mail),
        is_automatic=_is_automatic(mail),
        is_spam=_header(mail, "X-Spam-Flag").upper() == "YES",
        is_forged=_is_forged(mail),
        bounces=tuple(_bounces(parts)) if _is_report(mail) else (),
    )


def _header(mail: Message, name: str) -> str:
    """Return a header in plain letters; nothing when it is not there."""
    raw = str(mail.get(name, ""))
    try:
        said = str(make_header(decode_header(raw)))
    except (LookupError, ValueError):
        said = raw
    return " ".join(said.replace("\x00", "").split())[:2000]


def _uids(words: str) -> tuple[uuid.UUID, ...]:
    """Return the ids of our mails that are named, the last one first."""
    found = (uuid.UUID(each) for each in reversed(_OURS.findall(words)))
    return tuple(dict.fromkeys(found))


def _parts(mail: Message) -> list[Message]:
    """Return what is no container, of this mail and not of one that lies in it."""
    found: list[Message] = []
    waiting = [mail]
    while waiting and len(found) < MOST_PARTS:
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting = _inside(part)[:MOST_PARTS] + waiting
        else:
            found.append(part)
    return found


def _inside(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [p for p in payload if isinstance(p, Message)] if payload else []


def _is_file(part: Message) -> bool:
    kind = part.get_content_maintype()
    return part.get_content_disposition() == "attachment" or kind not in (
        "text",
        "message",
    )


def _text(parts: list[Message]) -> str:
    """Return the words: plain where there are any, else those of the HTML."""
    readable = [part for part in parts if not _is_file(part)]
    for part in readable:
        if part.get_content_type() == "text/plain" and (said := _decoded(part)):
            return said
    for part in readable:
        if part.get_content_type() == "text/html":
            return _of_html(_decoded(part))
    return ""


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    charset = str(part.get_content_charset("utf-8"))
    try:
        said = raw.decode(charset, "replace")
    except LookupError:
        said = raw.decode("utf-8", "replace")
    return said.replace("\x00", "")[:LONGEST_TEXT].strip()


def _of_html(markup: str) -> str:
    """Return the words of HTML; what it quotes is left out."""
    lines = _BREAK.sub("\n", markup)
    quoted = {"blockquote", "head", "script", "style", "title"}
    plain = nh3.clean(lines, tags=set(), attributes={}, clean_content_tags=quoted)
    return html.unescape(plain).strip()


def _is_report(mail: Message) -> bool:
    return (
        mail.get_content_type() == "multipart/report"
        and str(mail.get_param("report-type", "")).lower() == "delivery-status"
    )


def _is_automatic(mail: Message) -> bool:
    """Tell whether nobody wrote it just now."""
    said = _header(mail, "Auto-Submitted").lower()
    return (
        (said not in ("", "no"))
        or _header(mail, "Precedence").lower() in _LISTS
        or any(name in mail for name in ("List-Id", "X-Autoreply", "X-Autorespond"))
        or _header(mail, "Return-Path") == "<>"
    )


def _is_forged(mail: Message) -> bool:
    """Tell whether the server that took it in says that its sender is not who it says.

    The first such header is our own server's. One that a forger wrote can only do harm
    to the forger.
    """
    said = _header(mail, "Authentication-Results").lower()
    if "dmarc=" in said:
        return "dmarc=fail" in said
    return "spf=fail" in said and "dkim=pass" not in said


def _bounces(parts: list[Message]) -> Iterator[Bounce]:
    about = next(filter(None, map(_original, parts)), "")
    uids = _uids(about)
    reports = [p for p in parts if p.get_content_type() == "message/delivery-status"]
    for block in (block for report in reports[:1] for block in _inside(report)):
        if uids and "Action" in block:
            yield Bounce(
                uid=uids[0],
                message_id=about,
                recipients=tuple(_recipients(block)),
                action=_header(block, "Action").lower()[:24],
                status=_header(block, "Status").split(" ")[0][:24],
            )


def _recipients(block: Message) -> Iterator[str]:
    for name in ("Original-Recipient", "Final-Recipient"):
        kind, _, address = _header(block, name).partition(";")
        if kind.strip().lower() == "rfc822" and address.strip():
            yield address.strip().strip("<>")


def _original(part: Message) -> str:
    """Return the Message-ID of the mail that came back, from itself or its headers."""
    if part.get_content_type() == "message/rfc822":
        inside = _inside(part)
        return _header(inside[0], "Message-ID") if inside else ""
    if part.get_content_type() == "text/rfc822-headers":
        payload = part.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else b""
        return _header(email.message_from_bytes(raw), "Message-ID")
    return ""
