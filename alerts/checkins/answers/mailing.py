"""Take a mail that came in: a report of what became of ours, or somebody's answer.

An answer goes the way of a text message: stored, then read. Who sent a mail proves
nothing, since anybody may write any sender into it; the mail of ours that it answers
does, because only its reader has its id. What is in doubt may call for help, and clears
nobody.
"""

import hashlib
from datetime import datetime

from alerts.checkins.answers import attributing, audiences, inbox
from alerts.dispatch import addresses, answering, links
from alerts.dispatch import text as texts
from alerts.dispatch.hearing import bounces, mails, quotes
from alerts.dispatch.hearing.mails import Mail, UnreadableError
from alerts.dispatch.models import Channel, Message

PROVIDER = "mail"
SPAM = "our mail server took it for spam"
LARGEST = 10_000_000  # bytes of a mail; what it carries beside words is not kept


def take(raw: bytes, now: datetime) -> str:
    """Take one mail; return what it was, in a word that may stand in a log.

    The same mail again changes nothing.
    """
    try:
        mail = mails.read(raw)
    except UnreadableError:
        _store_unreadable(raw, now)
        return "unreadable"
    if mail.is_report:
        if bounces.take(mail, now):
            return "report"
        _store(mail, None, now, "a mail server's report of no mail of ours")
        return "report of something else"
    message = _answered(mail)
    if mail.is_automatic:
        _store(mail, message, now, "an automatic answer")
        return "automatic"
    if mail.is_spam and not (message or _is_known(mail)):
        _store(mail, message, now, SPAM)
        return "spam"
    _store(mail, message, now)
    return "answer"


def _answered(mail: Mail) -> Message | None:
    """Return the mail of ours that is answered: the last one that it names."""
    rows = Message.objects.filter(uid__in=mail.answers[:20], channel=Channel.EMAIL)
    found = {row.uid: row for row in rows.select_related("address", "text")}
    return next((found[uid] for uid in mail.answers if uid in found), None)


def _is_known(mail: Mail) -> bool:
    """Tell whether it says that it comes from an address that we know."""
    channel = Channel.EMAIL.value
    return bool(audiences.of_address(addresses.key(channel, mail.sender), channel))


def _doubt(mail: Mail, message: Message | None) -> str:
    """Say why a mail clears nobody, or nothing."""
    if mail.is_forged:
        return "our mail server does not believe the sender"
    if mail.is_spam:
        return SPAM
    if message is None:
        return "it answers none of our mails"
    if addresses.key("email", mail.sender) != message.address.address_key:
        return "it came from another address than we wrote to"
    return ""


def _store(mail: Mail, message: Message | None, now: datetime, aside: str = "") -> None:
    said = quotes.own_words(mail.text, _as_sent(message) if message else "")
    form = {
        "MessageSid": _identity(mail),
        "From": mail.sender,
        "To": mail.to,
        "Body": said,
        "Subject": mail.subject,
        "Whole": mail.text,
        "Files": str(mail.files),
        attributing.DOUBT: _doubt(mail, message),
    }
    channel = Channel.EMAIL.value
    inbox.store(PROVIDER, form, channel, now, message=message, aside=aside)


def _as_sent(message: Message) -> str:
    """Return what our mail said, so that an answer's quotation is known."""
    can_answer = answering.can_answer(message.account, "")
    said = texts.for_reader(message.text.body, can_answer)
    return texts.filled(said, links.url(message), message.code)


def _identity(mail: Mail) -> str:
    """Return the same for the same mail, however often and by whatever way it comes."""
    parts = (mail.message_id, mail.sender, mail.subject, mail.text)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _store_unreadable(raw: bytes, now: datetime) -> None:
    """Put before an officer what is no mail, or too broken to be read as one."""
    form = {
        "MessageSid": hashlib.sha256(raw).hexdigest(),
        "Body": "",
        "Whole": raw[: mails.LONGEST_TEXT].decode("utf-8", "replace"),
        attributing.DOUBT: "it could not be read as a mail: look into the mailbox",
    }
    form["Whole"] = form["Whole"].replace("\x00", "")
    inbox.store(PROVIDER, form, Channel.EMAIL.value, now)
