"""Say what is different from the last version that somebody saw."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.dispatch.models import Channel
from alerts.incidents.drafts import wording
from alerts.incidents.drafts.wording import Words
from alerts.incidents.framing import language_name
from alerts.incidents.models import Draft
from geo import shapes

FINE_DEGREES = 0.001  # some 100 m: what a version is compared by, not sent to
NEAR = 8  # words around a change
FAR = 12  # so many that stayed the same are still shown
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


def snapshot(draft: Draft, counts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a second person is shown, to compare the next version with.

    Parameters
    ----------
    draft : Draft
        As it stands.
    counts : mapping
        Who it would be sent to, as `previewing.of_draft` counts.
    """
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
        "outline": _outline(draft),
        "people": _people(counts),
        "correction": {
            Words(**each).name: [each["subject"], each["body"]]
            for each in draft.correction
        },
    }


def _people(counts: Mapping[str, Any]) -> dict[str, int]:
    reached = counts.get("by_channel", {})
    said = {"People": counts.get("people", 0)}
    for channel in (Channel.SMS, Channel.EMAIL):
        said[f"Reached by {wording.CHANNELS[channel].lower()}"] = reached.get(
            channel, 0
        )
    return said | {"With no valid contact": reached.get("none", 0)}


def _outline(draft: Draft) -> dict[str, Any] | None:
    """Return the zones as one shape, as fine as a map of the whole shows it."""
    areas = [shapes.from_geojson(z.geometry) for z in draft.incident.zones.all()]
    if not areas:
        return None
    return shapes.to_geojson(shapes.simplified(shapes.union(areas), FINE_DEGREES))


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Return what differs between two snapshots: the facts, people, then the texts.

    What an older version did not keep is not compared.
    """
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
    found += _ground(before.get("outline"), after.get("outline"))
    old_people = before.get("people", {})
    found += [
        Change(title, f"{old_people[title]:,}", f"{number:,}")
        for title, number in after.get("people", {}).items()
        if old_people.get(title, number) != number
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


def moved_from(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any] | None:
    """Return the outline that the zones had, where they have another one now."""
    old: dict[str, Any] | None = before.get("outline")
    return old if old != after.get("outline") else None


def _ground(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> list[Change]:
    """Tell how much ground the zones gained and lost."""
    if not before or not after or before == after:
        return []
    old, new = shapes.from_geojson(before), shapes.from_geojson(after)
    old_km2, new_km2 = shapes.area_km2(old), shapes.area_km2(new)
    both_km2 = shapes.area_km2(shapes.union([old, new]))
    parts = (
        Piece("new", f"{_about(both_km2 - old_km2)} more"),
        Piece("same", ", "),
        Piece("gone", f"{_about(both_km2 - new_km2)} no longer"),
    )
    return [Change("Ground inside", pieces=parts)]


def _about(km2: float) -> str:
    """Say an area as exactly as outlines are kept here."""
    return f"about {float(f'{max(0.0, km2):.3g}'):,.0f} km²"


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
            found.append(Piece("same", _shortened(old[a:b], b < len(old), a > 0)))
            continue
        if b > a:
            found.append(Piece("gone", "".join(old[a:b])))
        if d > c:
            found.append(Piece("new", "".join(new[c:d])))
    return tuple(found)


def _shortened(words: list[str], goes_on: bool, went_before: bool) -> str:
    """Leave out of what stayed the same all that is far from a change."""
    first = NEAR if went_before else 0
    last = NEAR if goes_on else 0
    if len(words) <= first + last + FAR:
        return "".join(words)
    end = "".join(words[len(words) - last :])
    return "".join(words[:first]).rstrip() + " … " + end
