"""The words of each phase in each language: data that a ministry can replace.

`templates/messages/phases.<language>.toml` holds them. Files of the same names in the
folder of `MUSTER_TEMPLATES` go over them, key by key; tables `[event]` and `[advice]`
there name a kind of hazard and what to do about it in the ministry's own words.
"""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from alerts.dispatch.models import WRITTEN, Channel
from alerts.incidents.drafts.wording import LONGEST_SUBJECT, Words
from alerts.incidents.models import AlertKind, Phase
from consular import languages

KIND_OF = {
    Phase.WARNING: AlertKind.ALERT,
    Phase.CHECK_IN: AlertKind.ALERT,
    Phase.UPDATE: AlertKind.UPDATE,
    Phase.CORRECTION: AlertKind.CORRECTION,
    Phase.OUTSIDE: AlertKind.OUTSIDE,
    Phase.ALL_CLEAR: AlertKind.ALL_CLEAR,
}
# The paragraphs of an e-mail; `lead` is the phase's own.
PARAGRAPHS = {
    Phase.WARNING: ("facts", "lead", "todo", "read", "danger", "again", "sign"),
    Phase.CHECK_IN: ("facts", "lead", "todo", "ask", "danger", "again", "sign"),
    Phase.UPDATE: ("facts", "lead", "todo", "read", "danger", "again", "sign"),
    Phase.CORRECTION: ("lead", "facts", "todo", "read", "again", "sign"),
    Phase.OUTSIDE: ("lead", "facts", "todo", "read", "danger", "again", "sign"),
    Phase.ALL_CLEAR: ("lead", "facts", "todo", "read", "again", "sign"),
}
FOLDER = Path("templates") / "messages"


class PhrasesError(ValueError):
    """A ministry's own file cannot be used; the message says where and why."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a message has to say; times as they are written in it."""

    what: str
    where: str
    when: str
    who: str
    todo: str
    next: str
    phone: str


def phrases(language: str) -> Mapping[str, Any]:
    """Return a language's words, the ministry's own over ours."""
    return _phrases(language, settings.TEMPLATES_FOLDER)


@functools.lru_cache(maxsize=64)
def _phrases(language: str, own_folder: str) -> Mapping[str, Any]:
    name = f"phases.{language}.toml"
    found = _read(Path(settings.BASE_DIR) / FOLDER / name)
    own = Path(own_folder) / name
    if own_folder and own.exists():
        for key, value in _read(own).items():
            is_table = isinstance(value, dict)
            found[key] = found.get(key, {}) | value if is_table else value
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PhrasesError(f"{path.name} cannot be read: {error}") from None


def channels_of(phase: str) -> tuple[Channel, ...]:
    """Return the channels that a phase has words for.

    That somebody is outside the zone is said to that person, never to everyone.
    """
    is_personal = phase == Phase.OUTSIDE
    return tuple(each for each in WRITTEN if not is_personal or each != Channel.SOCIAL)


def event(kind: str, language: str) -> str:
    """Return the word for a kind of hazard in a language."""
    return _of_kind("event", kind, language)


def advice(kind: str, language: str) -> str:
    """Return what to do about a kind of hazard, in a language."""
    return _of_kind("advice", kind, language)


def _of_kind(table: str, kind: str, language: str) -> str:
    if own := phrases(language).get(table, {}).get(kind):
        return str(own)
    return render_to_string(f"messages/{table}.{language}.txt", {"kind": kind}).strip()


def raw(phase: str, channel: str, language: str) -> Words:
    """Return a phase's text on a channel, with room for every fact."""
    said = phrases(language)
    own = said[phase]
    if channel == Channel.EMAIL:
        parts = {**said, "lead": own["lead"], "again": own.get("next", said["again"])}
        body = "\n\n".join(str(parts[name]) for name in PARAGRAPHS[Phase(phase)])
    else:
        body = own["post" if channel == Channel.SOCIAL else "sms"]
    if "todo" in own:
        body = body.replace("{todo}", own["todo"])
    subject = own["subject"] if channel == Channel.EMAIL else ""
    return Words(channel=channel, language=language, subject=subject, body=body)


def compose(phase: str, channel: str, language: str, facts: Facts) -> Words:
    """Write a phase's text on a channel, with `{link}` and `{code}` left in it."""
    return filled(raw(phase, channel, language), facts)


def filled(words: Words, facts: Facts) -> Words:
    """Put the facts where a text has room for them."""
    number = languages.number_in(words.language, facts.phone)
    facts = replace(facts, phone=number)
    return Words(
        channel=words.channel,
        language=words.language,
        subject=_filled(words.subject, facts)[:LONGEST_SUBJECT],
        body=_filled(words.body, facts),
    )


def unsaid(words: Words, facts: Facts) -> list[str]:
    """Return which facts a text does not hold, in words; it may say them otherwise."""
    said = words.body.casefold()
    wanted = {
        "what happened": facts.what,
        "where": facts.where,
        "when, in local time": facts.when,
        "who says so": facts.who,
        "when the next word comes": facts.next,
    }
    return [name for name, value in wanted.items() if value.casefold() not in said]


def _filled(words: str, facts: Facts) -> str:
    """Put the facts where they belong; a fact's own braces stay as they are."""
    pieces = words.split("{")
    said = asdict(facts)
    whole = pieces[0]
    for piece in pieces[1:]:
        name, brace, rest = piece.partition("}")
        is_fact = brace and name in said
        whole += f"{said[name]}{rest}" if is_fact else "{" + piece
    return whole
