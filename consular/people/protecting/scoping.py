"""What an officer may see and do: what stays where one of their missions looks.

A group belongs to a mission, or to the whole ministry; a list to who uploaded it.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from consular.missions.access import Verb, reach
from consular.missions.models import Mission, Officer
from consular.people.models import CrisisForm, Group, Registration, Stay, Upload


def seen_by(
    officer: Officer, now: datetime, verb: Verb = Verb.REGISTER
) -> QuerySet[Registration]:
    """Keep the registrations that stay in a country of the officer's missions.

    Of the others the officer does not learn that they exist. A stay that was replaced
    by a newer version does not count.
    """
    where = reach(officer, verb, now)
    if where.everywhere:
        return Registration.objects.all()
    here = Stay.objects.current().filter(
        registration=OuterRef("pk"), country__in=where.countries
    )
    return Registration.objects.filter(Exists(here))


def reaches_all(officer: Officer, countries: Collection[str], now: datetime) -> bool:
    """Tell whether an officer's missions look after each of some countries."""
    where = reach(officer, Verb.REGISTER, now)
    return where.everywhere or set(countries) <= where.countries


def missions_of(officer: Officer, now: datetime) -> QuerySet[Mission]:
    """Return the missions for which an officer may open a group."""
    where = reach(officer, Verb.REGISTER, now)
    if where.everywhere:
        return Mission.objects.all()
    return Mission.objects.filter(pk__in=where.missions)


def groups_seen_by(officer: Officer, now: datetime) -> QuerySet[Group]:
    """Keep the groups of an officer's missions."""
    where = reach(officer, Verb.REGISTER, now)
    if where.everywhere:
        return Group.objects.all()
    return Group.objects.filter(mission__in=where.missions)


def uploads_seen_by(officer: Officer, now: datetime) -> QuerySet[Upload]:
    """Keep the lists that an officer uploaded; all, for who works for all missions."""
    if reach(officer, Verb.REGISTER, now).everywhere:
        return Upload.objects.filter(group=None)
    return Upload.objects.filter(group=None, officer=officer)


def forms_seen_by(officer: Officer, now: datetime) -> list[CrisisForm]:
    """Return the crisis forms for countries within reach, open ones first."""
    where = reach(officer, Verb.REGISTER, now)
    return [
        form
        for form in CrisisForm.objects.order_by("closed_at", "-opened_at")[:500]
        if where.everywhere or where.countries & set(form.countries)
    ]
