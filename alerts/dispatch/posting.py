"""Publish public posts: few, one at a time, through the same states as messages."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from alerts.dispatch import routing
from alerts.dispatch.channels.base import (
    ChannelError,
    Outgoing,
    PermanentError,
    TemporaryError,
)
from alerts.dispatch.models import Attempt, Pause, Publication, State
from consular import modes

LEASE = timedelta(seconds=60)
RETRY = timedelta(seconds=15)


def post_due(now: datetime) -> int:
    """Post what is due; return how many were tried.

    A post whose fate is unclear is posted again: the network takes the same
    idempotency key for the same post.
    """
    if Pause.objects.filter(channel__in=["", "social"]).exists():
        return 0
    due = Publication.objects.filter(
        state__in=[State.QUEUED, State.UNCLEAR],
        not_before__lte=now,
        cause__opens_at__lte=now,
        cause__stopped_at=None,
        cause__paused_at=None,
        cause__not_after__gt=now,
    ).select_related("cause", "text", "in_reply_to")
    return sum(_post(publication, now) for publication in due[:20])


def take_back_lost(now: datetime) -> int:
    """Make posts unclear whose poster went silent."""
    lost = Publication.objects.filter(state=State.CLAIMED, lease_until__lt=now)
    return lost.update(state=State.UNCLEAR, lease_until=None, not_before=now)


def _post(publication: Publication, now: datetime) -> bool:
    row = Publication.objects.filter(
        pk=publication.pk, state=publication.state, attempt=publication.attempt
    )
    if not row.update(
        state=State.CLAIMED, attempt=F("attempt") + 1, lease_until=now + LEASE
    ):
        return False
    number = publication.attempt + 1
    attempt = Attempt.objects.create(
        publication=publication,
        number=number,
        account=publication.account,
        began_at=now,
    )
    changes, outcome = _outcome(publication, number, now)
    Publication.objects.filter(
        pk=publication.pk, attempt=number, state=State.CLAIMED
    ).update(lease_until=None, **changes)
    Attempt.objects.filter(pk=attempt.pk).update(
        ended_at=now, outcome=str(changes["state"]), detail=outcome[:200]
    )
    return True


def _outcome(
    publication: Publication, number: int, now: datetime
) -> tuple[dict[str, object], str]:
    conf = settings.ACCOUNTS.get(publication.account, {"mode": ""})
    mode = publication.mode
    if not modes.agree(mode, publication.cause.mode, conf["mode"]):
        return {"state": State.REJECTED, "ended_at": now}, "modes do not agree"
    outgoing = Outgoing(
        uid=str(publication.uid),
        attempt=number,
        mode=mode,
        to="",
        body=publication.text.body,
        language=publication.text.language,
        in_reply_to=publication.in_reply_to.provider_id
        if publication.in_reply_to
        else "",
    )
    try:
        found = routing.transport_for(publication.account).send(outgoing)
    except PermanentError as error:
        return {"state": State.REJECTED, "ended_at": now}, str(error)
    except TemporaryError as error:
        return {"state": State.QUEUED, "not_before": now + RETRY}, str(error)
    except ChannelError as error:
        return {"state": State.UNCLEAR, "not_before": now + RETRY}, str(error)
    return {
        "state": State.DELIVERED,
        "provider_id": found,
        "accepted_at": now,
        "ended_at": now,
    }, ""
