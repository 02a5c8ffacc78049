"""The four pages as one thing: what was typed travels sealed with the form.

Nothing of an unfinished registration is stored, and nothing that was typed is lost by
going back, by an error, or by adding a person or a place.
"""

import json
import re
import uuid
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from consular import modes, sealing
from consular.people.models import Registration
from consular.people.registering.entries import Entry, PersonEntry
from consular.people.registering.forms import FIRST_DAY, KindForm, PersonForm, StayForm
from consular.people.registering.reach_forms import (
    ConsentForm,
    EmergencyForm,
    ReachForm,
)

PAGES = ("who", "where", "reach", "check")
MOST = {"person": 12, "stay": 10}
LONGEST_VALUE, MOST_VALUES = 300, 300
CONSENTS = ("warn", "needs", "emergency", "exercise")
_ABSENCE = re.compile(r"(stay-[0-9]+-away)-([0-9]{1,2})")


@dataclass(kw_only=True)
class Wizard:
    """What was typed so far; `today` is the day on which it is read.

    `token` is that of the link when a registration is changed; `kept` are its places
    as they are stored (value in the form → name), so that none moves unasked.
    """

    today: date
    typed: dict[str, str] = field(default_factory=dict)
    page: str = "who"
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    token: str = ""
    kept: dict[str, str] = field(default_factory=dict)

    @classmethod
    def opened(cls, sealed: str, today: date) -> "Wizard":
        """Open the state of a form; one that was changed or is foreign begins anew."""
        try:
            state = json.loads(sealing.unseal(sealed)) if sealed else {}
            return cls(today=today, **state)
        except (sealing.SealError, ValueError, TypeError):
            return cls(today=today)

    def sealed(self) -> str:
        """Return the state as a form carries it."""
        state = {
            "typed": self.typed,
            "page": self.page,
            "key": self.key,
            "token": self.token,
            "kept": self.kept,
        }
        return sealing.seal(json.dumps(state))

    def take(self, post: QueryDict) -> None:
        """Take over what this page's fields hold."""
        prefix = {"who": ("person-", "kind"), "where": ("stay-",)}.get(self.page, ())
        for name in [n for n in self.typed if prefix and n.startswith(prefix)]:
            del self.typed[name]
        for name in list(post)[:MOST_VALUES]:
            if name not in ("state", "do", "lang", "altcha"):
                value = post.get(name, "")
                self.typed[name[:60]] = value[:LONGEST_VALUE]
        if self.page == "check":
            for name in CONSENTS:
                if name not in post:
                    self.typed.pop(name, None)

    def count(self, noun: str) -> int:
        """Return how many persons or stays there are on the page."""
        try:
            wanted = int(self.typed.get(f"{noun}s", "1"))
        except ValueError:
            wanted = 1
        return min(max(wanted, 1), MOST[noun])

    def add(self, noun: str) -> None:
        """Make room for one more person or stay."""
        self.typed[f"{noun}s"] = str(min(self.count(noun) + 1, MOST[noun]))

    def remove(self, noun: str, index: int) -> None:
        """Take one out; those behind it move up."""
        last = self.count(noun) - 1
        kept = {}
        for name, value in self.typed.items():
            head, _, rest = name.partition("-")
            number, _, name_part = rest.partition("-")
            if head != noun or not number.isdecimal():
                kept[name] = value
            elif int(number) != index:
                at = int(number) - (int(number) > index)
                kept[f"{noun}-{at}-{name_part}"] = value
        kept[f"{noun}s"] = str(max(last, 1))
        self.typed = _without(kept, index) if noun == "person" else kept

    def names(self) -> list[str]:
        """Return the given names of the party, in its order."""
        named = [
            self.typed.get(f"person-{index}-given_name", "").strip()
            for index in range(self.count("person"))
        ]
        return [name or str(index + 1) for index, name in enumerate(named)]

    def _persons(self) -> list[PersonForm]:
        prefixes = [f"person-{index}" for index in range(self.count("person"))]
        bare = [PersonForm(self.typed, prefix=p, today=self.today) for p in prefixes]
        adults = [
            (str(index), name)
            for index, (form, name) in enumerate(zip(bare, self.names(), strict=True))
            if not form.is_minor
        ]
        return [
            PersonForm(self.typed, prefix=p, today=self.today, adults=adults)
            for p in prefixes
        ]

    def _stays(self) -> list[StayForm]:
        """Return the stops; where names are alike, near the others is likelier."""
        if self.count("stay") == 1:
            return [self._stay(0, set())]
        known: list[str] = []
        for index in range(self.count("stay")):
            form = self._stay(index, set())
            form.full_clean()
            known.append(form.country)
        return [
            self._stay(index, {*known[:index], *known[index + 1 :]} - {""})
            for index in range(len(known))
        ]

    def _stay(self, index: int, beside: set[str]) -> StayForm:
        return StayForm(
            self.typed,
            prefix=f"stay-{index}",
            residence=self.typed.get("kind") == Registration.Kind.RESIDENCE,
            kept=self.kept,
            beside=beside,
            party=self.names(),
            # A change keeps the stops that are over; "today" there may be another day.
            since=FIRST_DAY if self.token else self.today - timedelta(days=1),
        )

    def _asked(self) -> list[str]:
        """Return what to ask consent for beside warnings."""
        needs = any(name.endswith("-needs") and v for name, v in self.typed.items())
        asked = {"needs": needs, "emergency": EmergencyForm(self.typed).is_typed}
        return [name for name, is_asked in asked.items() if is_asked]

    def forms_of(self, page: str) -> list[Any]:
        """Return the forms of a page, filled with what was typed."""
        if page == "who":
            kind = {"kind": Registration.Kind.TRIP} | self.typed
            return [KindForm(kind), *self._persons()]
        if page == "where":
            return self._stays()
        if page == "reach":
            return [ReachForm(self.typed), EmergencyForm(self.typed)]
        return [ConsentForm(self.typed, asks=self._asked())]

    def shown(self, page: str, *, with_errors: bool) -> list[forms.Form]:
        """Return the forms of a page to look at, with or without what is wrong."""
        listed = self.forms_of(page)
        several = [form for form in listed if form.prefix]
        for n, form in enumerate(several, 1):
            if len(several) > 1:
                form.number(n)
        for form in listed:
            form.full_clean()
            if not with_errors:
                form.hush()
        return listed

    def first_wrong(self, upto: str) -> str:
        """Return the first page with something to mend, up to one, or nothing."""
        for page in PAGES[: PAGES.index(upto) + 1]:
            if any(form.errors for form in self.forms_of(page)):
                return page
        return ""

    def entry(self) -> Entry:
        """Return all of it as an entry; call it when nothing is wrong.

        What nobody agreed to is not in it: needs, the person at home.
        """
        pages = {page: self.forms_of(page) for page in PAGES}
        for form in (form for page in pages.values() for form in page):
            form.full_clean()
        kind, *persons = pages["who"]
        reach, emergency = pages["reach"]
        agreed = pages["check"][0].given(self.today)
        return Entry(
            kind=kind.cleaned_data["kind"],
            mode=modes.installation(),
            language=reach.cleaned_data["language"],
            persons=[_agreed(person.entry(), agreed) for person in persons],
            contacts=[
                *reach.entries(),
                *(emergency.entries() if "emergency" in agreed else []),
            ],
            stays=[stay.entry() for stay in pages["where"]],
            consents=agreed,
        )


def _agreed(person: PersonEntry, agreed: dict[str, str]) -> PersonEntry:
    return person if "needs" in agreed else replace(person, needs="")


def _without(typed: dict[str, str], gone: int) -> dict[str, str]:
    """Let what names persons by their place follow when one is taken out."""

    def moved(index: int) -> int:
        return index - (index > gone)

    kept = {}
    for name, value in typed.items():
        absence = _ABSENCE.fullmatch(name)
        if absence and int(absence[2]) != gone:
            kept[f"{absence[1]}-{moved(int(absence[2]))}"] = value
        elif name.endswith("-guardian") and value.isdecimal():
            if int(value[:4]) != gone:
                kept[name] = str(moved(int(value[:4])))
        elif not absence:
            kept[name] = value
    return kept
