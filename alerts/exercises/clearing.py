"""Clear what an earlier run left, so that the story can be played again.

Incidents, hazards, messages and answers go; registrations, officers and the audit trail
stay. Only in an installation for exercises.
"""

from datetime import date

from django.apps import apps
from django.db import models, transaction
from django.db.models.deletion import ProtectedError, RestrictedError
from django_q.models import OrmQ

from alerts.dispatch.models import Worker
from consular import modes
from consular.modes import Mode, ModeError
from consular.people.models import Contact, Link, Person, Registration, Stay

CLEARED_APPS = ("dispatch", "hazards", "incidents", "checkins")
KEPT: set[type[models.Model]] = {Worker}
INVENTED = "invented"  # in `consents`: the day for which a registration was made up


def _refuse_live() -> None:
    if modes.installation() is not Mode.EXERCISE:
        raise ModeError("only an installation for exercises may be cleared")


def clear_events() -> int:
    """Delete every incident, hazard, message and answer; return how many rows."""
    _refuse_live()
    waiting = [
        model
        for label in CLEARED_APPS
        for model in apps.get_app_config(label).get_models()
        if model not in KEPT
    ]
    deleted = 0
    OrmQ.objects.all().delete()
    while waiting:
        left = []
        for model in waiting:
            try:
                with transaction.atomic():
                    deleted += model._default_manager.all().delete()[0]  # noqa: SLF001
            except (ProtectedError, RestrictedError):
                left.append(model)  # others that point to it go first
        if len(left) == len(waiting):
            raise RuntimeError(f"cannot clear {', '.join(m.__name__ for m in left)}")
        waiting = left
    return deleted


def clear_invented(but_of: date) -> int:
    """Delete invented registrations that were made for another day."""
    _refuse_live()
    old = Registration.objects.filter(consents__has_key=INVENTED).exclude(
        consents__invented=but_of.isoformat()
    )
    ids = list(old.values_list("pk", flat=True))
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        with transaction.atomic():
            # As whoever writes a party into an audience does, before anything goes.
            held = Registration.objects.select_for_update().filter(pk__in=some)
            list(held.order_by("pk").values_list("pk", flat=True))
            Stay.persons.through.objects.filter(stay__registration__in=some).delete()
            for model in (Link, Contact, Stay, Person):
                model.objects.filter(registration__in=some).delete()
            Registration.objects.filter(pk__in=some).delete()
    return len(ids)
