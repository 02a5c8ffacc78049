"""Which causes and messages an officer may see: those of incidents within reach.

The mail room knows no incident, only its key; the stage that has them says which keys
an officer reaches, through the function that `settings.INCIDENT_KEYS` names. What
belongs to no incident, notices and tests, is for officers of all missions.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from alerts.dispatch.models import Cause, Message, Publication
from consular.missions.access import Verb, reach
from consular.missions.models import Officer


def is_everywhere(officer: Officer, now: datetime, verb: Verb) -> bool:
    """Tell whether an officer may do something for all missions."""
    return reach(officer, verb, now).everywhere


def causes(officer: Officer, now: datetime, verb: Verb = Verb.WATCH) -> QuerySet[Cause]:
    """Return the causes where an officer has a verb."""
    if is_everywhere(officer, now, verb):
        return Cause.objects.all()
    keys = import_string(settings.INCIDENT_KEYS)(officer, now, verb)
    return Cause.objects.filter(incident_key__in=keys)


def messages(
    officer: Officer, now: datetime, verb: Verb = Verb.WATCH
) -> QuerySet[Message]:
    """Return the messages where an officer has a verb."""
    if is_everywhere(officer, now, verb):
        return Message.objects.all()
    return Message.objects.filter(cause__in=causes(officer, now, verb))


def posts(
    officer: Officer, now: datetime, verb: Verb = Verb.WATCH
) -> QuerySet[Publication]:
    """Return the public posts where an officer has a verb."""
    return Publication.objects.filter(cause__in=causes(officer, now, verb))
