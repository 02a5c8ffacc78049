"""Write the rows of an audience, its persons, and the messages that serve them."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q

from alerts.incidents.audiences.matching import Match
from alerts.incidents.audiences.posting import Addressed, Post, Seat
from alerts.incidents.models import Alert, Audience, AudiencePerson
from consular import copying
from consular.people.models import Person, Registration
from consular.sealing import CODE_LETTERS, new_codes

Parties = dict[int, Addressed]


class Codes:
    """Short codes that no other audience row of the incident, or an open one, has."""

    def __init__(self, alert: Alert) -> None:
        alerts = Alert.objects.filter(
            Q(incident=alert.incident_id) | Q(incident__closed_at=None)
        )
        numbers = list(alerts.values_list("pk", flat=True))
        rows = Audience.objects.filter(alert__in=numbers)
        self.taken = set(rows.exclude(code="").values_list("code", flat=True))

    def several(self, count: int) -> list[str]:
        """Make up codes; longer ones when the short ones grow scarce."""
        length = 4
        while (len(self.taken) + count) * 20 > len(CODE_LETTERS) ** length:
            length += 1
        codes: list[str] = []
        while len(codes) < count:
            for code in new_codes(count - len(codes), length):
                if code not in self.taken:
                    self.taken.add(code)
                    codes.append(code)
        return codes


def packed(
    matches: Iterable[Match], addressed: Parties, most_rows: int
) -> Iterator[list[Match]]:
    """Cut matches into what one transaction writes.

    Parameters
    ----------
    matches : iterable of Match
        In order.
    addressed : dict
        The addresses of those that are in.
    most_rows : int
        Counted over all tables. A party is not cut: with more rows than that, it is
        written alone.
    """
    chunk: list[Match] = []
    rows = 0
    for match in matches:
        size = rows_of(match, addressed)
        if chunk and rows + size > most_rows:
            yield chunk
            chunk, rows = [], 0
        chunk.append(match)
        rows += size
    if chunk:
        yield chunk


def rows_of(match: Match, addressed: Parties) -> int:
    """Count the rows that a match may lead to.

    One of the audience, one a person; for an address its own, that of its message, and
    what joins the message with the audience.
    """
    if not match.is_included:
        return 1
    party = addressed.get(match.registration_id)
    return 1 + len(match.persons) + 3 * (len(party.reachable) if party else 0)


def write(
    alert: Alert,
    chunk: list[Match],
    codes: Codes,
    post: Post,
    addressed: Parties,
    batch: copying.Batch | None = None,
) -> None:
    """Write the rows of some registrations, with their messages.

    With a `batch` they are put into it, and written with that.
    """
    add = copying.write if batch is None else batch.add
    persons_in = [each.person_id for match in chunk for each in match.persons]
    look = copying.look if batch is None else batch.first
    look(copying.hold, Registration, [match.registration_id for match in chunk])
    look(copying.expect, Person, persons_in)
    numbers = copying.numbers(Audience, len(chunk))
    fresh = iter(codes.several(sum(match.is_included for match in chunk)))
    given = [next(fresh) if match.is_included else "" for match in chunk]
    columns: dict[str, Any] = {
        "id": numbers,
        "alert_id": alert.pk,
        "registration_id": [match.registration_id for match in chunk],
        "is_included": [match.is_included for match in chunk],
        "reason": [reason_of(match, addressed) for match in chunk],
        "level": [match.level for match in chunk],
        "distance_m": [match.distance_m for match in chunk],
        "code": given,
    }
    add(Audience, len(chunk), columns)
    persons = [
        (number, inside)
        for number, match in zip(numbers, chunk, strict=True)
        for inside in match.persons
    ]
    columns = {
        "audience_id": [number for number, _ in persons],
        "person_id": [inside.person_id for _, inside in persons],
        "stay_id": [inside.stay_id for _, inside in persons],
        "level": [inside.level for _, inside in persons],
    }
    add(AudiencePerson, len(persons), columns)
    seats = (
        Seat(number, match.registration_id, match.distance_m, code)
        for number, match, code in zip(numbers, chunk, given, strict=True)
        if match.is_included
    )
    post.write(seats, addressed, batch)


def reason_of(match: Match, addressed: Parties) -> str:
    """Say why a registration is in or out, knowing its addresses."""
    if not match.is_included:
        return match.reason
    found = addressed[match.registration_id]
    if found.reachable:
        return match.reason
    if found.silenced:
        return Audience.Reason.OPTED_OUT.value
    return Audience.Reason.NO_CONTACT.value
