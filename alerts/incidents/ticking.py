"""Look every second for what is due in incidents."""

from datetime import datetime, timedelta

from django.db.models import Q
from django_q.tasks import async_task

from alerts.incidents import promising
from alerts.incidents.approving import correcting, release
from alerts.incidents.audiences import audience, joining
from alerts.incidents.models import Alert
from consular.rhythm import one_by_one

PATIENCE = timedelta(seconds=10)  # for a queue that may be dead


def tick(now: datetime) -> None:
    """Settle what the queue leaves lying, release what is due, let people join."""
    one_by_one(
        now, _settle, correcting.tick, release.tick, joining.tick, promising.tick
    )


def _settle(now: datetime) -> None:
    settling = Alert.objects.filter(state=Alert.State.SETTLING, corrects=None)
    for alert in settling.filter(queued_at=None):
        if settling.filter(pk=alert.pk, queued_at=None).update(queued_at=now):
            async_task("alerts.incidents.audiences.audience.settle_by_id", alert.pk)
    left = settling.filter(queued_at__lte=now - PATIENCE).filter(
        Q(lease_until=None) | Q(lease_until__lte=now)
    )
    # One a tick: the time that the first one takes is not in the second one's clock.
    for alert in left.order_by("queued_at", "pk")[:1]:
        audience.settle(alert, now)
