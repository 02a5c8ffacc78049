"""Look at the outcome, not at the process: what was promised, and what came of it.

An alarm is a row that stays open until its reason is gone. The officers on duty are
told once, when it is raised.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from alerts.dispatch import outbox, routing
from alerts.dispatch.channels import email, telnyx, twilio_codes
from alerts.dispatch.models import (
    SEALED,
    Account,
    Alarm,
    Attempt,
    Cause,
    Channel,
    Lane,
    Message,
    Pause,
    Publication,
    State,
    Worker,
)
from alerts.dispatch.sending import budgets, claims
from consular import modes
from consular.missions.models import Duty

LOOK_BACK = timedelta(hours=48)
STILL = timedelta(seconds=60)  # nothing has left for so long though it might have
SILENT = timedelta(seconds=15)
RECEIPTS_LATE = timedelta(minutes=15)
FEWEST_RECEIPTS = 0.02
ENOUGH = 20
REFUSED = timedelta(minutes=15)  # one refusal stays open for so long
# So much of an alert, or a few, may be refused before an officer is paged; who wants no
# more, or has no such number or mailbox, is refused rightly.
MUCH, FEW = 0.05, 2
RIGHTLY = {"opted_out", "unsubscribed", "gone", *twilio_codes.GONE, *email.GONE}
RIGHTLY |= {*twilio_codes.OPTED_OUT, *telnyx.GONE, *telnyx.OPTED_OUT}
_REFUSED = Q(state=State.REJECTED) & ~Q(provider_code__in=RIGHTLY)
UNSETTLED = timedelta(minutes=5)  # asked twice and more, and still nobody knows
# Every alarm, and what it says; docs/operate.md says what to do for each.
WORDS = {
    "workers": "No worker is alive: nothing leaves",
    "still": "{count:,} messages of {cause} wait and none leaves",
    "refused": "{count:,} of the {total:,} messages of {cause} were refused",
    "aside": "{count:,} messages of {cause} are set aside",
    "sealed": "{count:,} messages of {cause} cannot be opened: a key is missing",
    "unclear": "{count:,} messages of {cause} are unclear",
    "receipts": "No receipts come in for {cause}",
    "posts": "{count:,} of the public posts of {cause} failed",
    "late-posts": "{count:,} of the public posts of {cause} wait",
    "notices": "{count:,} notices wait and none leaves",
    "account": "The account {account} fails; others take its messages",
    "alone": "The account {account} fails, and no other has its channel",
    "set-up": "The account {account} is refused as it is set up: {said}",
    "budget": "The budget of {limit:g} a day for {of} is used up",
}
Found = tuple[str, str]


def look(now: datetime) -> int:
    """Raise what is wrong now, end what is over; return how many alarms are open."""
    wrong = dict(_all(now))
    Alarm.objects.filter(over_at=None).exclude(key__in=wrong).update(over_at=now)
    known = set(Alarm.objects.filter(over_at=None).values_list("key", flat=True))
    for key, words in wrong.items():
        if key not in known:
            _raise(key, words, now)
    return len(wrong)


def _raise(key: str, words: str, now: datetime) -> None:
    try:
        with transaction.atomic():  # what could not be told is raised once more
            alarm = Alarm.objects.create(key=key, words=words[:300], raised_at=now)
            tell_duty(f"alarm:{alarm.pk}", words, now)
    except IntegrityError:
        return  # another process was first, and tells


def tell_duty(key: str, words: str, now: datetime) -> None:
    """Write a notice to the officers who are on duty."""
    duties = Duty.objects.filter(
        starts_at__lte=now, ends_at__gt=now, officer__is_active=True
    )
    mark = modes.mark(modes.installation())
    for duty in duties:
        try:
            outbox.send_notice(
                f"{key}:{duty.pk}",
                purpose="officer on duty",
                channel=duty.channel,
                address=duty.address,
                language="en",
                subject=f"{mark}Muster: {words}"[:110],
                body=f"{mark}{words}.\n\n{settings.PUBLIC_URL}{reverse('dispatch:status')}",
                now=now,
            )
        except outbox.CappedError:
            continue  # thirty an hour have told them


def _alarm(kind: str, about: object = "", **words: object) -> Found:
    """Return an alarm's key and words."""
    return f"{kind}:{about}" if about else kind, WORDS[kind].format(**words)


def _all(now: datetime) -> Iterator[Found]:
    yield from _workers(now)
    yield from _causes(now)
    yield from _accounts(now)
    for key, (limit, of) in budgets.over(now).items():
        yield _alarm("budget", key, limit=limit, of=of)


def _waiting(now: datetime) -> Q:
    """Keep what might have left for a while; what officers have paused might not."""
    held = Q(channel__in=claims.paused_channels())
    return ~held & Q(
        state=State.QUEUED,
        not_before__lte=now - STILL,
        cause__opens_at__lte=now - STILL,
        cause__stopped_at=None,
        cause__paused_at=None,
        cause__not_after__gt=now,
    )


def _workers(now: datetime) -> Iterator[Found]:
    if Worker.objects.filter(beat_at__gt=now - SILENT).exists():
        yield from _notices(now)
    elif Message.objects.filter(_waiting(now)).exists():
        yield _alarm("workers")


def _causes(now: datetime) -> Iterator[Found]:
    """Compare what each alert of the last days promised with what came of it."""
    causes = Cause.objects.filter(
        opens_at__gt=now - LOOK_BACK, opens_at__lte=now - STILL, stopped_at=None
    ).exclude(lane=Lane.NOTICE)
    for cause in causes.order_by("-opens_at")[:50]:
        rows = Message.objects.filter(cause=cause)
        counts = rows.aggregate(
            total=Count("id"),
            refused=Count("id", filter=_REFUSED),
            stuck=Count("id", filter=Q(state__in=[State.SET_ASIDE])),
            sealed=Count("id", filter=Q(state=State.QUEUED, provider_code=SEALED)),
            unclear=Count("id", filter=_unsettled(now)),
            moving=Count("id", filter=Q(accepted_at__gt=now - STILL)),
            waiting=Count("id", filter=_waiting(now)),
            old=Count("id", filter=Q(accepted_at__lt=now - RECEIPTS_LATE)),
            known=Count("id", filter=Q(state__in=[State.DELIVERED, State.UNDELIVERED])),
        )
        yield from _of_cause(cause, counts)
        yield from _posts(cause, now)


def _notices(now: datetime) -> Iterator[Found]:
    """Say that codes, confirmations and words to officers do not leave."""
    notices = Message.objects.filter(lane=Lane.NOTICE)
    waiting = notices.filter(_waiting(now)).count()
    if waiting and not notices.filter(accepted_at__gt=now - STILL).exists():
        yield _alarm("notices", count=waiting)


def _unsettled(now: datetime) -> Q:
    """Keep what is unclear and was tried long ago: it is left to an officer."""
    tried = Attempt.objects.filter(
        message=OuterRef("pk"),
        number=OuterRef("attempt"),
        began_at__lte=now - UNSETTLED,
    )
    return Q(Exists(tried), state=State.UNCLEAR)


def _of_cause(cause: Cause, counts: dict[str, int]) -> Iterator[Found]:
    if counts["waiting"] and not counts["moving"]:
        yield _alarm("still", cause.pk, count=counts["waiting"], cause=cause.title)
    if counts["refused"] > max(counts["total"] * MUCH, FEW):
        yield _alarm(
            "refused",
            cause.pk,
            count=counts["refused"],
            total=counts["total"],
            cause=cause.title,
        )
    if counts["stuck"]:
        yield _alarm("aside", cause.pk, count=counts["stuck"], cause=cause.title)
    if counts["sealed"]:
        yield _alarm("sealed", cause.pk, count=counts["sealed"], cause=cause.title)
    if counts["unclear"]:
        yield _alarm("unclear", cause.pk, count=counts["unclear"], cause=cause.title)
    if counts["old"] >= ENOUGH and counts["known"] < FEWEST_RECEIPTS * counts["old"]:
        yield _alarm("receipts", cause.pk, cause=cause.title)


def _posts(cause: Cause, now: datetime) -> Iterator[Found]:
    """Say which public posts did not go out, or should have by now."""
    rows = Publication.objects.filter(cause=cause)
    failed = rows.filter(state__in=[State.SET_ASIDE, State.REJECTED]).count()
    if failed:
        yield _alarm("posts", cause.pk, count=failed, cause=cause.title)
    is_held = cause.paused_at or cause.not_after <= now
    if is_held or Pause.objects.filter(channel__in=["", Channel.SOCIAL]).exists():
        return
    late = rows.filter(
        state__in=[State.QUEUED, State.CLAIMED, State.UNCLEAR],
        created_at__lte=now - STILL,
    ).count()
    if late:
        yield _alarm("late-posts", cause.pk, count=late, cause=cause.title)


def _accounts(now: datetime) -> Iterator[Found]:
    for row in Account.objects.filter(name__in=settings.ACCOUNTS):
        if row.weight <= routing.RESTING // 2:
            conf = settings.ACCOUNTS[row.name]
            is_alone = len(routing.accounts(conf["channel"], conf["mode"])) == 1
            kind = "alone" if is_alone else "account"
            yield _alarm(kind, row.name, account=row.name)
        if _is_refused(row, now):
            yield _alarm("set-up", row.name, account=row.name, said=row.trouble)


def _is_refused(row: Account, now: datetime) -> bool:
    """Tell whether an account as it is set up is of no use; until it took something.

    What it refuses now and then, such as one language's template, counts for a while.
    """
    at = row.refused_at
    if at is None or at <= now - LOOK_BACK:
        return False
    return at > now - REFUSED or row.accepted_at is None or row.accepted_at < at
