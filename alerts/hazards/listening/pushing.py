"""Take what a situation room sends by itself, once its signature is checked.

The signature covers the moment of sending, so that an old request cannot be used again
later; the same bytes again within the window are the same document and write nothing.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from alerts.hazards.listening import intake, polling
from alerts.hazards.models import Document, Source
from consular import sealing

FORMAT = "situation"
WINDOW_S = 300
BYTES_MOST = 2_000_000


class ForgedError(ValueError):
    """Say why a request is not believed."""


@dataclass(frozen=True)
class Taken:
    """What became of a pushed document."""

    document: Document
    is_new: bool


def secret_of(source: Source) -> str:
    """Return the secret that signs what is pushed for a source; nothing stores it."""
    return sealing.token("push", f"{source.slug}:{source.push_generation}")


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body that is sent at a moment.

    Examples
    --------
    >>> sign("secret", "1772452800", b"{}")[:16]
    'sha256=ed27af7df'
    """
    said = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def check(
    source: Source, timestamp: str, signature: str, body: bytes, now: datetime
) -> None:
    """Refuse what is not signed, is signed otherwise, or is not of now.

    Raises
    ------
    ForgedError
        With what the sender has to mend; never with what the signature should be.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise ForgedError("X-Muster-Timestamp must be seconds since 1970.")
    wanted = sign(secret_of(source), timestamp, body)
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise ForgedError("X-Muster-Signature is not that of this body and time.")
    if abs(now.timestamp() - int(timestamp)) > WINDOW_S:
        raise ForgedError(
            f"X-Muster-Timestamp is more than {WINDOW_S} s from now; check the clock."
        )


def take(source: Source, body: bytes, now: datetime) -> Taken:
    """Store and read a pushed document; what it says may propose."""
    digest = hashlib.sha256(body).hexdigest()
    is_new = not source.documents.filter(sha256=digest).exists()
    document, _ = intake.take(source, body, "application/json", now)
    if document.state == Document.State.QUARANTINED:
        polling.note_trouble(source, document.reason, now)
    else:
        polling.note_heard(source, now)
    if is_new:
        polling.weigh([document], now)
    return Taken(document, is_new)
