"""See that no urgent case stays with nobody: after 15 minutes the duty is told."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from alerts.checkins.casework import opening
from alerts.checkins.casework.opening import note
from alerts.checkins.models import Case, CaseEvent
from alerts.dispatch import outbox
from alerts.incidents.models import Incident
from consular import modes
from consular.missions import audit
from consular.missions.models import Duty

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
    speed = settings.SPEED if case.incident.mode != "live" else 1
    return case.opened_at <= now - PATIENCE / speed


@transaction.atomic
def _tell(case: Case, now: datetime) -> bool:
    row = Case.objects.open().filter(pk=case.pk, owner=None, escalated_at=None)
    if not row.update(escalated_at=now):
        return False
    told = sum(_write(case, *each, now) for each in _on_duty(case.incident, now))
    if not told:
        transaction.set_rollback(True)
        return False
    note(case, CaseEvent.Kind.ESCALATED, now, told=told)
    audit.record("escalate_case", None, f"case {case.pk}", now, told=told)
    return True


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
    try:
        outbox.send_notice(
            f"case:{case.pk}:escalated:{key}",
            purpose="officer on duty",
            channel=channel,
            address=address,
            language="en",
            subject=f"{exercise}Nobody has taken an urgent case for {minutes} min",
            body=(
                f"{exercise}Nobody has taken an urgent case for {minutes} min.\n\n"
                f"{reasons}\n\n{page}"
            ),
            now=now,
        )
    except outbox.CappedError:
        return False
    return True
