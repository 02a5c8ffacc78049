"""What a coordinator may see of the group's people, and nothing else.

A name as the coordinator gave it, whether the person has agreed, and, of those who
agreed to it, whether they are safe, need help or are silent in an open incident.
"""

from dataclasses import dataclass

from alerts.checkins.board import boards
from alerts.checkins.models import Standing, Status
from alerts.incidents.models import AudiencePerson, Incident
from consular.people.lists.grouping import PURPOSE
from consular.people.models import Group, Person

MOST_SHOWN = 6_000
HELP = Status.NEEDS_HELP.value


@dataclass(frozen=True)
class Member:
    """One person of the group; `state` is a status, `silent`, or nothing."""

    name: str
    reference: str
    is_confirmed: bool
    state: str


def members(group: Group) -> list[Member]:
    """List the group's people by name."""
    persons = (
        Person.objects.filter(registration__membership__group=group)
        .select_related("registration")
        .order_by("registration_id", "position")[:MOST_SHOWN]
    )
    agreed = {
        person.pk: person
        for person in persons
        if PURPOSE in person.registration.consents
    }
    states = _states(list(agreed))
    found = [
        Member(
            name=person.full_name,
            reference=person.registration.reference,
            is_confirmed=person.registration.confirmed_at is not None,
            state=states.get(person.pk, ""),
        )
        for person in persons
    ]
    return sorted(found, key=lambda member: member.name.casefold())


def _states(person_ids: list[int]) -> dict[int, str]:
    """Return how each person stands in the newest open incident that warned them.

    Who needs help in any of them needs help.
    """
    found: dict[int, str] = {}
    helped: dict[int, str] = {}
    for incident in Incident.objects.filter(closed_at=None).order_by("opened_at"):
        warned = AudiencePerson.objects.filter(
            audience__alert__in=boards.alerts_of(incident),
            audience__is_included=True,
            person__in=person_ids,
        ).values_list("person_id", flat=True)
        found |= dict.fromkeys(warned, "silent")
        said = dict(
            Standing.objects.filter(
                incident=incident, person__in=list(warned)
            ).values_list("person_id", "status")
        )
        found |= said
        helped |= {who: word for who, word in said.items() if word == HELP}
    return found | helped
