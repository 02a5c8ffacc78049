"""Open a form for the first hours of a crisis, and take in who registers there.

Whoever registers counts at once, so that an alert in force reaches them within seconds.
The same person again, by whichever form, is one registration: what is new is added, and
nothing that was there is changed, since a name and a number prove nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from consular import modes, sealing
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.managing import errands, moving
from consular.people.models import Contact, CrisisForm, Person, Registration
from consular.people.registering import addresses, enrolling, recognising
from consular.people.registering.entries import Entry, StayEntry

KEPT_OPEN = timedelta(days=30)  # how long somebody is taken to be there
CODE_LENGTH = 6
MOST_PARTIES = 12  # of one address, the newest; more share it than one family


def open_form(
    title: str, countries: list[str], by: Officer, now: datetime
) -> CrisisForm:
    """Open a form for one or several countries; its address is short enough to say."""
    form = CrisisForm.objects.create(
        code=sealing.new_code(CODE_LENGTH).lower(),
        title=title,
        countries=countries,
        mode=modes.installation(),
        opened_by=by,
        opened_at=now,
    )
    audit.record("open_crisis_form", by, str(form), now, countries=countries)
    return form


def close_form(form: CrisisForm, by: Officer, now: datetime) -> bool:
    """Take no more entries; tell whether that was new."""
    closed = CrisisForm.objects.filter(pk=form.pk, closed_at=None).update(closed_at=now)
    if closed:
        audit.record("close_crisis_form", by, str(form), now)
    return bool(closed)


def enter(
    form: CrisisForm | None,
    entry: Entry,
    form_key: str,
    now: datetime,
    *,
    counts: bool = True,
    may_text: Callable[[], bool] = lambda: True,
) -> tuple[Registration, bool]:
    """Take in what one person typed; tell whether it is a new registration.

    Without a form it came by phone or text message. With `counts` false it waits for a
    confirmation, and changes nobody's record. A new one is written together with the
    errand to ask its owner, by text message if `may_text` gives one.
    """
    known = Registration.objects.filter(form_key=form_key).first()
    if known:
        return known, False
    person = same_person(entry)
    if person and not counts:
        return person.registration, False
    if person:
        _add(person, entry, now)
        return person.registration, False
    try:
        with transaction.atomic():
            (fresh,) = enrolling.enrol(
                [entry], now, confirmed=counts, form_key=form_key
            )
            errands.confirm_later(fresh, now, may_text=may_text())
            if form:  # last, since everyone who registers waits for this row
                rows = CrisisForm.objects.filter(pk=form.pk)
                rows.update(entries=F("entries") + 1)
    except IntegrityError:  # the same form a second time, at the same moment
        return Registration.objects.get(form_key=form_key), False
    return fresh, True


def same_person(entry: Entry) -> Person | None:
    """Find the person of that name and address who is registered and counts."""
    said = entry.persons[0]
    keys = [addresses.address_key(each.kind, each.address) for each in entry.contacts]
    parties = Contact.objects.filter(
        address_key__in=keys,
        role=Contact.Role.OWN,
        registration__mode=entry.mode,
        registration__confirmed_at__isnull=False,
    )
    newest = parties.order_by("-registration_id")[:MOST_PARTIES]
    numbers = set(newest.values_list("registration_id", flat=True))
    # Nobody's number, too: who knows an address alone learns nothing from the time.
    found = Person.objects.filter(registration__in=numbers | {0})
    name = recognising.named(said)
    listed = found.select_related("registration").order_by("pk")
    return next((row for row in listed if recognising.named(row) == name), None)


@transaction.atomic
def _add(person: Person, entry: Entry, now: datetime) -> None:
    """Add where a person is and what they need, unless that is known already."""
    registration, (stay,) = person.registration, entry.stays
    today = registration.stays.abroad_on(now.date())
    places = {(row.lon, row.lat) for row in today}
    needs = entry.persons[0].needs
    if needs and not person.needs:
        person.needs = needs
        person.save(update_fields=["needs"])
    if (stay.lon, stay.lat) not in places:
        alone = registration.persons.count() > 1
        persons = (person.position,) if alone else ()
        values = vars(stay) | {"persons": persons}
        moving.add_stay(registration, StayEntry(**values), now)
