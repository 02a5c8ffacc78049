"""Settle who an alert is for, together with the messages that leads to.

Transactions of at most 2,000 rows; each is fenced by the alert's lease, so a second
worker, or a stop, ends a first one between two of them. Whoever comes back later finds
what is written and goes on: the ledger, not this process, says what is left to do.

People inside whom no message can reach stay in the audience, with the reason: they are
the duty officer's unreachable ones.
"""

import hashlib
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from alerts.dispatch import outbox
from alerts.incidents import logbook, matching, previewing, release
from alerts.incidents.matching import Match
from alerts.incidents.models import Alert, Audience, AudiencePerson, Draft
from alerts.incidents.posting import Post
from consular import copying
from consular.missions import audit
from consular.sealing import CODE_LETTERS, new_code

AT_ONCE = 400  # registrations a transaction: about 2,000 rows with what hangs on them
LEASE = timedelta(seconds=15)
_SETTLED = (
    "id",
    "registration_id",
    "is_included",
    "reason",
    "level",
    "distance_m",
    "code",
)
MOVED_TOO_MUCH = 0.10  # of the people counted when the draft was handed over


class LostError(Exception):
    """Say that the alert is no longer ours to settle: stopped, or another's lease."""


def settle_by_id(alert_id: int) -> bool:
    """Settle an alert that the queue names by its id."""
    alert = Alert.objects.select_related("incident", "draft").get(pk=alert_id)
    return settle(alert, timezone.now())


def settle(alert: Alert, now: datetime, at_once: int = AT_ONCE) -> bool:
    """Write everyone an alert is for who is not written yet, then begin the hold.

    Returns
    -------
    bool
        Whether it is settled now; False when another worker has it, or it was stopped.
    """
    try:
        for _ in steps(alert, now, at_once):
            pass
    except LostError:
        return False
    alert.refresh_from_db()
    return alert.settled_at is not None


def steps(alert: Alert, now: datetime, at_once: int = AT_ONCE) -> Iterator[int]:
    """Settle one transaction at a time; yield the rows that each one wrote.

    Raises
    ------
    LostError
        When the alert was stopped, or its lease belongs to another worker.
    """
    lease = _Lease(alert, now)
    lease.take()
    written = set(alert.audience.values_list("registration_id", flat=True))
    left = iter([m for m in matching.of(alert) if m.registration_id not in written])
    codes = Codes(alert)
    post = Post(alert, now)
    while chunk := list(islice(left, at_once)):
        with transaction.atomic():
            lease.renew()
            _write(alert, chunk, codes, post)
        yield len(chunk)
    with transaction.atomic():
        lease.renew()
        post.publish()
        _finish(alert, now)


class _Lease:
    """The right to settle an alert, for some seconds, renewed with every step."""

    def __init__(self, alert: Alert, now: datetime) -> None:
        self.alert, self.now, self.began = alert, now, time.monotonic()
        self.until: datetime | None = None

    def _next(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.began) + LEASE

    def take(self) -> None:
        """Take a free lease, or one that ran out."""
        free = Q(lease_until=None) | Q(lease_until__lte=self.now)
        self._move(Alert.objects.filter(free), self._next())

    def renew(self) -> None:
        """Go on, if it is still ours."""
        self._move(Alert.objects.filter(lease_until=self.until), self._next())

    def _move(self, rows: Any, until: datetime) -> None:
        mine = rows.filter(pk=self.alert.pk, state=Alert.State.SETTLING)
        if not mine.update(lease_until=until):
            raise LostError(str(self.alert))
        self.until = until


class Codes:
    """Short codes that no other audience row of the incident has."""

    def __init__(self, alert: Alert) -> None:
        rows = Audience.objects.filter(alert__incident=alert.incident_id)
        self.taken = set(rows.exclude(code="").values_list("code", flat=True))

    def new(self) -> str:
        """Make up a code; longer ones when the short ones grow scarce."""
        length = 4
        while len(self.taken) * 20 > len(CODE_LETTERS) ** length:
            length += 1
        code = new_code(length)
        while code in self.taken:
            code = new_code(length)
        self.taken.add(code)
        return code


def _write(alert: Alert, chunk: list[Match], codes: Codes, post: Post) -> None:
    """Write audience rows, their persons, and the messages that serve them."""
    included = [match.registration_id for match in chunk if match.is_included]
    addressed = post.addresses_of(included)
    numbers = copying.numbers(Audience, len(chunk))
    rows = [
        Audience(
            pk=number,
            alert=alert,
            registration_id=match.registration_id,
            is_included=match.is_included,
            reason=reason_of(match, addressed),
            level=match.level,
            distance_m=match.distance_m,
            code=codes.new() if match.is_included else "",
        )
        for number, match in zip(numbers, chunk, strict=True)
    ]
    columns = {name: [getattr(row, name) for row in rows] for name in _SETTLED}
    copying.write(Audience, len(rows), {"alert_id": alert.pk, **columns})
    persons = [
        (number, inside)
        for number, match in zip(numbers, chunk, strict=True)
        for inside in match.persons
    ]
    columns = {
        "audience_id": [number for number, _ in persons],
        "person_id": [inside.person_id for _, inside in persons],
        "stay_id": [inside.stay_id for _, inside in persons],
        "level": [inside.level for _, inside in persons],
    }
    copying.write(AudiencePerson, len(persons), columns)
    post.write([row for row in rows if row.is_included], addressed)


def reason_of(match: Match, addressed: dict[int, Any]) -> str:
    """Say why a registration is in or out, knowing its addresses."""
    if not match.is_included:
        return match.reason
    found = addressed[match.registration_id]
    if found.reachable:
        return match.reason
    if found.silenced:
        return Audience.Reason.OPTED_OUT
    return Audience.Reason.NO_CONTACT


def digest(alert: Alert) -> str:
    """Return the hash of an audience: who is in or out, why, at which level.

    Rows that joined after the settling stand outside it; one that was left out then,
    and joined later, stands in it as it was.
    """
    settled = Q(joined_at=None) | ~Q(settled_reason="")
    rows = alert.audience.filter(settled).order_by("registration_id")
    sha = hashlib.sha256()
    columns = ("registration_id", "is_included", "reason", "level", "settled_reason")
    for number, *said, left_out in rows.values_list(*columns).iterator(chunk_size=2000):
        row = (number, False, left_out, "") if left_out else (number, *said)
        sha.update(("|".join(map(str, row)) + "\n").encode())
    return sha.hexdigest()


def _finish(alert: Alert, now: datetime) -> None:
    """Commit count and hash, and the hold with them; or go back to the approver."""
    included = alert.audience.filter(is_included=True)
    alert.registrations = included.count()
    alert.people = AudiencePerson.objects.filter(audience__in=included).count()
    alert.audience_hash = digest(alert)
    Alert.objects.filter(pk=alert.pk).update(
        registrations=alert.registrations,
        people=alert.people,
        audience_hash=alert.audience_hash,
        lease_until=None,
    )
    before = int(alert.draft.preview.get("people", 0))
    if abs(alert.people - before) > MOVED_TOO_MUCH * max(before, 1):
        _ask_again(alert, before, now)
    else:
        release.hold(alert, now)


def _ask_again(alert: Alert, before: int, now: datetime) -> None:
    """Stop an alert whose count moved, and ask the second person again."""
    difference = (
        f"The number of people went from {before:,} to {alert.people:,} "
        "while this was approved. Look again before you approve."
    )
    alert.move(Alert.State.STOPPED, stopped_at=now, settled_at=now)
    outbox.stop(alert.cause_key, now)
    try:
        with transaction.atomic():
            alert.draft.move(
                Draft.State.SUBMITTED,
                reason=difference,
                preview=previewing.of_draft(alert.draft, now) | {"before": before},
            )
    except IntegrityError:  # a newer draft is being written; it will be asked about
        difference += " A newer draft is already being written."
    audit.record(
        "count_moved",
        None,
        alert.incident.key,
        now,
        alert=alert.pk,
        before=before,
        people=alert.people,
    )
    logbook.write(alert.incident, None, difference, now)
