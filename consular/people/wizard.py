"""The four pages as one thing: what was typed travels sealed with the form.

Nothing of an unfinished registration is stored, and nothing that was typed is lost by
going back, by an error, or by adding a person or a place.
"""

import json
import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from consular import modes, sealing
from consular.people.enrolling import Entry
from consular.people.forms import (
    ConsentForm,
    KindForm,
    PersonForm,
    ReachForm,
    StayForm,
    reference_of,
)
from consular.people.models import Contact, Registration

PAGES = ("who", "where", "reach", "check")
MOST = {"person": 12, "stay": 10}
LONGEST_VALUE, MOST_VALUES = 300, 200


@dataclass
class Wizard:
    """What was typed so far.

    `token` is that of the link when a registration is changed; `kept` are its places
    as they are stored (value in the form → name), so that none moves unasked.
    """

    typed: dict[str, str] = field(default_factory=dict)
    page: str = "who"
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    token: str = ""
    kept: dict[str, str] = field(default_factory=dict)

    @classmethod
    def opened(cls, sealed: str) -> "Wizard":
        """Open the state of a form; one that was changed or is foreign begins anew."""
        try:
            state = json.loads(sealing.unseal(sealed)) if sealed else {}
            return cls(**state)
        except (sealing.SealError, ValueError, TypeError):
            return cls()

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
            if name not in ("state", "do", "lang"):
                value = post.get(name, "").replace("\x00", "")
                self.typed[name[:60]] = value[:LONGEST_VALUE]
        if self.page == "check":
            for name in ("warn", "exercise"):
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
        self.typed = kept

    def _bound(self, form: type[forms.Form], noun: str) -> list[Any]:
        more: dict[str, Any] = {}
        if form is StayForm:
            kind = self.typed.get("kind")
            more = {
                "residence": kind == Registration.Kind.RESIDENCE,
                "kept": self.kept,
            }
        return [
            form(self.typed, prefix=f"{noun}-{index}", **more)
            for index in range(self.count(noun))
        ]

    def forms_of(self, page: str) -> list[Any]:
        """Return the forms of a page, filled with what was typed."""
        if page == "who":
            kind = {"kind": Registration.Kind.TRIP} | self.typed
            return [KindForm(kind), *self._bound(PersonForm, "person")]
        if page == "where":
            return self._bound(StayForm, "stay")
        if page == "reach":
            return [ReachForm(self.typed)]
        return [ConsentForm(self.typed)]

    def shown(self, page: str, *, with_errors: bool) -> list[forms.Form]:
        """Return the forms of a page to look at, with or without what is wrong."""
        listed = self.forms_of(page)
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

    def entry(self, today: date) -> Entry:
        """Return all of it as an entry; call it when nothing is wrong."""
        pages = {page: self.forms_of(page) for page in PAGES}
        for form in (form for page in pages.values() for form in page):
            form.full_clean()
        kind, *persons = pages["who"]
        reach, consent = pages["reach"][0], pages["check"][0]
        day = today.isoformat()
        return Entry(
            kind=kind.cleaned_data["kind"],
            mode=modes.installation(),
            language=reach.cleaned_data["language"],
            persons=[person.entry(today) for person in persons],
            contacts=reach.entries(),
            stays=[stay.entry() for stay in pages["where"]],
            consents={n: day for n in ("warn", "exercise") if consent.cleaned_data[n]},
        )


def of_entry(entry: Entry, token: str) -> Wizard:
    """Fill the pages with what a party said last, to be changed."""
    typed: dict[str, Any] = {
        "kind": entry.kind,
        "persons": str(len(entry.persons)),
        "stays": str(len(entry.stays) or 1),
        "language": entry.language,
    }
    for index, person in enumerate(entry.persons):
        for name in ("given_name", "family_name", "birth_year", "needs"):
            typed[f"person-{index}-{name}"] = str(getattr(person, name) or "")
    kept = {}
    for index, stay in enumerate(entry.stays):
        kept[reference_of(stay)] = stay.place
        typed[f"stay-{index}-place"] = stay.place
        typed[f"stay-{index}-chosen"] = reference_of(stay)
        typed[f"stay-{index}-arrives_on"] = stay.arrives_on.isoformat()
        last = stay.departs_on
        typed[f"stay-{index}-departs_on"] = last.isoformat() if last else ""
    for contact in entry.contacts:
        name = "email" if contact.kind == Contact.Kind.EMAIL else "phone"
        if contact.role == Contact.Role.EMERGENCY:
            name = "emergency_phone"
        typed[name] = contact.address
    typed |= dict.fromkeys(entry.consents, "on")
    return Wizard(typed=typed, token=token, kept=kept)
