"""Read the message page's form, and lay texts out by language, side by side."""

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from alerts.dispatch.models import WRITTEN, Channel
from alerts.incidents import seeding, wording
from alerts.incidents.drafting import Content
from alerts.incidents.framing import language_name
from alerts.incidents.models import Incident
from alerts.incidents.wording import Words
from consular import languages

LONGEST_TYPED = 12_000
FIRST_LANGUAGES = ["en", "es"]


@dataclass
class Field:
    """A text as its form shows it, with its cost and what a reader will see."""

    words: Words
    title: str
    size: str = ""
    note: str = ""
    preview: str = ""
    error: str = ""
    subject_error: str = ""


@dataclass
class Column:
    """All texts in one language, and how many people inside read it."""

    code: str
    own_name: str
    name: str
    direction: str
    people: int
    is_fallback: bool
    takes_in: list[tuple[str, int]] = field(default_factory=list)
    texts: list[Field] = field(default_factory=list)

    @property
    def everyone(self) -> int:
        """People who get this language: its readers, and those without a text."""
        return self.people + sum(count for _, count in self.takes_in)


def content(post: QueryDict) -> Content:
    """Read what was typed; empty texts are left out."""
    texts = []
    for code in languages_of(post):
        for channel in WRITTEN:
            name = f"{channel}-{code}"
            body = post.get(name, "")[:LONGEST_TYPED]
            subject = post.get(f"subject-{name}", "")[:LONGEST_TYPED]
            if body.strip() or (subject.strip() and channel == Channel.EMAIL):
                texts.append(
                    Words(channel=channel, language=code, body=body, subject=subject)
                )
    hours = post.get("valid_hours", "")
    return Content(
        channels=tuple(post.getlist("channels")),
        texts=tuple(texts),
        fallback=post.get("fallback", "en"),
        valid_hours=int(hours) if hours.isdecimal() and len(hours) < 5 else 0,
    )


def languages_of(post: QueryDict) -> list[str]:
    """Return the languages on the form, ours only, each once."""
    typed = [code for code in post.getlist("languages") if code in languages.LANGUAGES]
    return list(dict.fromkeys(typed))


def first_content(incident: Incident, counts: dict[str, Any]) -> Content:
    """Return what an empty page starts with: the languages that most people read."""
    inside = [code for code in counts.get("by_language", {}) if code in wanted()]
    chosen = list(dict.fromkeys(["en", *inside[:2]]))
    if len(chosen) == 1:
        chosen = FIRST_LANGUAGES
    channels = [Channel.SMS.value, Channel.EMAIL.value]
    return Content(
        channels=tuple(channels), texts=tuple(seeding.seed(incident, chosen, channels))
    )


def wanted() -> list[str]:
    """Return our languages."""
    return list(languages.LANGUAGES)


def columns(
    said: Content,
    listed: list[str],
    mode: str,
    counts: dict[str, Any],
    errors: dict[str, str] | None = None,
) -> list[Column]:
    """Lay texts out by language; who reads none of them goes with the fallback."""
    readers = counts.get("by_language", {})
    without = [(language_name(c), n) for c, n in readers.items() if c not in listed]
    texts = {words.name: words for words in said.texts}
    return [
        Column(
            code=code,
            own_name=languages.LANGUAGES[code],
            name=language_name(code),
            direction=languages.direction(code),
            people=readers.get(code, 0),
            is_fallback=code == said.fallback,
            takes_in=without if code == said.fallback else [],
            texts=[
                _field(
                    texts.get(f"{channel}-{code}"), channel, code, mode, errors or {}
                )
                for channel in wording.CHANNELS
            ],
        )
        for code in listed
    ]


def _field(
    words: Words | None, channel: str, code: str, mode: str, errors: dict[str, str]
) -> Field:
    shown = words or Words(channel=channel, language=code, body="")
    found = Field(
        words=shown,
        title=wording.CHANNELS[Channel(channel)],
        error=errors.get(shown.name, ""),
        subject_error=errors.get(f"subject-{shown.name}", ""),
    )
    if shown.body.strip():
        found.preview = wording.previewed(shown, mode).body
        if channel == Channel.SMS:
            found.size = wording.size(shown, mode).words
            found.note = wording.note(shown, mode)
        else:
            found.size = f"{len(found.preview):,} characters"
    return found


def languages_in(said: Content) -> list[str]:
    """Return the languages of a content, the fallback first."""
    listed = dict.fromkeys(words.language for words in said.texts)
    return sorted(
        listed, key=lambda code: (code != said.fallback, wanted().index(code))
    )
