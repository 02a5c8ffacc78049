"""Find the same person in several registrations: what is found, and what is right.

10,000 invented registrations, 15 % of which are somebody's second one, written as
people write a second time: a slip, another alphabet, no accents, names in the other
order, a married name, another phone, a day more. Spellings in Latin letters come from a
table of their own (spellings.tsv), not from what Muster spells with.

`RECORDS=2000 python -m bench.duplicates` is a short run.
"""

import csv
import os
import random
import time
import unicodedata
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after set-up
from django.utils import timezone  # noqa: E402

from alerts.exercises import names  # noqa: E402
from alerts.exercises.population import Population  # noqa: E402
from bench.__main__ import figure, save  # noqa: E402
from consular.people import keying  # noqa: E402
from consular.people.models import Person, Resemblance  # noqa: E402
from consular.people.registering.entries import (  # noqa: E402
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)
from consular.people.stays import loading  # noqa: E402

RECORDS = int(os.environ.get("RECORDS", "10000"))
SHARE = 0.15
RECALL, PRECISION = 0.95, 0.98
HOW = {"same": 40, "slip": 20, "script": 20, "plain": 8, "swapped": 7, "married": 5}
Truth = set[tuple[int, int]]


class Again:
    """Register a party a second time, as people do."""

    def __init__(self, seed: int = 7) -> None:
        self.rng = random.Random(seed)
        path = Path(__file__).parent / "spellings.tsv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t")
            self.spellings = {row["name"]: row["spellings"].split() for row in rows}
        self.number = 0

    def register(self, entry: Entry) -> Entry:
        """Return the second entry of a party."""
        self.number += 1
        contacts, is_shared = self._contacts(entry.contacts)
        persons = [
            self._person(each, entry.language, is_shared) for each in entry.persons
        ]
        return replace(
            entry,
            persons=persons,
            contacts=contacts,
            stays=self._stays(entry.stays, is_shared),
        )

    def _contacts(self, first: list[ContactEntry]) -> tuple[list[ContactEntry], bool]:
        own = [each for each in first if each.role == "own"]
        point = self.rng.random()
        if own and point < 0.75:
            return [replace(own[0], person=None)], True
        if len(own) > 1 and point < 0.9:
            return [replace(own[1], person=None)], True
        new = ContactEntry(kind="email", address=f"again{self.number}@example.org")
        return [new], False

    def _stays(self, first: list[StayEntry], is_shared: bool) -> list[StayEntry]:
        if is_shared and self.rng.random() < 0.15:  # another trip, half a year later
            later = timedelta(days=200)
            return [
                replace(
                    each,
                    arrives_on=each.arrives_on + later,
                    departs_on=each.departs_on and each.departs_on + later,
                )
                for each in first
            ]
        day = timedelta(days=self.rng.randint(-1, 1))
        return [replace(first[0], arrives_on=first[0].arrives_on - day), *first[1:]]

    def _person(
        self, person: PersonEntry, language: str, is_shared: bool
    ) -> PersonEntry:
        how = self.rng.choices(list(HOW), list(HOW.values()))[0]
        given, family, year = person.given_name, person.family_name, person.birth_year
        point = self.rng.random()
        if point < 0.05 and is_shared:
            year = None
        elif point < 0.09 and is_shared and year:
            year += self.rng.choice((-1, 1))
        if how == "slip":
            given, family = self._slip(given, family)
        elif how == "script":
            given, family = self._latin(given), self._latin(family)
        elif how == "plain":
            given, family = _bare(given), _bare(family)
        elif how == "swapped":
            given, family = family, given
        elif how == "married" and is_shared and year and not person.is_minor:
            family = self.rng.choice(names.family(language))
        return replace(person, given_name=given, family_name=family, birth_year=year)

    def _slip(self, given: str, family: str) -> tuple[str, str]:
        if len(family) > 4 and self.rng.random() < 0.5:
            return given, self._mistyped(family)
        return (self._mistyped(given) if len(given) > 4 else given), family

    def _mistyped(self, word: str) -> str:
        at = self.rng.randrange(1, len(word) - 1)
        kind = self.rng.randrange(3)
        if kind == 0:
            return word[:at] + word[at + 1 :]
        if kind == 1:
            return word[:at] + word[at] + word[at:]
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def _latin(self, name: str) -> str:
        found = self.spellings.get(name)
        return self.rng.choice(found) if found else _bare(name)


def _bare(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name)
    return "".join(each for each in letters if not unicodedata.combining(each))


def written() -> tuple[list[Entry], list[int]]:
    """Invent all entries; return them, and whose second one each is (-1: nobody's)."""
    now, again = timezone.now(), Again()
    second = round(RECORDS * SHARE)
    firsts = [p.entry for p in Population(RECORDS - second, now.date(), 3).parties()]
    chosen = again.rng.sample(range(len(firsts)), second)
    entries = firsts + [again.register(firsts[each]) for each in chosen]
    return entries, [-1] * len(firsts) + chosen


def true_pairs(entries: list[Entry], of: list[int]) -> Truth:
    """Return the pairs of persons that are one, by their rows."""
    ids = list(Person.objects.order_by("registration_id", "position").values_list("pk"))
    rows = iter(each for (each,) in ids)
    persons = [[next(rows) for _ in entry.persons] for entry in entries]
    return {
        (min(pair), max(pair))
        for place, first in enumerate(of)
        if first >= 0
        for pair in zip(persons[first], persons[place], strict=True)
    }


def main() -> None:
    """Load, key, look; compare with the truth."""
    call_command("migrate", verbosity=0)
    now = timezone.now()
    entries, of = written()
    loading.load(entries, now, confirmed=True)
    begun = time.perf_counter()
    while keying.run(now):
        pass
    taken_s = time.perf_counter() - begun
    truth = true_pairs(entries, of)
    found = set(Resemblance.objects.values_list("one_id", "two_id"))
    right = len(found & truth)
    recall, precision = right / len(truth), right / max(len(found), 1)
    save(
        "duplicates",
        [
            figure("recall", recall, "of all pairs", "goal", RECALL, 1),
            figure("precision", precision, "of those found", "goal", PRECISION, 1),
            figure("looked", RECORDS / taken_s, "registrations/s", "goal", 100, 1),
        ],
    )
    if os.environ.get("SHOW"):
        show(truth - found, found - truth)


def show(missed: Truth, wrong: Truth) -> None:
    """Print some of what went wrong; the names are invented."""
    for title, pairs in (("missed", missed), ("wrong", wrong)):
        for one, two in sorted(pairs)[:25]:
            a, b = Person.objects.get(pk=one), Person.objects.get(pk=two)
            print(title, a.full_name, a.birth_year, "|", b.full_name, b.birth_year)


if __name__ == "__main__":
    main()
