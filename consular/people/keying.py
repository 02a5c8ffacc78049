"""Keep the keys by which names are found; find persons by name without reading all.

Names are encrypted. Beside each person stand keyed hashes of its words, by their
consonants (`consular.naming`): who has the database alone learns no name from them.
A tick writes those of registrations that are new or were changed, some each second.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, QuerySet

from consular import naming, sealing
from consular.modes import Mode
from consular.people import resembling
from consular.people.models import NameKey, Person, Registration

AT_ONCE = 40  # registrations: what else is due in this second does not wait
MOST_FOUND = 200


def key_of(bones: str) -> str:
    """Return the key under which a word's skeleton is stored."""
    return sealing.blind_index("name", bones)[:16]


def keys_of(person: Person) -> set[str]:
    """Return the keys of a person's names."""
    bones = naming.keys(person.given_name, person.family_name)
    return {key_of(each) for each in bones}


def run(now: datetime) -> int:
    """Key the names of registrations that wait, and look for the same persons.

    Returns
    -------
    int
        How many registrations it did, `AT_ONCE` when more may wait.
    """
    waiting = Registration.objects.filter(keyed_revision__lt=F("revision"))
    with transaction.atomic():
        rows = waiting.select_for_update(skip_locked=True).order_by("pk")
        registrations = list(rows.prefetch_related("persons", "contacts")[:AT_ONCE])
        persons = [person for each in registrations for person in each.persons.all()]
        if registrations:
            _write(persons)
            resembling.look(persons, now)
        for each in registrations:
            each.keyed_revision = each.revision
        Registration.objects.bulk_update(registrations, ["keyed_revision"])
    return len(registrations)


def _write(persons: Sequence[Person]) -> None:
    NameKey.objects.filter(person__in=[person.pk for person in persons]).delete()
    NameKey.objects.bulk_create(
        [
            NameKey(person=person, key=key)
            for person in persons
            for key in sorted(keys_of(person))
        ],
        ignore_conflicts=True,
    )


def found(words: str, mode: Mode, party: QuerySet[Registration]) -> list[Person]:
    """Find persons by name among registrations, the most alike first.

    Parameters
    ----------
    words : str
        A name or several, in any order and script.
    party : QuerySet of Registration
        Those that may be found.
    """
    keys = {key_of(each) for each in naming.keys(words)}
    rows = (
        NameKey.objects.filter(
            key__in=keys,
            person__registration__in=party,
            person__registration__mode=mode,
        )
        .values("person")
        .annotate(shared=Count("pk"))
        .order_by("-shared", "-person")[: 5 * MOST_FOUND]
    )
    persons = Person.objects.select_related("registration").in_bulk(
        [row["person"] for row in rows]
    )
    return _most_alike(words, persons.values())[:MOST_FOUND]


def _most_alike(words: str, persons: Iterable[Person]) -> list[Person]:
    asked = naming.words(words)

    def missed(person: Person) -> float:
        own = naming.words(f"{person.given_name} {person.family_name}")
        return sum(1 - _best(word, own) for word in asked)

    scored = Counter({person: -missed(person) for person in persons})
    kept = [(person, score) for person, score in scored.items() if score > -0.3]
    return [person for person, _ in sorted(kept, key=lambda pair: -pair[1])]


def _best(word: str, own: Sequence[str]) -> float:
    return max((naming.likeness(word, each) for each in own), default=0.0)
