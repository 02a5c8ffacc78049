"""Shift messages between the accounts of a channel as providers fail and recover.

Never a switch for one error: a weight sinks by ten points when a provider's answers
were mostly errors for a moment, at most once a second while it is dead and once a
minute while it is only slow, and comes back by ten points in each quiet quarter hour.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, F, Q
from django.db.models.functions import Greatest, Least

from alerts.dispatch import routing
from alerts.dispatch.models import Account, Attempt, Message, State
from alerts.dispatch.sending.requesting import NOT_SENT
from consular.rhythm import Every

STEP = 10
DEAD_EVERY = timedelta(seconds=1)
SLOW_EVERY = timedelta(minutes=1)
BACK_EVERY = timedelta(minutes=15)
WINDOW = timedelta(seconds=60)
ENOUGH = 10  # answers in the window, before they mean anything
SLOW_RECEIPT = timedelta(minutes=5)
SLOW_SHARE = 0.15
MOST_WAIT = timedelta(hours=1)
KNOWN_BY = timedelta(days=1)
SLOWNESS = Every(60)
STORM = 5  # refusals for now in one flush, before they hold for the whole account
# Outcomes of an attempt that speak against the provider, not against the number.
ERRORS = {State.QUEUED.value, State.UNCLEAR.value}


def usable(accounts: dict[str, Account], now: datetime) -> dict[str, int]:
    """Return the accounts that may be used now, and how far their weights have moved.

    An account that its provider asked to wait is left alone until then; where all of a
    channel's accounts are at nothing, routing takes one anyway: it is the probe.
    """
    return {
        name: row.weight - routing.RESTING
        for name, row in accounts.items()
        if row.waits_until is None or row.waits_until <= now
    }


class Heard(NamedTuple):
    """What a provider answered to one request."""

    account: str
    state: str
    words: str
    wait_s: float | None
    is_our_fault: bool = False


def heard(outcomes: Iterable[Heard], now: datetime) -> None:
    """Note what providers answered.

    Where the requests that an account refused for now outnumber what it took, the
    longest wait that it asked for holds for the whole account. A few say nothing: a
    message that was told to wait does so by itself.
    """
    good: Counter[str] = Counter()
    waits: dict[str, list[float]] = defaultdict(list)
    words: dict[str, str] = {}
    refused: set[str] = set()
    for each in outcomes:
        if each.is_our_fault:
            refused.add(each.account)
        if each.is_our_fault or each.state in ERRORS:
            words[each.account] = each.words
            waits[each.account] += [each.wait_s] if each.wait_s else []
        else:
            good[each.account] += 1
    for account in good:
        Account.objects.filter(name=account).update(accepted_at=now)
    for account, said in words.items():
        row = Account.objects.filter(name=account)
        row.update(trouble=said[:200], trouble_at=now)
        asked = waits[account]
        if len(asked) >= STORM and len(asked) > good[account]:
            until = now + min(timedelta(seconds=max(asked)), MOST_WAIT)
            sooner = Q(waits_until=None) | Q(waits_until__lt=until)
            row.filter(sooner).update(waits_until=until)
    Account.objects.filter(name__in=refused).update(refused_at=now)


def shift(now: datetime) -> int:
    """Move weights by what was answered in the last minute; return how many moved."""
    moved = 0
    for name in Account.objects.filter(trouble_at__gt=now - WINDOW).values_list(
        "name", flat=True
    ):
        if _is_failing(name, now):
            moved += _sink(name, now - DEAD_EVERY, now)
    if SLOWNESS(now):
        slow = [name for name in settings.ACCOUNTS if _is_slow(name, now)]
        moved += sum(_sink(name, now - SLOW_EVERY, now) for name in slow)
    return moved + _drift_back(now)


def _is_failing(account: str, now: datetime) -> bool:
    rows = Attempt.objects.filter(account=account, began_at__gt=now - WINDOW)
    # What was announced and did not leave in time says nothing of who was not asked.
    said = (
        rows.exclude(ended_at=None)
        .exclude(detail=NOT_SENT)
        .aggregate(n=Count("id"), bad=Count("id", filter=Q(outcome__in=ERRORS)))
    )
    return bool(said["n"] >= ENOUGH and said["bad"] * 2 > said["n"])


def _sink(account: str, since: datetime, now: datetime) -> int:
    row = Account.objects.filter(Q(shifted_at=None) | Q(shifted_at__lte=since))
    return row.filter(name=account, weight__gt=0).update(
        weight=Greatest(F("weight") - STEP, 0), shifted_at=now
    )


def _is_slow(account: str, now: datetime) -> bool:
    """Tell whether too many of the last quarter hour's receipts took five minutes."""
    recent = Message.objects.filter(
        account=account,
        accepted_at__gt=now - BACK_EVERY,
        accepted_at__lt=now - SLOW_RECEIPT,
    )
    said = recent.aggregate(
        n=Count("id"),
        slow=Count(
            "id",
            filter=Q(ended_at=None) | Q(ended_at__gt=F("accepted_at") + SLOW_RECEIPT),
        ),
    )
    late = said["n"] >= ENOUGH and said["slow"] > SLOW_SHARE * said["n"]
    return bool(late and _tells_deliveries(account, now))


def _tells_deliveries(account: str, now: datetime) -> bool:
    """Tell whether an account said that anything arrived; a mail server never does."""
    return Message.objects.filter(
        account=account, state=State.DELIVERED, accepted_at__gt=now - KNOWN_BY
    ).exists()


def _drift_back(now: datetime) -> int:
    quiet = Account.objects.filter(
        weight__lt=routing.RESTING, shifted_at__lte=now - BACK_EVERY
    )
    return quiet.update(
        weight=Least(F("weight") + STEP, routing.RESTING), shifted_at=now
    )
