"""The duty rota: who is on duty for a mission, from when to when, how to reach them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from consular.missions import audit
from consular.missions.access import Verb, reach
from consular.missions.errors import StaffingError
from consular.missions.models import Duty, Mission, Officer, Posting
from consular.missions.staff import contacting

LOOK_AHEAD = timedelta(days=7)
LONGEST = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A stretch of duty, as it is typed."""

    officer: Officer
    mission: Mission | None
    starts_at: datetime
    ends_at: datetime
    channel: str
    address: str


@dataclass(frozen=True)
class Gap:
    """A time in which nobody is on duty for a mission."""

    mission: Mission
    starts_at: datetime
    ends_at: datetime


def on_duty(now: datetime, countries: Collection[str] = ()) -> list[Duty]:
    """Return who is on duty; for countries, those who look after one, if there are any.

    Rather too many are told than nobody.
    """
    rows = Duty.objects.filter(
        starts_at__lte=now, ends_at__gt=now, officer__is_active=True
    )
    found = list(rows.select_related("mission", "officer").order_by("pk"))
    near = [
        duty
        for duty in found
        if duty.mission is None or set(countries) & set(duty.mission.serves)
    ]
    return (near or found) if countries else found


def may_keep(by: Officer, now: datetime) -> QuerySet[Mission]:
    """Return the missions whose rota an officer may keep."""
    found = Mission.objects.none()
    for verb in (Verb.DECLARE, Verb.ADMINISTER):
        where = reach(by, verb, now)
        if where.everywhere:
            return Mission.objects.all()
        found = found | Mission.objects.filter(pk__in=where.missions)
    return found.distinct()


def keeps_all(by: Officer, now: datetime) -> bool:
    """Tell whether an officer may put somebody on duty for all missions."""
    verbs = (Verb.DECLARE, Verb.ADMINISTER)
    return any(reach(by, verb, now).everywhere for verb in verbs)


def seen_by(by: Officer, now: datetime) -> QuerySet[Mission]:
    """Return the missions whose rota an officer sees."""
    where = reach(by, Verb.WATCH, now)
    listed = Mission.objects.all()
    return listed if where.everywhere else listed.filter(pk__in=where.missions)


def duties(by: Officer, now: datetime) -> QuerySet[Duty]:
    """Return what is on the rota from now on, for the missions an officer sees."""
    rows = Duty.objects.filter(ends_at__gt=now).filter(
        Q(mission=None) | Q(mission__in=seen_by(by, now))
    )
    return rows.select_related("officer", "mission").order_by("starts_at", "pk")


def who_can_serve(mission: Mission | None, now: datetime) -> QuerySet[Officer]:
    """Return the officers who have a role for a mission, or for all."""
    wanted = Q(mission=None) | (Q(mission=mission) if mission else Q())
    postings = Posting.objects.in_force(now).filter(wanted)
    found = Officer.objects.filter(pk__in=postings.values("officer"), is_active=True)
    return found.order_by("full_name", "pk")


@transaction.atomic
def add(stretch: Stretch, by: Officer, now: datetime) -> Duty:
    """Put somebody on duty.

    Raises
    ------
    StaffingError
        With what to mend.
    """
    errors = {}
    if not _may(by, stretch.mission, now):
        errors["mission"] = "You keep the rota of your own missions only."
    elif not who_can_serve(stretch.mission, now).filter(pk=stretch.officer.pk).exists():
        errors["officer"] = "This officer has no role for that mission."
    if not stretch.starts_at < stretch.ends_at <= stretch.starts_at + LONGEST:
        errors["ends_at"] = "It ends after it starts, 31 days later at most."
    elif stretch.ends_at <= now:
        errors["ends_at"] = "This is over already."
    address = ""
    try:
        address = contacting.address(stretch.channel, stretch.address)
    except contacting.AddressError as error:
        errors["address"] = str(error)
    if errors:
        raise StaffingError(errors)
    duty = Duty.objects.create(
        officer=stretch.officer,
        mission=stretch.mission,
        starts_at=stretch.starts_at,
        ends_at=stretch.ends_at,
        channel=stretch.channel,
        address=address,
    )
    audit.record("add_duty", by, f"officer {stretch.officer.pk}", now, duty=duty.pk)
    return duty


def _may(by: Officer, mission: Mission | None, now: datetime) -> bool:
    if mission is None:
        return keeps_all(by, now)
    return may_keep(by, now).filter(pk=mission.pk).exists()


@transaction.atomic
def remove(duty: Duty, by: Officer, now: datetime) -> None:
    """Take a stretch off the rota."""
    if not _may(by, duty.mission, now):
        raise StaffingError({"mission": "You keep the rota of your own missions only."})
    audit.record("remove_duty", by, f"officer {duty.officer_id}", now, duty=duty.pk)
    duty.delete()


def gaps(by: Officer, now: datetime) -> list[Gap]:
    """Return, for a week ahead, when nobody is on duty for a mission."""
    end = now + LOOK_AHEAD
    rows = list(duties(by, now).filter(starts_at__lt=end))
    found = []
    for mission in seen_by(by, now):
        free_from = now
        for duty in rows:
            if duty.mission_id not in (None, mission.pk):
                continue
            if duty.starts_at > free_from:
                found.append(Gap(mission, free_from, duty.starts_at))
            free_from = max(free_from, duty.ends_at)
        if free_from < end:
            found.append(Gap(mission, free_from, end))
    return found
