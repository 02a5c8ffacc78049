"""What the simulated provider holds in memory: texts, mails, posts, its settings."""

import asyncio
import hashlib
import html
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alerts.exercises import journal
from alerts.exercises.provider.faults import Dice, Faults

HOST = "127.0.0.1"
_ACTION = re.compile(r'<Gather[^>]* action="([^"]+)"')
_SAY = re.compile(r"<Say[^>]*>([^<]+)</Say>")


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How a simulated provider is set up; port 0 takes a free one."""

    journal: Path
    public_url: str  # Muster's own address, where inbound messages are posted
    account_sid: str
    auth_token: str
    access_token: str = "simulated"
    port: int = 0
    smtp_port: int = 0
    faults: Faults = field(default_factory=Faults)
    seed: int = 1
    speed: float = 1.0
    people: bool = False


@dataclass(kw_only=True)
class Text:
    """One SMS, in either direction; `number` is the person's."""

    sid: str
    number: str
    ours: str
    body: str
    at: datetime
    is_inbound: bool = False
    callback: str = ""
    status: str = "queued"
    error_code: str = ""
    channel: str = "sms"
    provider: str = "twilio"
    turn: int = 1  # the how many-th to this number: what faults go by
    # Keys that were pressed in a call, and what was said then.
    keys: list[tuple[str, str]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What its owner reads, or hears in a call."""
        return spoken(self.body) if self.channel == "voice" else self.body

    @property
    def action(self) -> str:
        """Where a key is posted that is pressed in this call."""
        found = _ACTION.search(self.body) if self.channel == "voice" else None
        return html.unescape(found.group(1)) if found else ""


def spoken(twiml: str) -> str:
    """Return what a call says, what is repeated once.

    Examples
    --------
    >>> spoken("<Response><Say>Are you safe?</Say><Say>Are you safe?</Say></Response>")
    'Are you safe?'
    """
    return "\n".join(dict.fromkeys(map(html.unescape, _SAY.findall(twiml))))


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One e-mail that was taken in."""

    sid: str
    to: str
    sender: str
    subject: str
    body: str
    reference: str
    at: datetime
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Post:
    """One public post."""

    sid: str
    body: str
    at: datetime
    in_reply_to: str = ""
    network: str = "mastodon"


def thread_key(address: str) -> str:
    """Return a short key for an address, so that pages' addresses hold no number."""
    return hashlib.sha256(address.encode()).hexdigest()[:12]


def reference_of(callback: str) -> tuple[str, int]:
    """Read Muster's own id and attempt number from a status callback's address.

    Examples
    --------
    >>> reference_of("https://host/hooks/twilio/status/5f0e-11/2#rc=5")
    ('5f0e-11', 2)
    >>> reference_of("https://host/elsewhere")
    ('', 0)
    """
    words = urlsplit(callback).path.strip("/").split("/")
    if len(words) >= 3 and words[-3] == "status" and words[-1].isdigit():
        return words[-2], int(words[-1])
    return "", 0


class Office:
    """The provider's books; one event loop uses them, so they need no lock."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.dice = Dice(setup.faults, setup.seed)
        self.texts: dict[str, Text] = {}
        self.threads: defaultdict[str, list[Text]] = defaultdict(list)
        self.mails: list[Mail] = []
        self.posts: dict[str, Post] = {}
        self.senders: set[str] = set()
        self.opted_out: set[tuple[str, str]] = set()
        self.in_flight = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._remember()
        self.journal = journal.Writer(setup.journal)

    @property
    def pending(self) -> int:
        """How many receipts and answers are still to come."""
        return len(self._tasks)

    def now(self) -> datetime:
        """Return the provider's own time: it is another machine's clock."""
        return datetime.now(UTC)

    def note(self, kind: str, **facts: object) -> None:
        """Write a line into the journal."""
        self.journal.add(kind, self.now(), **facts)

    def later(self, work: Any) -> None:
        """Let something happen in its own time."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Forget what was still to happen."""
        for task in self._tasks:
            task.cancel()
        self.journal.close()

    def take(self, text: Text, answer: str) -> None:
        """Keep an outbound text and write down that it was accepted."""
        self._keep(text)
        reference, attempt = reference_of(text.callback)
        facts = {"to": text.number, "from": text.ours, "body": text.body}
        facts |= {"sid": text.sid, "reference": reference, "callback": text.callback}
        facts |= {"channel": text.channel, "provider": text.provider}
        self.note("accepted", attempt=attempt, answer=answer, **facts)

    def take_mail(self, mail: Mail, answer: str) -> None:
        """Keep a mail and write down that it was accepted."""
        self.mails.append(mail)
        facts: dict[str, object] = {
            "to": mail.to,
            "from": mail.sender,
            "subject": mail.subject,
        }
        facts |= {"body": mail.body, "sid": mail.sid, "reference": mail.reference}
        facts["headers"] = mail.headers
        self.note("accepted", channel="email", answer=answer, **facts)

    def take_post(self, post: Post, key: str, answer: str = "") -> None:
        """Keep a post and write down that it was accepted."""
        self.posts[post.sid] = post
        facts = {"to": post.network, "body": post.body, "sid": post.sid}
        facts |= {"reference": key, "in_reply_to": post.in_reply_to}
        self.note("accepted", channel="social", answer=answer, **facts)

    def _keep(self, text: Text) -> None:
        thread = self.threads[text.number]
        text.turn = 1 + sum(not each.is_inbound for each in thread)
        thread.append(text)
        self.texts[text.sid] = text
        self.senders.add(text.ours)

    def hear(self, text: Text) -> None:
        """Keep an inbound text, and what it says about opting out."""
        self.threads[text.number].append(text)
        self.texts[text.sid] = text

    def _remember(self) -> None:
        """Know again what was accepted before a restart."""
        for row in journal.read(self.setup.journal).accepted("sms"):
            text = Text(
                sid=row["sid"],
                number=row["to"],
                ours=row["from"],
                body=row["body"],
                at=datetime.fromisoformat(row["at"]),
                callback=row["callback"],
                status="sent",
            )
            self._keep(text)
