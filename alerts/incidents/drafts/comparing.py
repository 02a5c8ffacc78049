"""Say what is different from the last version that somebody saw."""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from alerts.incidents.drafts import wording
from alerts.incidents.drafts.wording import Words
from alerts.incidents.framing import language_name
from alerts.incidents.models import Draft

_WORDS = re.compile(r"\S+\s*")


@dataclass(frozen=True)
class Piece:
    """Some words of a text: `same`, `gone` or `new`."""

    kind: str
    words: str


@dataclass(frozen=True)
class Change:
    """What changed: a text as pieces, or a fact as before and after."""

    title: str
    before: str = ""
    after: str = ""
    pieces: tuple[Piece, ...] = ()


def snapshot(draft: Draft) -> dict[str, Any]:
    """Return what a second person is shown, to compare the next version with."""
    texts = {
        f"{t.channel}-{t.language}": [t.subject, t.body] for t in draft.texts.all()
    }
    zones = [
        f"{zone.get_level_display()}: {zone.label}, {zone.area_km2:,.0f} km²"
        for zone in draft.incident.zones.all()
    ]
    return {
        "texts": texts,
        "channels": list(draft.channels),
        "include": dict(draft.include),
        "valid_hours": draft.valid_hours,
        "fallback": draft.fallback,
        "zones": zones,
        "correction": {
            Words(**each).name: [each["subject"], each["body"]]
            for each in draft.correction
        },
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Return what differs between two snapshots, the facts first."""
    found = [
        Change(title, _said(before.get(name)), _said(after.get(name)))
        for name, title in (
            ("zones", "Zone"),
            ("channels", "Ways"),
            ("include", "Who to include"),
            ("valid_hours", "Valid, hours"),
            ("fallback", "For other languages"),
        )
        if before.get(name) != after.get(name)
    ]
    for part, note in (("texts", ""), ("correction", ", correction")):
        old, new = before.get(part, {}), after.get(part, {})
        found += [
            Change(
                _title(name) + note,
                pieces=_pieces(
                    "\n".join(old.get(name, [])), "\n".join(new.get(name, []))
                ),
            )
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]
    return found


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(name.replace("_", " ") for name, on in value.items() if on)
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return str(value)


def _title(name: str) -> str:
    channel, _, language = name.partition("-")
    ways = {str(key): title for key, title in wording.CHANNELS.items()}
    return f"{ways.get(channel, channel)} in {language_name(language)}"


def _pieces(before: str, after: str) -> tuple[Piece, ...]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    found: list[Piece] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(old[a:b])))
            continue
        if b > a:
            found.append(Piece("gone", "".join(old[a:b])))
        if d > c:
            found.append(Piece("new", "".join(new[c:d])))
    return tuple(found)
