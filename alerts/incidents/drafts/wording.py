"""What a text looks like when it is sent, and what is wrong with it.

Texts hold `{link}` and `{code}`, where each message puts its own, and say between
`{reply}` and `{/reply}` how to answer, which is left out where nobody can. In an
exercise every text begins with the word for exercise; a public post holds no marks.
"""

import re
from dataclasses import asdict, dataclass, replace

from django.conf import settings
from django.template.loader import render_to_string

from alerts.dispatch import answering
from alerts.dispatch import text as counting
from alerts.dispatch.channels import bluesky, mastodon, posts, telegram, x
from alerts.dispatch.models import Channel
from consular import languages, sealing
from consular.modes import Mode
from consular.words import lines, plain

PLACEHOLDERS = {"{link}", "{code}", counting.REPLY, counting.REPLY_END}
CHANNELS = {
    Channel.SMS: "Text message",
    Channel.EMAIL: "E-mail",
    Channel.SOCIAL: "Post",
}
# What a writer calls the texts: the public words are for more than posts.
TITLES = {**CHANNELS, Channel.SOCIAL: "Public words: page, CAP, posts"}
LONGEST = {Channel.SMS: 1_000, Channel.EMAIL: 10_000, Channel.SOCIAL: 480}
LONGEST_SUBJECT = 110  # 120 in the table; the word for exercise comes before it
SAMPLE_CODE = "7K2Q"
MOST_CULPRITS = 8  # more of them: it is a script of its own
# A text longer than a network's limit becomes a thread there.
NETWORKS = (
    ("Mastodon", mastodon.MOST, posts.with_short_links),
    ("Bluesky", bluesky.MOST, posts.graphemes),
    ("X", x.MOST, posts.weighted),
    ("Telegram", telegram.MOST, len),
)
_BRACES = re.compile(r"\{[^{}\s]{0,40}\}")


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text in one language on one channel."""

    channel: str
    language: str
    body: str
    subject: str = ""

    @property
    def name(self) -> str:
        """What forms call it: `sms-es`."""
        return f"{self.channel}-{self.language}"

    def as_dict(self) -> dict[str, str]:
        """Return it as alerts keep it."""
        return asdict(self)


def cleaned(words: Words) -> Words:
    """Return a text as it is kept: without what nobody sees and what XML cannot hold.

    What an approver reads is then what there is.
    """
    return replace(words, body=lines(words.body), subject=plain(words.subject))


def exercise_mark(language: str) -> str:
    """Return what an exercise's text begins with, in a language."""
    return render_to_string(f"messages/exercise.{language}.txt").strip()


def as_sent(words: Words, mode: str) -> Words:
    """Return a text as it goes out: marked as an exercise, an SMS in cheap letters."""
    body, subject = words.body.replace("\r\n", "\n").strip(), words.subject.strip()
    if mode == Mode.EXERCISE:
        mark = exercise_mark(words.language)
        body = body if body.startswith(mark) else f"{mark} {body}"
        if subject and not subject.startswith(mark):
            subject = f"{mark} {subject}"
    if words.channel == Channel.SMS:
        body = counting.cheapest(body)
    return Words(
        channel=words.channel, language=words.language, body=body, subject=subject[:120]
    )


def sample_link() -> str:
    """Return a link as long as a real one, that leads nowhere."""
    return f"{settings.PUBLIC_URL}/c/{sealing.token('sample', 'sample')}"


def previewed(words: Words, mode: str, can_answer: bool | None = None) -> Words:
    """Return a text as one reader will see it, with a sample link and code.

    That reader can answer it, if any can and nothing else is asked for.
    """
    if can_answer is None:
        can_answer = answering.is_answered(words.channel, mode)
    sent = as_sent(words, mode)
    body = counting.for_reader(sent.body, can_answer)
    if words.channel == Channel.SMS:
        body = counting.cheapest(body)
    body = counting.filled(body, sample_link(), SAMPLE_CODE)
    return Words(
        channel=words.channel, language=words.language, body=body, subject=sent.subject
    )


def unanswerable(words: Words, mode: str) -> str:
    """Return what is read where nobody can answer; nothing if that is all the same."""
    if not counting.has_reply(words.body):
        return ""
    if words.channel != Channel.SMS or not answering.is_answered(words.channel, mode):
        return ""
    return previewed(words, mode, can_answer=False).body


def size(words: Words, mode: str) -> counting.Size:
    """Count a text message as the network will, at its longest."""
    return counting.size(previewed(words, mode).body)


def problems(words: Words, mode: str, *, needs_link: bool = True) -> dict[str, str]:
    """Say what is wrong with a text, field by field (`sms-es`, `subject-email-es`)."""
    if words.language not in languages.LANGUAGES:
        return {words.name: "Choose one of the eight languages."}
    found = {}
    if problem := _body_problem(words, mode, needs_link):
        found[words.name] = problem
    if words.channel == Channel.EMAIL:
        if not words.subject.strip():
            found[f"subject-{words.name}"] = "An e-mail needs a subject."
        elif len(words.subject) > LONGEST_SUBJECT or "\n" in words.subject:
            found[f"subject-{words.name}"] = (
                f"Keep the subject to one line of {LONGEST_SUBJECT} characters."
            )
    return found


def _body_problem(words: Words, mode: str, needs_link: bool) -> str:
    body = words.body.strip()
    channel = CHANNELS[Channel(words.channel)].lower()
    if not body:
        return f"Write the {channel}, or take this language away."
    if "\x00" in body or len(body) > LONGEST[Channel(words.channel)]:
        longest = LONGEST[Channel(words.channel)]
        return f"Keep the {channel} to {longest:,} characters."
    placeholder = _placeholder_problem(words, body, needs_link)
    return placeholder or _length_problem(words, mode)


def _placeholder_problem(words: Words, body: str, needs_link: bool) -> str:
    found = set(_BRACES.findall(body))
    if unknown := sorted(found - PLACEHOLDERS):
        return f"{unknown[0]} means nothing here; only {{link}} and {{code}} do."
    bare = counting.for_reader(body, can_answer=False)
    if words.channel == Channel.SOCIAL:
        if found:
            return f"A post is public: take out {sorted(found)[0]}, which is personal."
        return ""
    if needs_link and "{link}" not in bare:
        return "Put {link} where the reader's own link belongs."
    if not counting.is_well_marked(body):
        return "Begin the words about answering with {reply}, end them with {/reply}."
    if "{code}" in bare:
        return (
            "Put the words with {code} between {reply} and {/reply}: "
            "they are left out where nobody can answer."
        )
    return ""


def _length_problem(words: Words, mode: str) -> str:
    if words.channel != Channel.SMS:
        return ""
    parts = size(words, mode).parts
    if parts > counting.PARTS_MOST:
        return f"{parts} text parts are too many; {counting.PARTS_MOST} are the limit."
    return ""


def note(words: Words, mode: str) -> str:
    """Say which letters push a text message over; empty when none does."""
    counted = size(words, mode)
    if not 0 < len(counted.culprits) <= MOST_CULPRITS:
        return ""
    text = previewed(words, mode).body
    plain = "".join("x" if letter in counted.culprits else letter for letter in text)
    parts = counting.size(plain).parts
    if parts == counted.parts:
        return ""
    letters = " ".join(counted.culprits)
    return (
        f"{_plural(len(counted.culprits), 'letter')} {letters} "
        f"make it {counted.parts} texts instead of {parts}"
    )


def _plural(count: int, noun: str) -> str:
    return f"the {noun}" if count == 1 else f"the {noun}s"


def spoken(words: Words, mode: str) -> str:
    """Return what a call says: the text message without links, and what to press."""
    said = counting.spoken(previewed(words, mode, False).body)
    press = render_to_string(f"messages/voice.{words.language}.txt").strip()
    return f"{said} {press}"


def networks(words: Words, mode: str) -> list[tuple[str, int, int]]:
    """Return each network with its limit and how many posts this text becomes there."""
    body = as_sent(words, mode).body
    return [
        (name, most, len(posts.thread(body, most, count)))
        for name, most, count in NETWORKS
    ]
