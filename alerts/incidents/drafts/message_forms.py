"""Read the message page's form, and lay texts out by language, side by side."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.http import QueryDict

from alerts.dispatch import answering
from alerts.dispatch.models import Channel
from alerts.incidents.drafts import drafting, phrasing, seeding, templating, wording
from alerts.incidents.drafts.drafting import Content
from alerts.incidents.drafts.wording import Words
from alerts.incidents.framing import language_name
from alerts.incidents.models import Incident, Phase, Template
from consular import languages, moments

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
    spoken: str = ""
    one_way: str = ""
    is_answered: bool = False
    unsaid: list[str] = field(default_factory=list)
    networks: list[tuple[str, int, int]] = field(default_factory=list)
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
    corrections: list[Field] = field(default_factory=list)

    @property
    def everyone(self) -> int:
        """People who get this language: its readers, and those without a text."""
        return self.people + sum(count for _, count in self.takes_in)


def content(post: QueryDict, incident: Incident) -> Content:
    """Read what was typed; empty texts are left out."""
    next_word_at = moment(post.get("next_word_at", ""), incident)
    before = moment(post.get("next_word_before", ""), incident)
    template = own_template(post.get("phase", ""), incident)
    phase = template.phase if template else post.get("phase", Phase.CHECK_IN.value)
    texts, standing = [], []
    for code in languages_of(post):
        for channel in phrasing.channels_of(phase):
            name = f"{channel}-{code}"
            body = post.get(name, "")[:LONGEST_TYPED]
            subject = post.get(f"subject-{name}", "")[:LONGEST_TYPED]
            if body.strip() or (subject.strip() and channel == Channel.EMAIL):
                if before and next_word_at:
                    body = _promised(body, before, next_word_at, incident)
                texts.append(
                    Words(channel=channel, language=code, body=body, subject=subject)
                )
            name = f"correction-{name}"
            body = post.get(name, "")[:LONGEST_TYPED]
            if body.strip():
                subject = post.get(f"subject-{name}", "")[:LONGEST_TYPED]
                standing.append(
                    Words(channel=channel, language=code, body=body, subject=subject)
                )
    hours = post.get("valid_hours", "")
    return Content(
        channels=tuple(post.getlist("channels")),
        texts=tuple(texts),
        fallback=post.get("fallback", "en"),
        valid_hours=int(hours) if hours.isdecimal() and len(hours) < 5 else 0,
        phase=phase,
        template_id=template.pk if template else None,
        next_word_at=next_word_at,
        correction=tuple(standing),
    )


def own_template(chosen: str, incident: Incident) -> Template | None:
    """Return the approved template that `own-7` on the form names, if it fits."""
    number = chosen.removeprefix("own-")
    usable = templating.usable(incident) if number.isdecimal() else []
    return next((each for each in usable if str(each.pk) == number), None)


def moment(typed: str, incident: Incident) -> datetime | None:
    """Read a moment in the place's own time; None when there is none."""
    try:
        return moments.read(typed[:19], incident.zone_info)
    except ValueError:
        return None


def _promised(body: str, before: datetime, now: datetime, incident: Incident) -> str:
    """Let a text promise the next word for another time."""
    old, new = (seeding.written(incident, at) for at in (before, now))
    return body.replace(old, new)


def languages_of(post: QueryDict) -> list[str]:
    """Return the languages on the form, ours only, each once."""
    typed = [code for code in post.getlist("languages") if code in languages.LANGUAGES]
    return list(dict.fromkeys(typed))


def first_content(
    incident: Incident, counts: dict[str, Any], phase: str, now: datetime
) -> Content:
    """Return what an empty page starts with: the languages that most people read."""
    inside = [code for code in counts.get("by_language", {}) if code in wanted()]
    chosen = list(dict.fromkeys(["en", *inside[:2]]))
    if len(chosen) == 1:
        chosen = FIRST_LANGUAGES
    usable = [each for each in templating.usable(incident) if each.phase == phase]
    blank = Content(
        channels=(Channel.SMS.value, Channel.EMAIL.value),
        texts=(),
        phase=phase,
        template_id=usable[0].pk if usable else None,
    )
    return from_template(blank, incident, chosen, now)


def from_template(
    said: Content, incident: Incident, listed: list[str], now: datetime
) -> Content:
    """Replace all texts by those of its template, in the languages that are there.

    That is one of the ministry's own where one was chosen, else the phase's words.
    """
    next_word_at = seeding.next_word(now)
    ways = tuple(dict.fromkeys((*said.channels, Channel.SOCIAL.value)))
    own = own_template(f"own-{said.template_id}", incident)
    if own is not None:
        texts = templating.compose(own, incident, ways, listed, next_word_at)
    else:
        texts = seeding.seed(
            incident, listed, ways, phase=said.phase, next_word_at=next_word_at
        )
    fresh = replace(
        said,
        texts=tuple(texts),
        next_word_at=next_word_at,
        correction=(),
    )
    return drafting.prepared(fresh, incident, now)


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
    standing = {words.name: words for words in said.correction}
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
                for channel in phrasing.channels_of(said.phase)
            ],
            corrections=[
                _field(standing[name], channel, code, mode, errors or {}, "correction-")
                for channel in wording.CHANNELS
                if (name := f"{channel}-{code}") in standing
            ],
        )
        for code in listed
    ]


def _field(
    words: Words | None,
    channel: str,
    code: str,
    mode: str,
    errors: dict[str, str],
    prefix: str = "",
) -> Field:
    shown = words or Words(channel=channel, language=code, body="")
    found = Field(
        words=shown,
        title=wording.TITLES[Channel(channel)],
        error=errors.get(f"{prefix}{shown.name}", ""),
        subject_error=errors.get(f"{prefix}subject-{shown.name}", ""),
    )
    found.is_answered = answering.is_answered(channel, mode)
    if shown.body.strip():
        found.preview = wording.previewed(shown, mode).body
        if channel == Channel.SMS:
            found.size = wording.size(shown, mode).words
            found.note = wording.note(shown, mode)
            found.spoken = wording.spoken(shown, mode)
            found.one_way = wording.unanswerable(shown, mode)
        elif channel == Channel.SOCIAL:
            found.size = f"{len(found.preview):,} characters"
            found.networks = wording.networks(shown, mode)
        else:
            found.size = f"{len(found.preview):,} characters"
    return found


def say_what_is_missing(
    listed: list[Column], said: Content, incident: Incident
) -> None:
    """Note at each text which facts it does not hold."""
    for column in listed:
        at = said.next_word_at or incident.happened_at
        facts = seeding.facts(incident, column.code, at)
        for each in column.texts:
            if each.preview:
                missing = phrasing.unsaid(each.words, facts)
                last = said.next_word_at is None or said.phase in templating.LAST_WORDS
                each.unsaid = [m for m in missing if not (last and "next" in m)]


def languages_in(said: Content) -> list[str]:
    """Return the languages of a content, the fallback first."""
    listed = dict.fromkeys(words.language for words in said.texts)
    return sorted(
        listed, key=lambda code: (code != said.fallback, wanted().index(code))
    )
