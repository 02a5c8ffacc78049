"""Keep the promise of a next word: show it, and remind officers before it is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from alerts.dispatch import outbox
from alerts.incidents import logbook
from alerts.incidents.models import Alert, AlertKind, Incident
from consular import modes
from consular.missions.staff import rota

BEFORE = timedelta(minutes=20)
FORGOTTEN = timedelta(hours=12)  # older promises are not reminded of


@dataclass(frozen=True)
class Promise:
    """By when the newest message promised the next, and whether that is past."""

    alert: Alert
    at: datetime
    is_late: bool


def promises(incidents: Iterable[Incident], now: datetime) -> dict[int, Promise]:
    """Return what is promised at present, by incident.

    A later message, or a closing, keeps a promise.
    """
    listed = [each.pk for each in incidents if each.closed_at is None]
    sent = Alert.objects.filter(incident__in=listed, opens_at__lte=now).exclude(
        released_at=None
    )
    # Who is told to be outside is told of nothing more: the promise stands as it was.
    sent = sent.exclude(kind=AlertKind.OUTSIDE)
    newest = {alert.incident_id: alert for alert in sent.order_by("pk")}
    return {
        key: Promise(alert, alert.next_word_at, alert.next_word_at <= now)
        for key, alert in newest.items()
        if alert.next_word_at is not None
    }


def promise(incident: Incident, now: datetime) -> Promise | None:
    """Return what one incident promises at present."""
    return promises([incident], now).get(incident.pk)


def tick(now: datetime) -> int:
    """Remind of each promise once, some minutes before it is due; return how many."""
    due = Alert.objects.filter(
        next_word_at__lte=now + BEFORE,
        next_word_at__gt=now - FORGOTTEN,
        reminded_at=None,
        incident__closed_at=None,
    ).exclude(released_at=None)
    done = 0
    for alert in due.select_related("incident")[:50]:
        held = promise(alert.incident, now)
        with transaction.atomic():
            mine = Alert.objects.filter(pk=alert.pk, reminded_at=None)
            if mine.update(reminded_at=now) and held and held.alert == alert:
                _remind(alert, now)
                done += 1
    return done


def _remind(alert: Alert, now: datetime) -> None:
    """Tell the commander and who is on duty; in the caller's transaction."""
    incident, at = alert.incident, alert.next_word_at
    assert at is not None
    page = settings.PUBLIC_URL + reverse("incidents:page", args=[incident.reference])
    exercise = modes.mark(incident.mode)
    words = f"{exercise}The next word is due in {incident.reference}"
    body = f"{words}: promised by {incident.local(at):%H:%M} local time.\n\n{page}"
    ways = {(duty.channel, duty.address) for duty in _on_duty(incident, now)}
    if incident.commander.email and incident.commander.is_active:
        ways.add(("email", incident.commander.email))
    told = 0
    for number, (channel, address) in enumerate(sorted(ways)):
        try:
            outbox.send_notice(
                f"promise:{alert.pk}:{number}",
                purpose="officer on duty",
                channel=channel,
                address=address,
                language="en",
                subject=words,
                body=body,
                now=now,
            )
        except outbox.CappedError:
            continue
        told += 1
    done = "Reminded officers" if told else "Nobody could be reminded"
    logbook.write(incident, None, f"{done} that the next word is due.", now)


def _on_duty(incident: Incident, now: datetime) -> list[rota.Duty]:
    return rota.on_duty(now, {incident.country} if incident.country else ())
