"""Take in what a desk without a connection kept, each entry once.

An entry has a key of its own, made at the desk. It is written in one transaction with
what it leads to, so that an answer that was lost on the way is asked for again and
changes nothing. What somebody else changed meanwhile is not overwritten: the officer at
the desk is shown both, and says.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import translation

from consular import modes
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.managing import errands
from consular.people.models import CrisisForm, DeskEntry, Registration
from consular.people.protecting import scoping
from consular.people.registering import crisis, enrolling
from consular.people.registering.crisis_forms import CrisisEntry, IntakeForm
from consular.people.registering.entries import Entry
from consular.words import plain

KEY = re.compile(r"[0-9a-f]{32}")
MOST_AT_ONCE = 25
MOST_LETTERS = 1_000


@dataclass(frozen=True)
class Change:
    """One entry as the desk sends it.

    Attributes
    ----------
    key : str
        Made at the desk; a change of the same person later has another.
    typed : dict
        What was typed, by field.
    reference, revision
        Of the registration that it changes, as the desk knows it; empty for a new one.
    decided : str
        What the officer said about a conflict: `mine`, `add`, `apart`, or nothing yet.
    """

    key: str
    typed: dict[str, str]
    reference: str = ""
    revision: int = 0
    decided: str = ""

    @classmethod
    def read(cls, sent: Any) -> "Change":
        """Read what a browser sent; nothing of it is trusted.

        Raises
        ------
        ValueError
            When it is no entry.
        """
        typed = sent.get("typed") if isinstance(sent, dict) else None
        if not isinstance(typed, dict) or not KEY.fullmatch(str(sent.get("key", ""))):
            raise ValueError("This is no entry.")
        revision = sent.get("revision")
        return cls(
            key=str(sent["key"]),
            typed={
                str(name)[:40]: plain(str(value))[:MOST_LETTERS]
                for name, value in list(typed.items())[:20]
            },
            reference=str(sent.get("reference") or "")[:16],
            revision=revision if isinstance(revision, int) else 0,
            decided=str(sent.get("decided") or ""),
        )


@dataclass
class Answer:
    """What became of an entry.

    `state` is `saved`, `added` (to somebody who is on record), `refused` with what is
    to be mended, or `conflict` with what stands on record (`theirs`).
    """

    key: str
    state: str
    reference: str = ""
    revision: int = 0
    problems: list[str] = field(default_factory=list)
    theirs: dict[str, str] = field(default_factory=dict)


def take(change: Change, officer: Officer, now: datetime) -> Answer:
    """Take one entry in, once, however often it is sent."""
    if known := _known(change, officer):
        return known
    with translation.override("en"):
        entry, problems = _read(change, now)
    if entry is None:
        return Answer(change.key, "refused", change.reference, problems=problems)
    try:
        with transaction.atomic():
            if change.reference:
                return _changed(change, entry, officer, now)
            return _entered(change, entry, officer, now)
    except IntegrityError:  # the same entry a second time, at the same moment
        return _known(change, officer) or Answer(
            change.key, "refused", problems=["This entry is somebody else's."]
        )


def _known(change: Change, officer: Officer) -> Answer | None:
    """Return what became of an entry that was taken in before."""
    kept = DeskEntry.objects.filter(key=change.key, officer=officer)
    row = kept.select_related("registration").first()
    if row is None:
        return None
    registration = row.registration
    return Answer(
        change.key,
        "saved" if row.is_new else "added",
        registration.reference if registration else "",
        registration.revision if registration else 0,
    )


def _read(change: Change, now: datetime) -> tuple[Entry | None, list[str]]:
    countries = sorted(
        {
            code
            for form in CrisisForm.objects.filter(closed_at=None)
            for code in form.countries
        }
    )
    page = CrisisEntry(change.typed, countries, now.date())
    more = IntakeForm(change.typed)
    if all([page.is_valid(), more.is_valid()]):
        return page.entry(more.cleaned_data["language"]), []
    problems = [
        f"{form[name].label if name in form.fields else ''}: {error}".lstrip(": ")
        for form in (*page.parts, more)
        for name, errors in form.errors.items()
        for error in errors
    ]
    if page.where.choices and "place" in page.where.errors:
        labels = "; ".join(label for _, label in page.where.choices)
        problems.append(f"Type one of these in full: {labels}")
    return None, problems


def _entered(change: Change, entry: Entry, officer: Officer, now: datetime) -> Answer:
    """Enter somebody; who is on record already, where this officer looks, is asked."""
    same = crisis.same_person(entry)
    seen = scoping.seen_by(officer, now)
    if same and not change.decided and seen.filter(pk=same.registration_id).exists():
        return _conflict(change, same.registration, officer, now)
    if same and change.decided == "apart":
        (row,) = enrolling.enrol([entry], now, confirmed=True, form_key=change.key)
        errands.confirm_later(row, now)
        is_new = True
    else:
        row, is_new = crisis.enter(None, entry, change.key, now)
    _note(change, row, officer, now, is_new=is_new)
    row.refresh_from_db(fields=["revision"])
    return Answer(
        change.key, "saved" if is_new else "added", row.reference, row.revision
    )


def _changed(change: Change, entry: Entry, officer: Officer, now: datetime) -> Answer:
    """Change what this desk entered, unless somebody else has changed it meanwhile."""
    mine = DeskEntry.objects.filter(officer=officer, is_new=True)
    rows = Registration.objects.select_for_update().filter(
        reference=change.reference,
        mode=modes.installation(),
        pk__in=mine.values("registration_id"),
    )
    row = rows.first()
    if row is None:
        words = "It is not on record any more: enter it anew, or leave it."
        return Answer(change.key, "refused", problems=[words])
    if row.revision != change.revision and change.decided != "mine":
        return _conflict(change, row, officer, now)
    row = enrolling.change(row, entry, now)
    errands.confirm_later(row, now)
    _note(change, row, officer, now, is_new=True)
    return Answer(change.key, "saved", row.reference, row.revision)


def _note(
    change: Change, row: Registration, officer: Officer, now: datetime, *, is_new: bool
) -> None:
    DeskEntry.objects.create(
        key=change.key, officer=officer, registration=row, is_new=is_new, taken_at=now
    )
    action = "change_registration" if change.reference else "enter_registration"
    audit.record(action, officer, f"registration {row.pk}", now, at_a_desk=True)


def _conflict(
    change: Change, row: Registration, officer: Officer, now: datetime
) -> Answer:
    """Say what stands on record, to compare with; it is a look like any other."""
    subject = f"registration {row.pk}"
    audit.record("view_registration", officer, subject, now, at_a_desk=True)
    own = row.contacts.filter(role="own").order_by("pk")
    theirs = {
        "who": ", ".join(person.full_name for person in row.persons.all()),
        "where": "; ".join(stay.place for stay in row.stays.current()),
        "reached by": ", ".join(contact.address for contact in own),
        "needs": "; ".join(
            person.needs for person in row.persons.all() if person.needs
        ),
        "changed": f"{row.changed_at:%d %b %H:%M} UTC",
    }
    return Answer(change.key, "conflict", row.reference, row.revision, theirs=theirs)
