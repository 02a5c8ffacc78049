"""Recognise the members of a party in what it says now, so that answers stay theirs.

A member is who they were by what says most: the form that they were read into, their
name and year of birth, their name. Nobody is taken for another because of their place.
"""

from collections.abc import Callable, Hashable, Sequence

from consular.people.models import Person
from consular.people.registering.entries import PersonEntry
from geo.countries import fold

Key = Callable[[Person | PersonEntry], Hashable]


def named(one: Person | PersonEntry) -> tuple[str, ...]:
    """Return a name to compare: folded, in whatever order its parts were typed.

    Examples
    --------
    >>> named(PersonEntry(given_name="Zoë", family_name="Example"))
    ('example', 'zoe')
    """
    return tuple(sorted(fold(f"{one.given_name} {one.family_name}").split()))


def _row(one: Person | PersonEntry) -> int | None:
    return one.pk if isinstance(one, Person) else one.row_id


def _row_and_name(one: Person | PersonEntry) -> Hashable:
    return _row(one) and (_row(one), named(one))


def _name_and_year(one: Person | PersonEntry) -> Hashable:
    return named(one), one.birth_year


def _given(one: Person | PersonEntry) -> Hashable:
    return None if _is_read(one) else fold(one.given_name)


def _is_read(one: Person | PersonEntry) -> bool:
    """Whether an entry says which row it is; its given name is no further hint."""
    return isinstance(one, PersonEntry) and one.row_id is not None


# From the surest on; who is recognised by one is not looked for by the next.
KEYS: tuple[Key, ...] = (_row_and_name, _name_and_year, named, _row, _given)


def recognised(
    known: Sequence[Person], said: Sequence[PersonEntry]
) -> list[Person | None]:
    """Return for each entry the member it is, or None for somebody new.

    By their place are recognised, where no entry says which row it is, those that are
    left over when they are as many as the rows: a name that was corrected.
    """
    found: list[Person | None] = [None] * len(said)
    left = list(known)
    for key in KEYS:
        _pair(key, left, said, found)
    rest = [index for index, member in enumerate(found) if member is None]
    if len(rest) == len(left) and not any(map(_is_read, said)):
        for index, member in zip(rest, left, strict=True):
            found[index] = member
    return found


def _pair(
    key: Key,
    left: list[Person],
    said: Sequence[PersonEntry],
    found: list[Person | None],
) -> None:
    """Give each entry without a member the first that is left with the same key."""
    for index, entry in enumerate(said):
        wanted = key(entry)
        if found[index] is not None or not wanted:
            continue
        member = next((each for each in left if key(each) == wanted), None)
        if member is not None:
            found[index] = member
            left.remove(member)
