"""Which hazards the list shows: what matters now by itself, the rest on asking."""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from alerts.hazards import proposing
from alerts.hazards.models import Hazard, Kind, Level, Proposal

MATTERS, CURRENT, ALL = "", "current", "all"
SHOWN = (
    (MATTERS, "What matters"),
    (CURRENT, "All current"),
    (ALL, "Ended too"),
)
NARROWED = ("kind", "level", "days", "inside", "order")
DAYS = (1, 3, 7, 30)
# Not heard of lately never means that it is over.
_NOW = Q(state__in=(Hazard.State.ACTIVE, Hazard.State.STALE))


def asked_for(query: QueryDict, now: datetime) -> QuerySet[Hazard]:
    """Return the hazards that an address asks for, in its order.

    Parameters
    ----------
    query : QueryDict
        `show` (one of `SHOWN`), `kind`, `level` (this or worse), `days`, `inside` and
        `order`; words that are not known are passed over.
    now : datetime
        The time that `days` are counted back from.
    """
    found = _shown(shown(query)).annotate(
        sources=Count("reports__source", distinct=True)
    )
    kind, level, days = (query.get(name, "") for name in ("kind", "level", "days"))
    if kind in Kind.values:
        found = found.filter(kind=kind)
    if level in map(str, Level.values):
        found = found.filter(level__gte=int(level))
    if days in map(str, DAYS):
        found = found.filter(happened_at__gte=now - timedelta(days=int(days)))
    if query.get("inside"):
        found = found.filter(_has_people())
    if query.get("order") == "worst":
        return found.order_by("-level", "-happened_at")
    return found.order_by("-happened_at", "-level")


def shown(query: QueryDict) -> str:
    """Return which of `SHOWN` an address asks for."""
    word = query.get("show", "")
    return word if word in dict(SHOWN) else MATTERS


def _shown(word: str) -> QuerySet[Hazard]:
    whole = Hazard.objects.filter(merged_into=None)
    if word == ALL:
        return whole
    if word == CURRENT:
        return whole.filter(_NOW)
    return whole.filter(_NOW, _is_bad() | _has_people(), is_test=False)


def _is_bad() -> Q:
    """Keep what is bad enough to propose an incident, once people are inside."""
    bad = Q(level__gte=proposing.DEFAULT_THRESHOLD) & ~Q(kind__in=proposing.THRESHOLDS)
    for kind, level in proposing.THRESHOLDS.items():
        bad |= Q(kind=kind, level__gte=level)
    return bad | Q(kind=Kind.EARTHQUAKE, magnitude__gt=proposing.QUAKE_MAGNITUDE)


def _has_people() -> Exists:
    return Exists(Proposal.objects.filter(hazard=OuterRef("pk"), people__gt=0))


def numbers() -> dict[str, int]:
    """Count the hazards that are current, and all of them."""
    whole = Hazard.objects.filter(merged_into=None)
    return whole.aggregate(current=Count("pk", filter=_NOW), all=Count("pk"))
