"""Look every second for what is due among sources and hazards."""

from datetime import datetime, timedelta

from django_q.tasks import async_task

from alerts.hazards.listening import heartbeat, polling
from alerts.hazards.models import Hazard, Source


def tick(now: datetime) -> None:
    """Hand due sources to the queue; end, age and weigh hazards. Who moves a row acts.

    A source is due again after its interval even if its task is lost on the way.
    """
    for source in Source.objects.filter(is_active=True, next_poll_at__lte=now).exclude(
        url=""
    ):
        row = Source.objects.filter(pk=source.pk, next_poll_at=source.next_poll_at)
        wait = timedelta(seconds=max(source.interval_s, 1))
        if row.update(next_poll_at=now + wait):
            async_task("alerts.hazards.listening.polling.poll_by_id", source.pk)
    active = Hazard.objects.filter(state=Hazard.State.ACTIVE)
    unended = Hazard.objects.filter(state__in=[Hazard.State.ACTIVE, Hazard.State.STALE])
    unended.filter(expires_at__lte=now).update(state=Hazard.State.EXPIRED)
    active.filter(stale_at__lte=now).update(state=Hazard.State.STALE)
    polling.weigh_left(now)
    heartbeat.beat(now)
