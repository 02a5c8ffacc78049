"""Read the documented JSON of another system as parties.

`{"registrations": [{"persons": [{"given_name", "family_name", "birth_year", "needs"}],
"contacts": [{"kind": "phone" | "email", "address"}], "stays": [{"country", "place",
"lon", "lat", "arrives_on", "departs_on"}], "language"}]}`; docs/lists.md has it whole.
"""

from collections.abc import Iterable
from typing import Any

from consular.people.lists import lines, whereto
from consular.people.lists.cells import Line
from consular.people.lists.lines import Party, Settings
from consular.people.models import Contact
from consular.people.registering.entries import ContactEntry, StayEntry
from consular.words import plain


def parties(found: Iterable[dict[str, Any]], how: Settings) -> Iterable[Party]:
    """Read each registration; its number, from 1, stands for a line."""
    for number, value in enumerate(found, start=1):
        yield _party(number, value, how)


def _party(number: int, value: dict[str, Any], how: Settings) -> Party:
    first = Line(number, _cells(value))
    asked = [Line(number, cells) for cells in _all(value, "persons")]
    if not asked:
        first.say("persons", "There is nobody in it.")
    persons = [lines.person(each, how.today) for each in asked]
    contacts: list[ContactEntry] = []
    reaching = [Line(number, cells) for cells in _all(value, "contacts")]
    for line in reaching:
        kind = line.get("kind")
        if kind not in Contact.Kind.values:
            line.say("kind", "A contact is a phone or an email.")
            continue
        named = Line(number, {kind: line.get("address")})
        contacts += lines.contacts([named], how.country)
        line.problems += named.problems
    staying = [Line(number, cells) for cells in _all(value, "stays")]
    stays = [stay for line in staying if (stay := _stay(line, how))]
    if not staying:
        first.say("stays", "It says no place.")
    return lines.joined(
        [first, *asked, *reaching, *staying], persons, contacts, stays, how
    )


def _stay(line: Line, how: Settings) -> StayEntry | None:
    where, days = whereto.where(line), whereto.days(line, how.today)
    if where is None or days is None:
        return None
    lon, lat, precision, radius_m = (
        where.lon,
        where.lat,
        where.precision,
        where.radius_m,
    )
    if line.get("lon") and line.get("lat"):
        point = line.read("lat", lambda text: whereto.point(line.get("lon"), text))
        if point is None:
            return None
        (lon, lat), precision, radius_m = point, "exact", 50.0
    return StayEntry(
        place=where.place,
        country=where.country,
        lon=lon,
        lat=lat,
        precision=precision,
        radius_m=radius_m,
        arrives_on=days[0],
        departs_on=days[1],
    )


def _all(value: dict[str, Any], name: str) -> list[dict[str, str]]:
    found = value.get(name)
    listed = found if isinstance(found, list) else []
    return [_cells(each) for each in listed[: 4 * lines.LARGEST_PARTY]]


def _cells(value: Any) -> dict[str, str]:
    """Return plain values as cells; nested ones are read by themselves."""
    items = value.items() if isinstance(value, dict) else ()
    return {
        str(name)[:60]: plain(str(each))
        for name, each in items
        if isinstance(each, str | int | float) and not isinstance(each, bool)
    }
