"""Settle who an alert is for, together with the messages that leads to.

Transactions of at most 2,000 rows, counted over all tables; each is fenced by the
alert's lease, so a second worker, or a stop, ends a first one between two of them.
Those of a large audience are written abreast (`writing`).
Whoever comes back later finds what is written and goes on: the ledger, not this
process, says what is left to do.

People inside whom no message can reach stay in the audience, with the reason: they are
the duty officer's unreachable ones.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from alerts.dispatch import outbox
from alerts.incidents import logbook
from alerts.incidents.approving import release
from alerts.incidents.audiences import listing, matching, writing
from alerts.incidents.audiences.leasing import Lease, LostError
from alerts.incidents.audiences.posting import Post
from alerts.incidents.audiences.writing import Writing
from alerts.incidents.models import Alert, AudiencePerson, Draft
from alerts.incidents.zones import previewing
from consular import collecting
from consular.missions import audit
from consular.people.models import SILENCES_OF_STALE

MOST_ROWS = 2_000  # a transaction, over all tables
READ_AT_ONCE = 2_000  # registrations whose addresses are read in one look
ABREAST_FROM = 10_000  # registrations; below, a second connection is not worth it
MOVED_TOO_MUCH = 0.10  # of the people counted when the draft was handed over
WITHIN = timedelta(hours=24)  # that one officer's cap of people counts together


def settle_by_id(alert_id: int) -> bool:
    """Settle an alert that the queue names by its id."""
    alert = Alert.objects.select_related("incident", "draft").get(pk=alert_id)
    return settle(alert, timezone.now())


def settle(
    alert: Alert,
    now: datetime,
    most_rows: int = MOST_ROWS,
    abreast_from: int = ABREAST_FROM,
) -> bool:
    """Write everyone an alert is for who is not written yet, then begin the hold.

    Returns
    -------
    bool
        Whether it is settled now; False when another worker has it, or it was stopped.
    """
    try:
        with collecting.held_back():
            for _ in steps(alert, now, most_rows, abreast_from):
                pass
    except LostError:
        return False
    alert.refresh_from_db()
    return alert.settled_at is not None


def steps(
    alert: Alert,
    now: datetime,
    most_rows: int = MOST_ROWS,
    abreast_from: int = ABREAST_FROM,
) -> Iterator[int]:
    """Settle in transactions; yield the registrations that each one writes.

    With so many registrations as `abreast_from`, several are under way at a time.

    Raises
    ------
    LostError
        When the alert was stopped, or its lease belongs to another worker.
    """
    lease = Lease(alert, now)
    lease.take()
    written = set(alert.audience.values_list("registration_id", flat=True))
    found = [m for m in matching.of(alert) if m.registration_id not in written]
    post = Post(alert, now)
    with writing.clerks(len(found) >= abreast_from) as clerks:
        work = Writing(alert, lease, post, clerks)
        left = iter(found)
        while part := list(islice(left, READ_AT_ONCE)):
            addressed = work.addresses_of(part)
            for chunk in listing.packed(part, addressed, most_rows):
                work.write(chunk, addressed)
                yield len(chunk)
        work.wait()
    with lease.held():
        post.publish()
        _finish(alert, lease)


def digest(alert: Alert) -> str:
    """Return the hash of an audience: who is in or out, why, at which level.

    Rows that joined after the settling stand outside it; one that was left out then,
    and joined later, stands in it as it was, and so does one that was in and came back:
    its reason is still the one that was settled.
    """
    settled = Q(joined_at=None) | ~Q(settled_reason="")
    rows = alert.audience.filter(settled).order_by("registration_id")
    sha = hashlib.sha256()
    columns = ("registration_id", "is_included", "reason", "level", "settled_reason")
    for number, *said, left_out in rows.values_list(*columns).iterator(chunk_size=2000):
        is_as_settled = left_out in ("", said[1])
        row = (number, *said) if is_as_settled else (number, False, left_out, "")
        sha.update(("|".join(map(str, row)) + "\n").encode())
    return sha.hexdigest()


def _finish(alert: Alert, lease: Lease) -> None:
    """Commit count and hash, and the hold with them; or go back to the approver.

    The hold begins when all are written, and whoever came until then is looked for.
    """
    included = alert.audience.filter(is_included=True)
    alert.registrations = included.count()
    persons = AudiencePerson.objects.filter(audience__in=included)
    alert.people = persons.count()
    alert.stale = persons.filter(
        audience__registration__silences__gte=SILENCES_OF_STALE
    ).count()
    alert.audience_hash = digest(alert)
    Alert.objects.filter(pk=alert.pk).update(
        registrations=alert.registrations,
        people=alert.people,
        stale=alert.stale,
        audience_hash=alert.audience_hash,
        lease_until=None,
    )
    before = int(alert.draft.preview.get("people", 0))
    has_moved = abs(alert.people - before) > MOVED_TOO_MUCH * max(before, 1)
    now = lease.clock()
    if has_moved:
        words = (
            f"The number of people went from {before:,} to {alert.people:,} "
            "while this was approved. Look again before you approve."
        )
        _ask_again(alert, before, words, now)
    elif words := _too_many_alone(alert):
        _ask_again(alert, before, words, now)
    else:
        release.hold(alert, now)


def _too_many_alone(alert: Alert) -> str:
    """Say when one officer warns more people alone than the cap, in parts or at once.

    Whom they warned within a day counts once, so that those are told more, and a
    larger zone cannot be warned piece by piece.
    """
    glass = alert.glass
    if glass is None:
        return ""
    never_left = Q(state=Alert.State.STOPPED) & (
        Q(opens_at=None) | Q(stopped_at__lt=F("opens_at"))
    )
    alone = Alert.objects.filter(
        glass__officer=glass.officer_id,
        glass__at__gt=glass.at - WITHIN,
        mode=alert.mode,
        corrects=None,
    ).exclude(never_left)
    rows = AudiencePerson.objects.filter(
        audience__alert__in=alone, audience__is_included=True
    )
    people = rows.values("person").distinct().count()
    if people <= glass.most:
        return ""
    return (
        f"One officer may warn {glass.most:,} people alone within a day; with this it "
        f"would be {people:,}. Ask an approver."
    )


def _ask_again(alert: Alert, before: int, difference: str, now: datetime) -> None:
    """Stop an alert whose count moved, or is too high, and ask a second person."""
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
