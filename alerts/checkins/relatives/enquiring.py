"""Take in who asks about someone, find whom they may mean, pass on what was agreed.

Asking looks at nobody: whether somebody is known is found out later, by a tick, and
told to officers only. An answer leaves when an officer has said that this person is
meant, and this person has said that they are safe and may be told of.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from alerts.checkins import duplicates
from alerts.checkins.casework.letters import CHANNELS, PURPOSE
from alerts.checkins.models import Enquiry, EnquiryMatch, Standing, Status, Word
from alerts.dispatch import outbox
from alerts.dispatch.models import Message
from alerts.dispatch.models import State as MessageState
from alerts.incidents.models import AudiencePerson
from consular import languages, modes, naming
from consular.missions import audit
from consular.missions.models import Officer
from consular.modes import Mode
from consular.people import keying
from consular.people.models import Contact, Person, Registration
from consular.people.protecting import limits
from consular.people.registering.addresses import address_key
from consular.sealing import new_code

State = EnquiryMatch.State
A_CONTACT, ALTOGETHER = 5, 600  # an hour
AGAIN = timedelta(minutes=15)
AT_ONCE = 20
MOST_MATCHES = 8
ALIKE = 0.86
YEARS_APART = 1


class TooManyError(Exception):
    """Say that this hour has had its share of enquiries."""


def ask(data: dict[str, Any], language: str, key: str, now: datetime) -> Enquiry:
    """Write an enquiry; the same form again is the same enquiry.

    Raises
    ------
    TooManyError
        When who asks, or everybody together, has asked too often this hour.
    """
    known = Enquiry.objects.filter(form_key=key).first()
    if known is not None:
        return known
    kind, contact = data["contact"]
    mine = address_key(kind, contact)
    own = limits.take(f"enquiry:{mine}", A_CONTACT, now)
    if not own or not limits.take("enquiry", ALTOGETHER, now):
        raise TooManyError
    values = {name: data[name] for name in ("given_name", "family_name", "birth_year")}
    values |= {name: data[name] for name in ("phone", "place", "message", "asker")}
    phone_key = address_key(Contact.Kind.PHONE, data["phone"]) if data["phone"] else ""
    try:
        with transaction.atomic():
            return Enquiry.objects.create(
                number=f"{new_code()}-{new_code()}",
                mode=modes.installation(),
                language=language,
                form_key=key,
                asked_at=now,
                relation=data["relation"],
                phone_key=phone_key,
                contact_kind=kind,
                contact=contact,
                contact_key=mine,
                **values,
            )
    except IntegrityError:  # a double tap: the other request was first
        return Enquiry.objects.get(form_key=key)


def look(now: datetime) -> int:
    """Look for whom open enquiries may mean, again every quarter of an hour."""
    due = Enquiry.objects.filter(
        Q(looked_at=None) | Q(looked_at__lte=now - AGAIN), closed_at=None
    ).exclude(matches__state=State.CONFIRMED)
    found = list(due.order_by("looked_at", "id")[:AT_ONCE])
    for enquiry in found:
        with transaction.atomic():
            _suggest(enquiry)
            Enquiry.objects.filter(pk=enquiry.pk).update(looked_at=now)
    return len(found)


def _suggest(enquiry: Enquiry) -> None:
    likely = []
    refused = enquiry.matches.filter(state=State.REFUSED)
    others = set(refused.values_list("person_id", flat=True))  # these take no place
    for person in _candidates(enquiry):
        reasons = reasons_for(enquiry, person)
        if reasons and person.pk not in others:
            likely.append((len(reasons), person, reasons))
    likely.sort(key=lambda each: (-each[0], each[1].pk))
    EnquiryMatch.objects.bulk_create(
        (
            EnquiryMatch(enquiry=enquiry, person=person, reasons=reasons)
            for _, person, reasons in likely[:MOST_MATCHES]
        ),
        ignore_conflicts=True,
    )


def _candidates(enquiry: Enquiry) -> Iterable[Person]:
    theirs = Registration.objects.filter(mode=enquiry.mode)
    name = f"{enquiry.given_name} {enquiry.family_name}"
    found = {
        person.pk: person
        for person in keying.found(name, Mode(enquiry.mode), Registration.objects.all())
    }
    if enquiry.phone_key:
        same = Contact.objects.filter(
            address_key=enquiry.phone_key, registration__in=theirs
        )
        persons = Person.objects.filter(registration__in=same.values("registration"))
        found |= {person.pk: person for person in persons}
    return found.values()


def reasons_for(enquiry: Enquiry, person: Person) -> list[str]:
    """Say why an enquiry may mean a person; nothing where it hardly does."""
    asked = (enquiry.given_name, enquiry.family_name)
    like = naming.alike(asked, (person.given_name, person.family_name))
    reasons = []
    if min(like.given, like.family) >= ALIKE:
        reasons.append("name")
    years = (enquiry.birth_year, person.birth_year)
    if None not in years:
        apart = abs((years[0] or 0) - (years[1] or 0))
        if apart > YEARS_APART and reasons == ["name"] and not enquiry.phone_key:
            return []
        reasons += ["year of birth"] if apart <= YEARS_APART else []
    if enquiry.phone_key and person.registration.contacts.filter(
        address_key=enquiry.phone_key
    ):
        reasons.append("number")
    return reasons if {"name", "number"} & set(reasons) else []


@transaction.atomic
def decide(
    match: EnquiryMatch, is_meant: bool, officer: Officer, now: datetime
) -> bool:
    """Say whether a person is who an enquiry means; tell whether it was open."""
    state = State.CONFIRMED if is_meant else State.REFUSED
    row = EnquiryMatch.objects.filter(pk=match.pk, state=State.SUGGESTED)
    if not row.update(state=state, decided_by=officer, decided_at=now):
        return False
    subject = f"enquiry {match.enquiry.number}"
    audit.record("decide_enquiry", officer, subject, now, person=match.person_id)
    return True


@transaction.atomic
def close(enquiry: Enquiry, officer: Officer, now: datetime) -> bool:
    """End an enquiry; nothing is told any more."""
    row = Enquiry.objects.filter(pk=enquiry.pk, closed_at=None)
    if not row.update(closed_at=now, closed_by=officer):
        return False
    audit.record("close_enquiry", officer, f"enquiry {enquiry.number}", now)
    return True


def beside(person_ids: Iterable[int]) -> list[EnquiryMatch]:
    """Return who asks about persons, for an officer to see beside them."""
    rows = EnquiryMatch.objects.filter(person__in=list(person_ids))
    rows = rows.exclude(state=State.REFUSED).filter(enquiry__closed_at=None)
    return list(rows.select_related("enquiry").order_by("-id")[:20])


@transaction.atomic
def agree(word: Word) -> None:
    """Keep what somebody wants told; newer words take the place of older ones."""
    # A double tap: the second one waits for the first, and takes its place.
    held = Person.objects.select_for_update(no_key=True).filter(pk=word.person_id)
    list(held.values_list("pk"))
    withdraw(word.incident_id, word.person_id, word.agreed_at)
    word.save()


def withdraw(incident_id: int, person_id: int, now: datetime) -> None:
    """Tell nobody any more."""
    Word.objects.filter(
        incident=incident_id, person=person_id, withdrawn_at=None
    ).update(withdrawn_at=now)


def pass_on(now: datetime) -> int:
    """Write to those who ask about people who are safe and agreed; once each."""
    due = EnquiryMatch.objects.filter(
        state=State.CONFIRMED, told_at=None, enquiry__closed_at=None
    )
    words = _words() if due.exists() else {}
    meant = due.filter(person__in=words).select_related("enquiry")
    told = 0
    for match in meant.order_by("id"):
        word = words[match.person_id]
        if told < AT_ONCE and _is_of(word, match.enquiry):
            told += _pass_on(match, word.words, now)
    return told


def _is_of(word: Word, enquiry: Enquiry) -> bool:
    """Tell whether words may answer: not where their incident was over when it came."""
    over = word.incident.closed_at
    return over is None or enquiry.asked_at <= over


def take_back(now: datetime) -> int:
    """Take back what has not left of those who are not safe, or agree, any more.

    A provider that is down, or a pause, may hold it for hours.
    """
    told = EnquiryMatch.objects.filter(told_at__gt=now - outbox.NOTICE_KEPT)
    by_key = {
        f"notice:{_key(match, match.told_at)}": match
        for match in told.select_related("enquiry")
        if match.told_at is not None
    }
    rows = Message.objects.filter(cause__key__in=by_key, state=MessageState.QUEUED)
    waiting = [(by_key[key], pk) for key, pk in rows.values_list("cause__key", "pk")]
    words = _words() if waiting else {}
    return sum(
        _take_back(match, number, now)
        for match, number in waiting
        if match.person_id not in words or match.enquiry.closed_at
    )


@transaction.atomic
def _take_back(match: EnquiryMatch, number: int, now: datetime) -> bool:
    """Take one notice back; what is true again later is told then."""
    if not outbox.withdraw([number], now):
        return False
    EnquiryMatch.objects.filter(pk=match.pk).update(told_at=None)
    audit.record("take_back", None, f"enquiry {match.enquiry.number}", now)
    return True


def _key(match: EnquiryMatch, told_at: datetime) -> str:
    """Return the key of a notice: that of a match, written at a time."""
    return f"enquiry:{match.pk}:{int(told_at.timestamp())}"


def _words() -> dict[int, Word]:
    """Return by person what may be told of them, under each entry of theirs.

    Who is inside an open incident under any of these has to be safe there too.
    """
    found = {
        word.person_id: word
        for word in _told()
        .select_related("incident")
        .defer("incident__figures")
        .order_by("id")
    }
    told: dict[int, Word] = {}
    for group in {*duplicates.groups(found).values()}:
        word = max((found[each] for each in group if each in found), key=_age)
        if len(group) == 1 or not _inside_unsafe(group):
            told |= dict.fromkeys(group, word)
    return told


def _age(word: Word) -> int:
    return word.pk


def _inside_unsafe(persons: Iterable[int]) -> bool:
    safe = Standing.objects.filter(
        person=OuterRef("person"),
        incident=OuterRef("audience__alert__incident"),
        status=Status.SAFE,
    )
    rows = AudiencePerson.objects.filter(
        ~Exists(safe),
        person__in=persons,
        audience__is_included=True,
        audience__alert__incident__closed_at=None,
    )
    return rows.exists()


def _told() -> QuerySet[Word]:
    """Keep the words of who is safe in the incident that these are about.

    Who is inside another one that is open has to be safe there too.
    """
    safe = Standing.objects.filter(person=OuterRef("person"), status=Status.SAFE)
    inside = AudiencePerson.objects.filter(
        ~Exists(safe.filter(incident=OuterRef("audience__alert__incident"))),
        person=OuterRef("person"),
        audience__is_included=True,
        audience__alert__incident__closed_at=None,
    )
    here = safe.filter(incident=OuterRef("incident"))
    return Word.objects.filter(Exists(here), ~Exists(inside), withdrawn_at=None)


@transaction.atomic
def _pass_on(match: EnquiryMatch, words: str, now: datetime) -> bool:
    row = EnquiryMatch.objects.filter(pk=match.pk, told_at=None)
    if not row.update(told_at=now):
        return False
    enquiry = match.enquiry
    with languages.speak(enquiry.language):
        subject = gettext("About your enquiry {number}").format(number=enquiry.number)
        body = gettext(
            "{ministry}, enquiry {number}: the person you asked about says that they "
            "are safe. In their words: {words}"
        ).format(ministry=settings.MINISTRY_NAME, number=enquiry.number, words=words)
    exercise = modes.mark(enquiry.mode, enquiry.language)
    try:
        outbox.send_notice(
            _key(match, now),
            purpose=PURPOSE,
            channel=CHANNELS[enquiry.contact_kind],
            address=enquiry.contact,
            language=enquiry.language,
            subject=exercise + subject,
            body=exercise + body,
            now=now,
        )
    except outbox.CappedError:
        EnquiryMatch.objects.filter(pk=match.pk).update(told_at=None)
        return False
    audit.record("pass_on", None, f"enquiry {enquiry.number}", now)
    return True
