"""Let people join who register, change or move while an alert is in force.

A registration that changed since the oldest alert in force was approved is matched once
a revision. What was matched before the newest of them was settled is matched again:
somebody who registers while an alert is being approved is missed by neither side. So is
what was matched before a newer alert was stopped: the one before it is in force again,
and who came in its hold is in the stopped one only. And what was matched before an
all-clear began to leave: who came back in its hold is told, and warned again. A second
look at the same person writes nothing.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from alerts.incidents.audiences import inforce, matching, returning, warned
from alerts.incidents.audiences.listing import Codes, reason_of
from alerts.incidents.audiences.matching import Inside, Match
from alerts.incidents.audiences.posting import Addressed, Post, Seat
from alerts.incidents.models import (
    Alert,
    AlertKind,
    Audience,
    AudiencePerson,
    Matched,
)
from alerts.incidents.zones.previewing import LEVELS
from consular.people.models import Registration

AT_ONCE = 400  # registrations a transaction: about 2,000 rows with what hangs on them
MOST_A_TICK = 4_000
# Longer than the longest transaction that enrols, and than clocks of machines differ.
SLACK = timedelta(minutes=10)
AGAIN = timedelta(seconds=10)


def tick(now: datetime) -> int:
    """Match who is new or changed with the alerts in force; return how many joined.

    Whom that warned while an all-clear was being settled gets the all-clear as well.
    """
    joined = _let_join(now)
    for alert in _just_clear(now):
        _tell_late(alert, now)
    return joined


def _let_join(now: datetime) -> int:
    alerts = inforce.alerts(now)
    inforce.keep_tiles(alerts)
    if not alerts:
        return 0
    joined = 0
    for _ in range(0, MOST_A_TICK, AT_ONCE):
        with transaction.atomic():
            numbers = _taken(alerts, now)
            joined += _match(alerts, numbers, now)
        if len(numbers) < AT_ONCE:
            break
    return joined


def pending(alerts: Collection[Alert], now: datetime) -> QuerySet[Registration]:
    """Return the confirmed registrations that are still to be matched."""
    oldest = min(alert.approved_at for alert in alerts)
    seen_at = min(_turned_at(alerts, now) + AGAIN, now)
    changed = Registration.objects.filter(
        changed_at__gte=oldest - SLACK,
        mode__in={alert.mode for alert in alerts},
    ).exclude(confirmed_at=None)
    return changed.filter(
        Q(matched=None)
        | ~Q(matched__revision=F("revision"))
        | Q(matched__matched_at__lt=seen_at)
    )


def _turned_at(alerts: Collection[Alert], now: datetime) -> datetime:
    """Return when it last changed who is to be warned, or may have."""
    times = [alert.settled_at or alert.approved_at for alert in alerts]
    ended = Alert.objects.filter(incident__in=[alert.incident_id for alert in alerts])
    cleared = Q(kind__in=warned.CLEARS, opens_at__lte=now)
    found = ended.aggregate(
        stopped_at=Max("stopped_at"), told_at=Max("opens_at", filter=cleared)
    )
    return max([*times, *(at for at in found.values() if at is not None)])


def _taken(alerts: Collection[Alert], now: datetime) -> list[int]:
    """Take registrations, so that no second worker matches them now; mark them."""
    first = pending(alerts, now).order_by(
        F("matched__matched_at").asc(nulls_first=True), "changed_at", "pk"
    )
    wanted = list(first.values_list("pk", flat=True)[:AT_ONCE])
    rows = dict(
        Registration.objects.select_for_update(no_key=True)
        .filter(pk__in=wanted)
        .order_by("pk")
        .values_list("pk", "revision")
    )
    Matched.objects.bulk_create(
        (
            Matched(registration_id=number, revision=revision, matched_at=now)
            for number, revision in rows.items()
        ),
        update_conflicts=True,
        unique_fields=["registration"],
        update_fields=["revision", "matched_at"],
    )
    return list(rows)


def _match(alerts: Collection[Alert], numbers: list[int], now: datetime) -> int:
    if not numbers:
        return 0
    by_alert: dict[int, set[int]] = defaultdict(set)
    for alert_id, number in inforce.candidates(alerts, numbers):
        by_alert[alert_id].add(number)
    return sum(
        join(alert, by_alert[alert.pk], now) for alert in alerts if by_alert[alert.pk]
    )


def _just_clear(now: datetime) -> QuerySet[Alert]:
    """Return the all-clears that were settled a moment ago, and are not stopped.

    Until then the alert before was in force, and warned whoever came: also of those
    whom the all-clear has not found, as it had looked for them already.
    """
    clear = Alert.objects.filter(kind=AlertKind.ALL_CLEAR, settled_at__gt=now - SLACK)
    going = clear.exclude(state=Alert.State.STOPPED)
    return going.select_related("incident").order_by("pk")


@transaction.atomic
def _tell_late(alert: Alert, now: datetime) -> None:
    """Write an all-clear to those warned before it who are not in its audience."""
    matched = Matched.objects.filter(matched_at__gte=alert.approved_at - SLACK)
    told = AudiencePerson.objects.filter(audience__alert=alert)
    # One by one: `NOT IN` of a hundred thousand is read through for each of them.
    late = (
        warned.rows(alert.incident, alert)
        .filter(audience__registration__in=matched.values("registration"))
        .filter(~Exists(told.filter(person=OuterRef("person"))))
        .order_by()
        .values("audience__registration")
    )
    held = Registration.objects.select_for_update(no_key=True)
    numbers = list(held.filter(pk__in=late).order_by("pk").values_list("pk", flat=True))
    if numbers:
        join(alert, numbers, now)


@transaction.atomic
def join(alert: Alert, numbers: Collection[int], now: datetime) -> int:
    """Let those of some registrations who are inside join an alert's audience.

    Who is in it already gets what is new: persons of the party, their place, addresses.
    Who has been told since that it is over for them gets nothing, unless they came
    back: then they join anew.

    Returns
    -------
    int
        How many registrations joined.
    """
    matches = {each.registration_id: each for each in matching.of(alert, numbers)}
    if not matches:
        return 0
    rows = {
        row.registration_id: row
        for row in alert.audience.filter(registration_id__in=matches)
    }
    ends = returning.told(alert, matches, now)
    waiting = returning.waiting(alert, rows, ends)
    back = returning.back(alert, waiting, ends, now)
    matches = {n: m for n, m in matches.items() if n not in waiting} | back
    post = Post(alert, now)
    addressed = post.addresses_of(matches)
    newcomers = [
        match
        for number, match in matches.items()
        if number not in rows or not rows[number].is_included
    ]
    codes = iter(Codes(alert).several(len(newcomers)) if newcomers else ())
    for match in newcomers:
        row = rows.get(match.registration_id)
        joined = _joined(alert, row, match, addressed, now)
        joined.code = next(codes)
        joined.save()
        rows[match.registration_id] = joined
    for number, match in back.items():
        _come_back(rows[number], match, now)
    _write_persons(rows, matches, back)
    seats = [_seat(rows[number], ends.get(number)) for number in matches]
    post.write(seats, addressed)
    return len(newcomers) + len(back)


def _seat(row: Audience, end: returning.Told | None) -> Seat:
    purpose = returning.purpose(row, end)
    return Seat(row.pk, row.registration_id, row.distance_m, row.code, purpose)


def _come_back(row: Audience, match: Match, now: datetime) -> None:
    """Let a row join anew; its reason and level stand as they were settled."""
    if row.joined_at is None:
        row.settled_reason = row.reason
    row.joined_at, row.distance_m = now, match.distance_m
    row.save(update_fields=["joined_at", "distance_m", "settled_reason"])


def _joined(
    alert: Alert,
    row: Audience | None,
    match: Match,
    addressed: dict[int, Addressed],
    now: datetime,
) -> Audience:
    """Return a row that joins, or turn one that was left out into one."""
    if row is None:
        row = Audience(alert=alert, registration_id=match.registration_id)
    elif row.joined_at is None:
        row.settled_reason = row.reason
    row.is_included, row.joined_at = True, now
    row.reason = reason_of(match, addressed)
    if row.reason in (Audience.Reason.INSIDE, Audience.Reason.COUNTRY_ONLY):
        row.reason = Audience.Reason.JOINED
    row.level, row.distance_m = match.level, match.distance_m
    return row


def _write_persons(
    rows: dict[int, Audience], matches: dict[int, Match], back: Collection[int]
) -> None:
    """Write who is in of each party, and where; whom it knows already, if they moved.

    Parameters
    ----------
    rows : dict
        The audience's rows, by registration.
    matches : dict
        What was found, by registration.
    back : collection of int
        The registrations that came back: what is new holds, whatever was known.
    """
    listed = AudiencePerson.objects.filter(
        audience__in=[rows[number].pk for number in matches]
    )
    known = {(row.audience_id, row.person_id): row for row in listed}
    fresh, moved = [], []
    for number, match in matches.items():
        for inside in match.persons:
            row = known.get((rows[number].pk, inside.person_id))
            if row is None:
                row = AudiencePerson(audience=rows[number], person_id=inside.person_id)
                fresh.append(row)
            elif _has_moved(row, inside, number in back):
                moved.append(row)
            else:
                continue
            row.stay_id, row.level = inside.stay_id, inside.level
    AudiencePerson.objects.bulk_create(fresh, ignore_conflicts=True)
    AudiencePerson.objects.bulk_update(moved, ["stay", "level"])


def _has_moved(row: AudiencePerson, inside: Inside, is_back: bool) -> bool:
    """Tell whether somebody is at another place now, and in no milder level there.

    Who was in danger stays so for officers until they are told that it is over.
    """
    if is_back:
        return (row.stay_id, row.level) != (inside.stay_id, inside.level)
    is_milder = LEVELS.index(inside.level) > LEVELS.index(row.level)
    return not is_milder and (inside.stay_id or 0) > (row.stay_id or 0)
