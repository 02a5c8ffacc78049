"""Which replies an officer may read: those of incidents within reach, and strays."""

from datetime import datetime

from django.db.models import Case, Q, QuerySet, Value, When

from alerts.checkins.models import Inbound, Label
from alerts.incidents.models import Incident
from consular.missions.access import MAY, Verb, reach
from consular.missions.models import Officer, Posting


def seen_by(officer: Officer, now: datetime) -> QuerySet[Inbound]:
    """Keep the replies of the incidents where an officer may answer.

    A reply that could be matched with nobody lies nowhere. Officers who answer for all
    missions read it; where there are none, everybody who answers does, because it may
    be a call for help.
    """
    where = reach(officer, Verb.ANSWER, now)
    if where.everywhere:
        return Inbound.objects.all()
    mine = Q(incident__in=Incident.objects.seen_by(officer, now, Verb.ANSWER))
    if not _somebody_answers_everywhere(now):
        mine |= Q(incident=None)
    return Inbound.objects.filter(mine)


def calls_first(rows: QuerySet[Inbound]) -> QuerySet[Inbound]:
    """Order replies: calls for help first, then the oldest."""
    rank = Case(When(label=Label.HELP, then=Value(0)), default=Value(1))
    return rows.order_by(rank, "id")


def _somebody_answers_everywhere(now: datetime) -> bool:
    roles = [role for role, verbs in MAY.items() if Verb.ANSWER in verbs]
    postings = Posting.objects.in_force(now).filter(mission=None, role__in=roles)
    return postings.filter(officer__is_active=True).exists()
