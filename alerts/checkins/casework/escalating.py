"""See that no urgent case stays with nobody: after 15 minutes the duty is told."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from alerts.checkins.casework import opening
from alerts.checkins.casework.opening import note
from alerts.checkins.models import Case, CaseEvent, Inbound, Label
from alerts.dispatch import outbox
from alerts.dispatch.models import Cause
from alerts.incidents.models import Incident
from consular import modes
from consular.missions import audit
from consular.missions.models import Duty
from consular.modes import Mode

PATIENCE = timedelta(minutes=15)
FREE = "With nobody again: the account of its officer was disabled."
AT_ONCE = 100


def escalate(now: datetime) -> int:
    """Tell the officers on duty of each urgent case that nobody has taken, once.

    One of which nobody can be told now, because nobody is on duty or they were told of
    as many as an hour allows, is tried again. No incident is closed with one, so those
    of a closed incident are of people who called afterwards; nobody looks at its board
    any more.
    """
    _free(now)
    late = (
        opening.shown()
        .open()
        .urgent()
        .filter(owner=None, escalated_at=None)
        .select_related("incident__commander", "incident__lead_mission")
        .order_by("opened_at")
    )
    told, deaf = 0, set[int]()  # incidents of which nobody can be told
    for case in late.iterator():
        if told == AT_ONCE or case.incident_id in deaf or not _is_late(case, now):
            continue
        if _tell(case, now):
            told += 1
        else:
            deaf.add(case.incident_id)
    return told


def _free(now: datetime) -> None:
    """Free the cases of officers whose accounts were disabled: nobody has these."""
    orphans = Case.objects.open().filter(owner__is_active=False)
    for case in orphans[:AT_ONCE]:
        with transaction.atomic():
            row = Case.objects.open().filter(pk=case.pk, owner=case.owner_id)
            if row.update(owner=None, taken_at=None, escalated_at=None):
                note(case, CaseEvent.Kind.NOTE, now, body=FREE)
                audit.record("free_case", None, f"case {case.pk}", now)


def _is_late(case: Case, now: datetime) -> bool:
    return case.opened_at <= now - _patience(case.incident.mode)


def _patience(mode: str) -> timedelta:
    return PATIENCE / (settings.SPEED if mode != Mode.LIVE else 1)


@transaction.atomic
def _tell(case: Case, now: datetime) -> bool:
    row = Case.objects.open().filter(pk=case.pk, owner=None, escalated_at=None)
    if not row.update(escalated_at=now):
        return False
    # Who was told before, and of a case that is free once more, is told again.
    times = case.events.filter(kind=CaseEvent.Kind.ESCALATED).count()
    told = sum(
        _write(case, f"{key}:{times}", channel, address, now)
        for key, channel, address in _on_duty(case.incident, now)
    )
    if not told:
        transaction.set_rollback(True)
        return False
    note(case, CaseEvent.Kind.ESCALATED, now, told=told)
    audit.record("escalate_case", None, f"case {case.pk}", now, told=told)
    return True


def ring_for_replies(now: datetime) -> bool:
    """Tell the duty of calls for help in the inbox that led to no case.

    Nobody knows who wrote them, so no board shows them. One notice stands for all that
    wait; the next one follows once another has waited too long, and not at once. Tell
    whether somebody was told now.
    """
    before = now - _patience(modes.installation())
    waiting = Inbound.objects.filter(
        state=Inbound.State.INBOX,
        label=Label.HELP,
        checkins=None,
        received_at__lte=before,
    )
    newest = waiting.order_by("-id").first()
    if newest is None or _was_rung(newest, before):
        return False
    with transaction.atomic():
        told = sum(_write_of(newest, waiting, duty, now) for duty in _answering(now))
        if told:
            audit.record("escalate_reply", None, f"reply {newest.pk}", now, told=told)
    return bool(told)


def _was_rung(reply: Inbound, before: datetime) -> bool:
    """Tell whether the duty was told of a reply, or a moment ago of another."""
    rung = Cause.objects.filter(key__startswith="notice:reply:")
    mine = Q(key__startswith=f"notice:reply:{reply.pk}:")
    return rung.filter(mine | Q(created_at__gt=before)).exists()


def _answering(now: datetime) -> list[Duty]:
    """Return who is on duty for all missions, else whoever is on duty."""
    duties = Duty.objects.filter(
        starts_at__lte=now, ends_at__gt=now, officer__is_active=True
    )
    return list(duties.filter(mission=None) or duties)


def _write_of(
    reply: Inbound, waiting: QuerySet[Inbound], duty: Duty, now: datetime
) -> bool:
    page = settings.PUBLIC_URL + reverse("checkins:inbox_all")
    told = waiting.aggregate(number=Count("pk"), first=Min("received_at"))
    minutes = int((now - told["first"]).total_seconds() // 60)
    exercise = modes.mark(modes.installation())
    nouns = "call for help waits" if told["number"] == 1 else "calls for help wait"
    said = (
        f"{exercise}{told['number']:,} {nouns} in the inbox, the oldest for "
        f"{minutes:,} min: nobody knows who wrote"
    )
    return _is_sent(
        f"reply:{reply.pk}:waits:{duty.pk}",
        (duty.channel, duty.address),
        (said, f"{said}.\n\n{page}"),
        now,
    )


def _on_duty(incident: Incident, now: datetime) -> list[tuple[str, str, str]]:
    """Return whom to tell: who is on duty there, else the incident's commander."""
    duties = Duty.objects.filter(
        starts_at__lte=now, ends_at__gt=now, officer__is_active=True
    ).select_related("mission")
    territory = incident.territory
    found = [
        (f"duty:{duty.pk}", duty.channel, duty.address)
        for duty in duties
        if territory.is_of(duty.mission)
    ]
    if found or not incident.commander.email:
        return found
    return [(f"officer:{incident.commander_id}", "email", incident.commander.email)]


def _write(case: Case, key: str, channel: str, address: str, now: datetime) -> bool:
    page = settings.PUBLIC_URL + reverse("checkins:case", args=[case.pk])
    minutes = int((now - case.opened_at).total_seconds() // 60)
    exercise = modes.mark(case.incident.mode)
    reasons = ", ".join(case.reasons)
    said = f"{exercise}Nobody has taken an urgent case for {minutes} min"
    return _is_sent(
        f"case:{case.pk}:escalated:{key}",
        (channel, address),
        (said, f"{said}.\n\n{reasons}\n\n{page}"),
        now,
    )


def _is_sent(
    key: str, to: tuple[str, str], words: tuple[str, str], now: datetime
) -> bool:
    """Write to an officer on duty: by a channel to an address, a subject and a text."""
    try:
        outbox.send_notice(
            key,
            purpose="officer on duty",
            channel=to[0],
            address=to[1],
            language="en",
            subject=words[0],
            body=words[1],
            now=now,
        )
    except outbox.CappedError:
        return False
    return True
