"""Ask until answered: the further steps of an alert, each once for each party.

A step is due some time after the first messages left, for parties that have not
answered. It writes messages under the alert's own cause, so that a stop, a pause and
the end of the alert hold for it too. Who has been told meanwhile that it is over for
them, or was a mistake, is not asked any more. What was written for a party that
answers, or is told so, before it leaves is taken back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.http import int_to_base36

from alerts.checkins import ladder_letters
from alerts.checkins.models import LadderStep, Standing
from alerts.dispatch import outbox
from alerts.dispatch.models import Cause, Channel, Message, State
from alerts.dispatch.outbox import Letter
from alerts.incidents import logbook
from alerts.incidents.audiences import warned
from alerts.incidents.models import (
    Alert,
    AlertKind,
    Audience,
    AudienceMessage,
    AudiencePerson,
)

AT_ONCE = 400
DELIVERED = {State.DELIVERED}
FAILED = {State.UNDELIVERED, State.REJECTED}
ASKED_AT = Coalesce("joined_at", "alert__opens_at")


@dataclass(frozen=True)
class Step:
    """One rung: its name is the purpose of the messages it writes."""

    name: str
    after: timedelta
    channels: tuple[str, ...]
    words: str
    only_unreceived: bool = False
    to_emergency_contact: bool = False

    @property
    def asks_them(self) -> bool:
        """Whether it writes to a party itself; else somebody looks for it."""
        return bool(self.channels) and not self.to_emergency_contact


STEPS = (
    Step(
        "whatsapp",
        timedelta(minutes=3),
        (Channel.WHATSAPP,),
        "WhatsApp to those of whom no receipt has come",
        only_unreceived=True,
    ),
    Step("reminder", timedelta(minutes=15), (Channel.SMS, Channel.EMAIL), "A reminder"),
    Step("voice", timedelta(minutes=30), (Channel.VOICE,), "A call"),
    Step(
        "contact",
        timedelta(minutes=60),
        (Channel.SMS, Channel.EMAIL),
        "A message to the emergency contact, where it was agreed to",
        to_emergency_contact=True,
    ),
    Step("officer", timedelta(minutes=75), (), "An officer has to look"),
)
NAMES = [step.name for step in STEPS]


def climb(now: datetime) -> int:
    """Write what is due of every alert that asks; take back what was answered."""
    alerts = Alert.objects.filter(
        kind__in=warned.WARNINGS,
        state__in=[Alert.State.RELEASED, Alert.State.HELD],
        opens_at__lte=now,
        not_after__gt=now,
    )
    done = 0
    for alert in alerts.select_related("incident").order_by("-opens_at")[:100]:
        done += withdraw_needless(alert, now)
        if alert.incident.closed_at is None and _is_open(alert) and _asks(alert, now):
            done += sum(_take(alert, step, now) for step in STEPS)
    return done


def _asks(alert: Alert, now: datetime) -> bool:
    """Tell whether anybody is asked by an alert: an update asks who came since."""
    return alert.kind == AlertKind.ALERT or _asked_by(alert, now).exists()


def _asked_by(alert: Alert, now: datetime) -> QuerySet[Audience]:
    """Keep the rows of who hears first by this alert, and was not written to before.

    Who was told since what was written before that it is over for them is warned anew,
    and hears first by this alert too.
    """
    rows = Audience.objects.filter(alert=alert, is_included=True)
    rows = rows.annotate(asked_at=ASKED_AT)
    if alert.kind == AlertKind.ALERT:
        return rows
    written = AudienceMessage.objects.filter(audience=OuterRef("pk"))
    over = warned.ends(now).filter(
        alert__incident=alert.incident_id,
        registration=OuterRef("registration"),
        alert__opens_at__gte=OuterRef("asked_at"),
        alert__opens_at__lte=OuterRef(OuterRef("asked_at")),
    )
    earlier = Audience.objects.annotate(asked_at=ASKED_AT).filter(
        Exists(written),
        ~Exists(over),
        warned.LEFT,
        is_included=True,
        alert__incident=alert.incident_id,
        alert__kind__in=warned.WARNINGS,
        alert__lt=alert.pk,
        registration=OuterRef("registration"),
    )
    return rows.filter(~Exists(earlier))


def _is_open(alert: Alert) -> bool:
    rows = Cause.objects.filter(key=alert.cause_key, stopped_at=None, paused_at=None)
    return rows.exists()


def delay(alert: Alert, step: Step) -> timedelta:
    """Return how long after the first message a step is due; an exercise may hurry."""
    return step.after / (settings.SPEED if alert.mode != "live" else 1)


def _answered() -> Exists:
    """Tell of an audience row whether anyone it is for has said anything."""
    # By its persons: asked by the incident, each row would look at all that was said.
    said = Standing.objects.filter(
        incident=OuterRef(OuterRef("alert__incident")), person=OuterRef("person")
    )
    return Exists(AudiencePerson.objects.filter(Exists(said), audience=OuterRef("pk")))


def _still_asked(rows: QuerySet[Audience], now: datetime) -> QuerySet[Audience]:
    """Keep the rows of silent parties that nobody has told that it is over."""
    ends = warned.ends(now).filter(
        alert__incident=OuterRef("alert__incident"),
        registration=OuterRef("registration"),
        alert__opens_at__gte=OuterRef("asked_at"),
    )
    return rows.annotate(
        asked_at=ASKED_AT,
        has_answered=_answered(),
        was_told=Exists(ends),
    ).filter(has_answered=False, was_told=False)


def due(alert: Alert, step: Step, now: datetime) -> QuerySet[Audience]:
    """Keep the audience rows for which a step is due and was not taken."""
    taken = LadderStep.objects.filter(step=step.name)
    rows = (
        _still_asked(_asked_by(alert, now), now)
        .annotate(was_taken=Exists(taken.filter(audience=OuterRef("pk"))))
        .filter(was_taken=False)
    )
    if step.asks_them:
        # Who had no way, or has sent STOP, is looked for, but not written to.
        written = AudienceMessage.objects.filter(audience=OuterRef("pk"))
        rows = rows.exclude(Q(reason__in=warned.UNREACHED) & ~Exists(written))
    elif alert.kind != AlertKind.ALERT:
        rows = rows.filter(~Exists(_looked_for(alert, taken, now)))
    late = Q(asked_at__lte=now - delay(alert, step))
    if step.only_unreceived:
        messages = Message.objects.filter(audiences__audience=OuterRef("pk"))
        rows = rows.annotate(
            received=Exists(messages.filter(state__in=DELIVERED)),
            hopeful=Exists(messages.exclude(state__in=FAILED)),
        ).filter(received=False)
        # Where every way has failed for good, there is nothing to wait for.
        late |= Q(hopeful=False)
    return rows.filter(late).order_by("distance_m", "id")


def _looked_for(
    alert: Alert, taken: QuerySet[LadderStep], now: datetime
) -> QuerySet[LadderStep]:
    """Keep the steps by which an earlier alert has looked for an update's row.

    Whom neither could reach is in both ladders; nobody is told twice. Who was told
    since that it is over is looked for anew.
    """
    over = warned.ends(now).filter(
        alert__incident=alert.incident_id,
        registration=OuterRef("audience__registration"),
        alert__opens_at__gte=OuterRef("taken_at"),
        alert__opens_at__lte=OuterRef(OuterRef("asked_at")),
    )
    return taken.filter(
        ~Exists(over),
        audience__alert__incident=alert.incident_id,
        audience__alert__lt=alert.pk,
        audience__registration=OuterRef("registration"),
    )


def _take(alert: Alert, step: Step, now: datetime) -> int:
    """Take one step for the parties for whom it is due."""
    rows = list(due(alert, step, now).select_related("registration")[:AT_ONCE])
    if not rows:
        return 0
    with transaction.atomic():
        fresh = _claimed(rows, step, now)
        if step.name == "officer":
            if fresh:
                logbook.write(alert.incident, None, _silent(len(fresh)), now)
            return len(fresh)
        letters = ladder_letters.of(alert, step.channels, fresh, step)
        written = _write(alert, letters, step, now)
        LadderStep.objects.filter(step=step.name, audience__in=fresh).exclude(
            audience__in=written
        ).update(outcome="no way to reach them by this step")
    return len(fresh)


def _silent(count: int) -> str:
    nouns = "registration is" if count == 1 else "registrations are"
    return f"{count:,} {nouns} silent after every step; the list has it."


def _claimed(rows: list[Audience], step: Step, now: datetime) -> list[Audience]:
    """Note that a step is taken; a row that another process took is left out."""
    LadderStep.objects.bulk_create(
        (LadderStep(audience=row, step=step.name, taken_at=now) for row in rows),
        ignore_conflicts=True,
    )
    mine = set(
        LadderStep.objects.filter(
            audience__in=rows, step=step.name, taken_at=now, outcome=""
        ).values_list("audience_id", flat=True)
    )
    return [row for row in rows if row.pk in mine]


def _write(
    alert: Alert,
    letters: Iterable[ladder_letters.Addressed],
    step: Step,
    now: datetime,
) -> set[int]:
    """Write the messages, join them with their rows; return the rows' ids."""
    pairs = list(letters)
    if not pairs:
        return set()
    messages = _messages(alert, pairs, now)
    elsewhere: list[tuple[Audience, Message]] = []
    own: list[tuple[Audience, Message]] = []
    for (row, letter), message in zip(pairs, messages, strict=True):
        # An emergency contact's message has no link, and answers for nobody.
        (own if letter.link_path else elsewhere).append((row, message))
    AudienceMessage.objects.bulk_create(
        (AudienceMessage(audience=row, message=message) for row, message in own),
        ignore_conflicts=True,
    )
    _note(elsewhere, step)
    return {row.pk for row, _ in pairs}


def _messages(
    alert: Alert, pairs: list[ladder_letters.Addressed], now: datetime
) -> list[Message]:
    """Write the letters of a step; where an old message is no answer, another one.

    An address is written to once for a purpose. Of several parties that share it, who
    joins later is asked by nothing that had left before, or was taken back.
    """
    cause = Cause.objects.get(key=alert.cause_key)
    found = outbox.write(cause, [letter for _, letter in pairs], now)
    purposes: dict[tuple[str, str], str] = {}
    again: dict[int, Letter] = {}
    for place, ((row, letter), message) in enumerate(zip(pairs, found, strict=True)):
        asked_at = row.joined_at or alert.opens_at or now
        has_left = message.state != State.QUEUED and message.created_at < asked_at
        if has_left or message.state == State.STOPPED:
            own = f"{letter.purpose}.{int_to_base36(row.pk)}"
            purpose = purposes.setdefault((letter.channel, letter.address), own)
            again[place] = replace(letter, purpose=purpose)
    anew = outbox.write(cause, again.values(), now)
    return list((dict(enumerate(found)) | dict(zip(again, anew, strict=True))).values())


def _note(written: list[tuple[Audience, Message]], step: Step) -> None:
    """Note which step of which party wrote a message to somebody else."""
    steps = dict(
        LadderStep.objects.filter(
            step=step.name, audience__in=[row for row, _ in written]
        ).values_list("audience", "pk")
    )
    through = LadderStep.messages.through
    through.objects.bulk_create(
        through(ladderstep_id=steps[row.pk], message_id=message.pk)
        for row, message in {(r.pk, m.pk): (r, m) for r, m in written}.values()
    )


def withdraw_needless(alert: Alert, now: datetime) -> int:
    """Take back the further messages of parties that need not be asked any more.

    A message that serves several parties goes on while one of them is to be asked;
    those of a closed incident are all taken back.
    """
    further = Q(purpose__in=NAMES)
    for name in NAMES:
        further |= Q(purpose__startswith=f"{name}.")  # of one party
    waiting = Message.objects.filter(
        further,
        cause__key=alert.cause_key,
        state=State.QUEUED,
    )
    if alert.incident.closed_at is None:
        waiting = _needless(waiting, now)
    return outbox.withdraw(waiting.values_list("pk", flat=True)[:2000], now)


def _needless(waiting: QuerySet[Message], now: datetime) -> QuerySet[Message]:
    """Keep the messages that were written for parties, and for none that is silent."""
    known = Q()
    asked = Q()
    for path in ("messages__message", "ladder_steps__messages"):
        rows = Audience.objects.filter(**{path: OuterRef("pk")})
        known |= Q(Exists(rows))
        asked |= Q(Exists(_still_asked(rows, now)))
    return waiting.filter(known).exclude(asked)


@dataclass(frozen=True)
class Rung:
    """One step as an officer sees it: when, and for how many registrations."""

    step: Step
    at: datetime
    taken: int
    unreachable: int


def rungs(alert: Alert) -> list[Rung]:
    """Return the steps of an alert with how many parties each was taken for."""
    rows = LadderStep.objects.filter(audience__alert=alert)
    if alert.opens_at is None or not (alert.kind == AlertKind.ALERT or rows.exists()):
        return []
    taken = {name: rows.filter(step=name) for name in NAMES}
    return [
        Rung(
            step=step,
            at=alert.opens_at + delay(alert, step),
            taken=taken[step.name].filter(outcome="").count(),
            unreachable=taken[step.name].exclude(outcome="").count(),
        )
        for step in STEPS
    ]
