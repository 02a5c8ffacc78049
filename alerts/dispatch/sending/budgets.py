"""Count what is spent; a full budget alarms, and holds all but danger and notices.

Prices are millionths of the ministry's currency for a part, by channel, and dearer for
some countries (`MUSTER_PRICES`: `sms=75000,sms.CU=120000`). A budget of 0 is none.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import F, Sum

from alerts.dispatch.models import Spend
from alerts.dispatch.sending.jobs import Job
from consular import modes

MILLION = 1_000_000


def price(channel: str, country: str) -> int:
    """Return what one part costs, in millionths."""
    prices: dict[str, int] = settings.PRICES
    return prices.get(f"{channel}.{country}", prices.get(channel, 0))


def differs(channel: str) -> bool:
    """Tell whether a channel's price is not the same in every country."""
    return any(name.startswith(f"{channel}.") for name in settings.PRICES)


def spend(jobs: Iterable[Job], now: datetime) -> None:
    """Add what was accepted to the day's rows; an exercise costs nothing live."""
    mode = modes.installation()
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for job in jobs:
        if job.outgoing.mode != mode:
            continue
        both = sums[job.incident_key, job.country, job.channel]
        both[0] += 1
        both[1] += job.parts
    for (incident, country, channel), (messages, parts) in sorted(sums.items()):
        row = Spend.objects.filter(
            day=now.date(), incident_key=incident, country=country, channel=channel
        )
        more = {
            "messages": F("messages") + messages,
            "parts": F("parts") + parts,
            "cost": F("cost") + parts * price(channel, country),
        }
        if not row.update(**more):
            Spend.objects.get_or_create(
                day=now.date(), incident_key=incident, country=country, channel=channel
            )
            row.update(**more)


def spent(now: datetime, **of: str) -> float:
    """Return what today cost, in the ministry's currency, by country or incident."""
    rows = Spend.objects.filter(day=now.date(), **of)
    return (rows.aggregate(n=Sum("cost"))["n"] or 0) / MILLION


def over(now: datetime) -> dict[str, tuple[float, str]]:
    """Say which budgets of today are used up: the limit, and what it is for."""
    found: dict[str, tuple[float, str]] = {}
    if settings.BUDGET_DAY and spent(now) >= settings.BUDGET_DAY:
        found["day"] = (settings.BUDGET_DAY, "everything")
    for limit, name in (
        (settings.BUDGET_COUNTRY, "country"),
        (settings.BUDGET_INCIDENT, "incident_key"),
    ):
        if not limit:
            continue
        rows = Spend.objects.filter(day=now.date()).exclude(**{name: ""})
        sums = rows.values_list(name).order_by(name).annotate(n=Sum("cost"))
        for value, cost in sums:
            if cost >= limit * MILLION:
                found[f"{name}:{value}"] = (limit, value)
    return found


def exhausted(now: datetime) -> bool:
    """Tell whether all but danger and notices must wait: the day's budget is spent."""
    return bool(settings.BUDGET_DAY) and spent(now) >= settings.BUDGET_DAY
