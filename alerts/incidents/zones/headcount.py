"""Turn the counts of a preview into the rows that pages show."""

from dataclasses import dataclass
from typing import Any

from alerts.incidents.framing import language_name
from alerts.incidents.models import ZoneLevel

PRECISIONS = {
    "exact": "Address",
    "town": "Town",
    "region": "Region only",
    "country": "Country only",
}
CHANNELS = {"sms": "Text message", "email": "E-mail"}
LEFT_OUT = {
    "unconfirmed": "Not confirmed yet",
    "rule": "Left out by the choice of whom to include",
    "country_only": "Only the country or region is known",
}


@dataclass(frozen=True)
class Bar:
    """A count with its name, as a part of all people inside."""

    name: str
    count: int
    is_warning: bool = False


def _bars(counted: dict[str, int], names: dict[str, str]) -> list[Bar]:
    return [Bar(name, counted[key]) for key, name in names.items() if counted.get(key)]


def _freshness(people: int, stale: int) -> list[Bar]:
    """Return who has said, or not said when asked twice, that it is still right."""
    fresh = Bar("Fresh", people - stale)
    return [fresh, Bar("Stale: asked twice, silent", stale, is_warning=stale > 0)]


def _levels(counted: dict[str, int]) -> list[Bar]:
    """Return the levels, the worst first, when there are several."""
    if len(counted) < 2:
        return []
    return [Bar(ZoneLevel(level).label, number) for level, number in counted.items()]


def context(counts: dict[str, Any], *, last: int | None = None) -> dict[str, Any]:
    """Return the template's context for `_count.html`.

    Parameters
    ----------
    counts : dict
        Of `previewing.count`.
    last : int, optional
        The people of the count before, for the difference.
    """
    people = counts["people"]
    channels = _bars(counts.get("by_channel", {}), CHANNELS)
    unreached = {"no_contact": "No address", "opted_out": "Opted out, or gone"}
    channels += [
        Bar(name, counts[key], is_warning=True)
        for key, name in unreached.items()
        if counts.get(key)
    ]
    languages = sorted(counts.get("by_language", {}).items(), key=lambda pair: -pair[1])
    return {
        "counts": counts,
        "people": people,
        "delta": None if last is None or last == people else people - last,
        "precisions": _bars(counts.get("by_precision", {}), PRECISIONS),
        "channels": channels,
        "languages_inside": [Bar(language_name(code), n) for code, n in languages],
        "rules": {
            "trip": counts.get("by_kind", {}).get("trip", 0),
            "residence": counts.get("by_kind", {}).get("residence", 0),
            "crisis": counts.get("by_kind", {}).get("crisis", 0),
            "shared": counts.get("shared", 0),
            "country_only": counts.get("country_only", 0),
        },
        "freshness": _freshness(people, counts.get("stale", 0)),
        "levels_inside": _levels(counts.get("by_level", {})),
        "left_out": _bars(counts.get("left_out_by", {}), LEFT_OUT),
        "warnings": counts.get("warnings", []),
        "others": counts.get("overlaps", []),
    }
