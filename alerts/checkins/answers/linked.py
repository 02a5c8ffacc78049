"""What a personal link leads to: its message, the incident, and who it is for.

Thousands open and answer theirs within minutes of an alert, so that this asks little:
one question whose SQL is kept, and the incident, which all of them share.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from alerts.checkins.board.sharing import Shared
from alerts.checkins.models import Standing, Word
from alerts.dispatch.models import Address, Message, Text
from alerts.incidents.models import (
    Audience,
    AudienceMessage,
    AudiencePerson,
    Incident,
)
from consular import compiled, sealing
from consular.compiled import Compiled
from consular.people.models import Person

_MESSAGE = (
    "uid",
    "account",
    "address_id",
    "purpose",
    "code",
    "link_path",
    "created_at",
)
_PERSON = ("registration_id", "position", "given_name", "family_name", "is_minor")
# An alert's zones and texts stay where they are: they may be larger than all else. Nor
# is it one question: PostgreSQL plans one of nine tables for longer than all the rest.
_LINKED = Compiled(
    lambda key: (
        AudienceMessage.objects.filter(
            message__link_key=key, audience__is_included=True
        )
        .order_by("audience")
        .values_list(
            "audience_id",
            "audience__alert_id",
            "audience__registration__language",
            "message__address__country",
            "message__text_id",
            "message_id",
            *(f"message__{name}" for name in _MESSAGE),
        )
    )
)
_PEOPLE = Compiled(
    lambda audiences: (
        AudiencePerson.objects.filter(audience__in=audiences)
        .order_by("audience", "person__position")
        .values_list("person_id", *(f"person__{name}" for name in _PERSON))
    )
)
# What somebody agreed to have told to those who ask about them.
_agreed = Word.objects.filter(
    incident=OuterRef("incident"), person=OuterRef("person"), withdrawn_at=None
).order_by("pk")
_STANDINGS = Compiled(
    lambda incident, persons: (
        Standing.objects.filter(incident=incident, person__in=persons)
        .annotate(words=Subquery(_agreed.values("words")[:1]))
        .values_list("person_id", "status", "since", "words")
    )
)
INCIDENTS: Shared[Incident] = Shared()  # by the alert
TEXTS: Shared[Text] = Shared()


@dataclass(frozen=True)
class Opened:
    """What a link leads to; the persons of a shared phone are those of all parties."""

    message: Message
    incident: Incident
    persons: list[Person]
    language: str


def of_token(token: str) -> Opened | None:
    """Find what a link leads to by the token in it."""
    rows = _LINKED.ask(sealing.token_key(token))
    if not rows:
        return None
    _, alert_id, language, country, text_id, message_id, *read = rows[0]
    told = dict(zip(_MESSAGE, read, strict=True))
    message = compiled.instance(Message, id=message_id, **told)
    message.text = TEXTS.get(text_id, lambda: Text.objects.get(pk=text_id))
    message.address = Address(pk=message.address_id, country=country)
    incident = INCIDENTS.get(alert_id, lambda: _incident(alert_id))
    people: dict[int, Person] = {}
    for person_id, *each in _PEOPLE.ask([audience for audience, *_ in rows]):
        said = dict(zip(_PERSON, each, strict=True))
        people.setdefault(person_id, compiled.instance(Person, id=person_id, **said))
    if not people:  # they were taken out of their registration: nothing could be saved
        return None
    return Opened(message, incident, list(people.values()), language)


def _incident(alert_id: int) -> Incident:
    rows = Incident.objects.select_related("hazard", "lead_mission")
    return rows.defer("figures", "hazard__geometry", "lead_mission__serves").get(
        alerts=alert_id
    )


@dataclass(frozen=True)
class Known:
    """A person's status, since when, and their words to those who ask, if any."""

    status: str
    since: datetime
    words: str


def known(opened: Opened) -> dict[int, Known]:
    """Return what is known of the persons of a link, by person."""
    people = [person.pk for person in opened.persons]
    return {
        person_id: Known(status, since, words or "")
        for person_id, status, since, words in _STANDINGS.ask(
            opened.incident.pk, people
        )
    }


def are_asked(opened: Opened, by_person: Collection[int]) -> bool:
    """Tell whether a party that the phone is for has said nothing, and is asked on.

    Parameters
    ----------
    opened : Opened
        What the link leads to.
    by_person : collection of int
        The persons of whom something is known.
    """
    parties = {person.registration_id for person in opened.persons}
    known = {p.registration_id for p in opened.persons if p.pk in by_person}
    if known != parties or "." not in opened.message.purpose:
        return known != parties
    # This message is of one party that joined later: others may share its phone.
    said = Standing.objects.filter(incident=opened.incident, person=OuterRef("person"))
    heard = AudiencePerson.objects.filter(Exists(said), audience=OuterRef("pk"))
    rows = Audience.objects.filter(
        ~Exists(heard),
        is_included=True,
        alert__incident=opened.incident,
        messages__message__address=opened.message.address_id,
    )
    return rows.exists()
