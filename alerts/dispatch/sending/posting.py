"""Publish public posts: few, one at a time, through the same states as messages.

Whatever goes wrong ends in a state that says so, with its reason in the attempt: a post
that stays claimed would look as if it were on its way.
"""

import logging
import time
import traceback
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from alerts.dispatch import routing
from alerts.dispatch.channels.base import (
    CannotAskError,
    ChannelError,
    Outgoing,
    PermanentError,
    TemporaryError,
)
from alerts.dispatch.models import Attempt, Pause, Publication, State
from alerts.dispatch.sending import interlock

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
RETRY = timedelta(seconds=15)
MOST_WAIT = timedelta(hours=1)  # that a network may ask for
MOST_TRIES = 3
# A lease counts from the moment when one looked what is due: who has posted for so long
# looks again before the next one.
LONGEST_S = 30.0


def post_due(now: datetime) -> int:
    """Post what is due; return how many were tried.

    A post whose fate is unclear is asked for, which on some networks means to post
    again with the same key. Where nobody can be asked, an officer has to look.
    """
    due = Publication.objects.filter(
        state__in=[State.QUEUED, State.UNCLEAR],
        not_before__lte=now,
        cause__opens_at__lte=now,
        cause__stopped_at=None,
        cause__paused_at=None,
        cause__not_after__gt=now,
    ).select_related("cause", "text", "in_reply_to")
    due = due.defer("text__body", "text__subject")  # one that cannot be opened is alone
    # An answer waits for the post that it stands under.
    waits = [State.QUEUED, State.CLAIMED, State.UNCLEAR]
    due = due.exclude(in_reply_to__state__in=waits, in_reply_to__cause__paused_at=None)
    tried, by_s = 0, time.monotonic() + LONGEST_S
    for publication in due.order_by("id")[:20]:
        if time.monotonic() > by_s:
            break
        tried += _post(publication, now)
    return tried


def _is_held() -> bool:
    return Pause.objects.filter(channel__in=["", "social"]).exists()


def take_back_lost(now: datetime) -> int:
    """Make posts unclear whose poster went silent; the third time, set them aside.

    So is what is unclear of a cause that is over: nobody asks for it any more, since to
    ask may be to post, and what stands under it would wait for ever.
    """
    lost = Publication.objects.filter(state=State.CLAIMED, lease_until__lt=now)
    gone = {"lease_until": None, "tries": F("tries") + 1}
    aside = lost.filter(tries__gte=MOST_TRIES - 1).update(
        state=State.SET_ASIDE, provider_code="crash", **gone
    )
    back = lost.update(state=State.UNCLEAR, not_before=now, **gone)
    over = Q(cause__not_after__lte=now) | ~Q(cause__stopped_at=None)
    left = Publication.objects.filter(over, state=State.UNCLEAR)
    return aside + back + left.update(**_aside("look"))


def again(publication: Publication, now: datetime) -> bool:
    """Post once more what was set aside or refused: its account may be mended since.

    What was set aside may then stand there twice.
    """
    rows = Publication.objects.filter(
        pk=publication.pk, cause__stopped_at=None, cause__not_after__gt=now
    )
    fresh = {"state": State.QUEUED, "tries": 0, "provider_code": ""}
    fresh |= {"not_before": now, "ended_at": None}
    aside = rows.filter(state=State.SET_ASIDE)
    return bool(
        aside.update(repeats=F("repeats") + 1, **fresh)
        or rows.filter(state=State.REJECTED).update(**fresh)
    )


def _post(publication: Publication, now: datetime) -> bool:
    # Each post may take long: what was stopped or paused meanwhile does not follow.
    row = Publication.objects.filter(
        pk=publication.pk,
        state=publication.state,
        attempt=publication.attempt,
        cause__stopped_at=None,
        cause__paused_at=None,
    )
    if _is_held() or not row.update(
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
    changes, outcome = _tried(publication, number, now)
    Publication.objects.filter(
        pk=publication.pk, attempt=number, state=State.CLAIMED
    ).update(lease_until=None, **changes)
    Attempt.objects.filter(pk=attempt.pk).update(
        ended_at=now, outcome=str(changes["state"]), detail=outcome[:200]
    )
    return True


def _tried(
    publication: Publication, number: int, now: datetime
) -> tuple[dict[str, object], str]:
    """Post; an error that nobody foresaw sets the post aside, and is said.

    Its text stays out of log and ledger: it may hold a token or the post's words. The
    log names the line where it broke.
    """
    try:
        return _outcome(publication, number, now)
    except Exception as error:  # whatever it is, the post must not stay claimed
        name = type(error).__name__
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename}:{where.lineno}"
        logger.error("publication %s: %s at %s", publication.uid, name, place)
        return _aside("broke"), f"posting broke with {name}; see the log"


def _aside(code: str) -> dict[str, object]:
    return {"state": State.SET_ASIDE, "provider_code": code}


def _outcome(
    publication: Publication, number: int, now: datetime
) -> tuple[dict[str, object], str]:
    mode = publication.mode
    if publication.account not in settings.ACCOUNTS:
        return _aside("no_account"), f"no account {publication.account} is set up"
    if not interlock.allows(publication.account, mode, publication.cause.mode):
        return {"state": State.REJECTED, "ended_at": now}, "modes do not agree"
    outgoing = Outgoing(
        uid=str(publication.uid),
        attempt=number,
        mode=mode,
        to="",
        body=publication.text.body,
        language=publication.text.language,
        in_reply_to=_stands_under(publication.in_reply_to),
    )
    transport = routing.transport_for(publication.account)
    was_unclear = publication.state == State.UNCLEAR
    try:
        found = transport.look_up(outgoing) if was_unclear else transport.send(outgoing)
    except CannotAskError as error:
        return _aside("look"), str(error)
    except PermanentError as error:
        return {"state": State.REJECTED, "ended_at": now}, str(error)
    except TemporaryError as error:
        wait = min(timedelta(seconds=error.retry_after_s or 0), MOST_WAIT)
        return {"state": State.QUEUED, "not_before": now + max(RETRY, wait)}, str(error)
    except ChannelError as error:
        return {"state": State.UNCLEAR, "not_before": now + RETRY}, str(error)
    return {
        "state": State.DELIVERED,
        "provider_id": found,
        "accepted_at": now,
        "ended_at": now,
    }, ""


def _stands_under(first: Publication | None) -> str:
    """Return the post that is answered, unless it was taken down meanwhile."""
    if first is None or first.taken_down_at is not None:
        return ""
    return first.provider_id


def take_down(publication: Publication, now: datetime) -> str:
    """Delete a post on its network; return why not, or nothing.

    What was seen was seen: a correction says more than a gap.
    """
    if not interlock.allows(publication.account, publication.mode):
        return interlock.REFUSED
    try:
        routing.transport_for(publication.account).delete(publication.provider_id)
    except ChannelError as error:
        return str(error)
    Publication.objects.filter(pk=publication.pk).update(taken_down_at=now)
    return ""
