"""Say how urgent a case is, and why: pure points with their reasons."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# What people tick on their page, and the words the list shows for it.
REASONS = {
    "trapped": (50, "Trapped or in danger"),
    "medical": (40, "Medical"),
    "shelter": (20, "Shelter, water or food"),
    "transport": (10, "Transport out"),
    "documents": (5, "Documents or money"),
}
CHILD, NEEDS, ALONE = (15, "Child"), (25, "Needs on record"), (5, "Alone")
NEAR = (10, "In the danger zone")
SILENT = (10, "No answer to any message")
UNREACHED = (10, "No way to reach them")
POINTS = {
    name: points
    for points, name in (
        *REASONS.values(),
        CHILD,
        NEEDS,
        ALONE,
        NEAR,
        SILENT,
        UNREACHED,
    )
}
# Words of danger to life or of injury, folded; a part of a word is enough.
TOLD_BY_WORDS = {
    "trapped": (
        "trapped",
        "stuck",
        "buried",
        "collapsed",
        "shooting",
        "atrapad",
        "derrumb",
        "eingeschlossen",
        "verschüttet",
        "bloqué",
        "coincé",
        "preso n",
        "soterrad",
        "застрял",
        "завал",
        "محاصر",
        "عالق",
        "被困",
    ),
    "medical": (
        "injur",
        "bleed",
        "wound",
        "unconscious",
        "insulin",
        "dialys",
        "herid",
        "sangr",
        "bless",
        "saigne",
        "verletzt",
        "blutet",
        "ferid",
        "ранен",
        "кров",
        "مصاب",
        "جريح",
        "نزيف",
        "受伤",
        "流血",
    ),
}
WAITING_STEP, WAITING_MOST = timedelta(minutes=5), 30


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of somebody who may need an officer."""

    needs: frozenset[str] = frozenset()
    words: str = ""
    has_minor: bool = False
    has_needs: bool = False
    is_alone: bool = False
    is_in_danger_zone: bool = False
    is_silent: bool = False
    is_unreached: bool = False


def told(words: str) -> set[str]:
    """Return the needs that a text speaks of.

    Examples
    --------
    >>> told("Mi hija está herida")
    {'medical'}
    """
    said = words.casefold()
    return {
        need
        for need, parts in TOLD_BY_WORDS.items()
        if any(part in said for part in parts)
    }


def judge(facts: Facts) -> tuple[int, list[str]]:
    """Return the points of a case and the reasons for them, the worst first.

    Examples
    --------
    >>> judge(Facts(needs=frozenset({"medical"}), has_minor=True))
    (55, ['Medical', 'Child'])
    """
    needs = facts.needs | told(facts.words)
    found = [REASONS[need] for need in REASONS if need in needs]
    found += [
        each
        for each, is_so in (
            (NEEDS, facts.has_needs),
            (CHILD, facts.has_minor),
            (NEAR, facts.is_in_danger_zone),
            (SILENT, facts.is_silent),
            (UNREACHED, facts.is_unreached),
            (ALONE, facts.is_alone),
        )
        if is_so
    ]
    return sum(points for points, _ in found), [name for _, name in found]


def together(one: list[str], other: list[str]) -> tuple[int, list[str]]:
    """Return the points and the reasons of two judgements in one, the worst first.

    Examples
    --------
    >>> together(["Child"], ["Medical", "Child"])
    (55, ['Medical', 'Child'])
    """
    both = sorted({*one, *other}, key=lambda name: (-POINTS.get(name, 0), name))
    return sum(POINTS.get(name, 0) for name in both), both


def waiting(opened_at: datetime, now: datetime) -> int:
    """Return the points for waiting: one for each five minutes, thirty at most."""
    return max(0, min((now - opened_at) // WAITING_STEP, WAITING_MOST))
