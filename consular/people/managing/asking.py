"""Ask once a day whom it is due whether what we hold of them is still right.

Before a trip, at each stop, and twice a year of residents. A question nobody answers
in three days is a silence; after two in a row a registration counts as stale, which
every count shows apart: its people are warned all the same.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils.translation import gettext as _

from alerts.dispatch import outbox
from consular import languages, modes
from consular.missions import audit
from consular.missions.models import AuditEntry
from consular.people.managing import confirming, linking
from consular.people.models import Contact, Link, Question, Registration, Stay

logger = logging.getLogger(__name__)
ACTION = "ask"
FROM_HOUR = 9  # UTC
AHEAD = timedelta(days=7)
LATE = timedelta(days=3)  # a day on which nothing ran is made up for
QUIET = timedelta(days=3)  # between two questions, and after one was answered
ANSWER_WITHIN = timedelta(days=3)
HALF_A_YEAR = timedelta(days=182)
AT_ONCE = 500


def is_due(now: datetime) -> bool:
    """Tell whether today's questions have not been asked yet."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = AuditEntry.objects.filter(action=ACTION, at__gte=midnight)
    return now.hour >= FROM_HOUR and not asked.exists()


def run(now: datetime) -> dict[str, int]:
    """Count silences, ask what is due, and write both to the audit trail."""
    counts = {"silent": count_silent(now), "asked": 0}
    for registration, occasion in _due(now):
        counts["asked"] += _ask(registration, occasion, now)
    audit.record(ACTION, None, "daily", now, **counts)
    return counts


def count_silent(now: datetime) -> int:
    """Count questions that were left without an answer; return how many are new."""
    late = Question.objects.filter(
        answered_at=None, silent_at=None, asked_at__lte=now - ANSWER_WITHIN
    )
    total = 0
    while rows := list(late.values_list("pk", "registration_id")[:AT_ONCE]):
        with transaction.atomic():
            for number, registration_id in rows:
                row = Question.objects.filter(
                    pk=number, answered_at=None, silent_at=None
                )
                if row.update(silent_at=now):
                    party = Registration.objects.filter(pk=registration_id)
                    party.update(silences=F("silences") + 1)
                    total += 1
    return total


def _due(now: datetime) -> Iterator[tuple[Registration, str]]:
    """Yield who is to be asked, with the occasion, each once."""
    today, seen = now.date(), set()
    ready = _ready(now)
    for occasion, rows in (
        ("before", _travelling_soon(ready, today)),
        ("stop", _arrived(ready, today)),
        ("half", _settled(ready, now)),
    ):
        for registration in list(rows):
            if registration.pk not in seen:
                seen.add(registration.pk)
                day = getattr(registration, "day", today)
                yield registration, f"{occasion}:{day}"


def _ready(now: datetime) -> QuerySet[Registration]:
    """Keep who may be asked: confirmed, and left in peace for some days."""
    rows = Registration.objects.filter(mode=modes.installation())
    rows = rows.exclude(confirmed_at=None)
    recent = Question.objects.filter(asked_at__gt=now - QUIET)
    return rows.filter(_said_before(now - QUIET)).exclude(
        pk__in=recent.values("registration")
    )


def _said_before(moment: datetime) -> Q:
    said = Q(assured_at__lte=moment)
    return said | Q(assured_at=None, confirmed_at__lte=moment)


def _travelling_soon(
    ready: QuerySet[Registration], today: date
) -> QuerySet[Registration]:
    starts = Stay.objects.current().filter(
        arrives_on__gt=today, arrives_on__lte=today + AHEAD
    )
    rows = ready.filter(pk__in=starts.values("registration"))
    current = Q(stays__replaced_at=None)
    rows = rows.annotate(day=Min("stays__arrives_on", filter=current))
    return rows.filter(day__gt=today)


def _arrived(ready: QuerySet[Registration], today: date) -> QuerySet[Registration]:
    begun = Q(
        stays__replaced_at=None,
        stays__is_shared=False,
        stays__arrives_on__lte=today,
        stays__arrives_on__gt=today - LATE,
    )
    rows = ready.annotate(day=Min("stays__arrives_on", filter=begun))
    return rows.exclude(day=None)


def _settled(ready: QuerySet[Registration], now: datetime) -> QuerySet[Registration]:
    """Keep residents who have said nothing for half a year, asked once a fortnight."""
    rows = ready.filter(
        _said_before(now - HALF_A_YEAR), kind=Registration.Kind.RESIDENCE
    )
    asked = Question.objects.filter(asked_at__gt=now - timedelta(days=14))
    stale = Question.objects.filter(asked_at__gt=now - HALF_A_YEAR)
    return rows.exclude(pk__in=asked.values("registration")).exclude(
        silences__gte=2, pk__in=stale.values("registration")
    )


def _ask(registration: Registration, occasion: str, now: datetime) -> bool:
    """Ask by e-mail, or by SMS where there is none; once an occasion."""
    own = registration.contacts.filter(role=Contact.Role.OWN)
    contact = own.order_by(F("verified_at").asc(nulls_last=True), "kind").first()
    if contact is None:
        return False
    try:
        with transaction.atomic():
            question = Question.objects.create(
                registration=registration, occasion=occasion, asked_at=now
            )
            _write(registration, contact, question, now)
    except IntegrityError:  # asked already
        return False
    except outbox.CappedError:
        logger.warning("registration %s: no question today", registration.pk)
        return False
    return True


def _write(
    registration: Registration, contact: Contact, question: Question, now: datetime
) -> None:
    with languages.speak(registration.language):
        subject = _("Is your registration still right?")
        body = _(
            "{ministry}: is what we know of your stay ({reference}) still right? "
            "Please look and say so: {link}"
        ).format(
            ministry=settings.MINISTRY_NAME,
            reference=registration.reference,
            link=linking.link(registration, Link.Purpose.MANAGE),
        )
    key = f"question:{question.pk}"
    confirming.write(registration, contact, key, "question", subject, body, now)
