"""Store what comes in, then read it: understood, attributed, written down or shown.

An answer is committed raw before anything looks at it. Reading it is one transaction:
either it has led to its check-ins, or it waits to be read again.
"""

import json
import logging
import re
from datetime import datetime
from functools import lru_cache

from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from alerts.checkins.answers import (
    asking,
    attributing,
    audiences,
    checking,
    codes,
    media,
    parties,
    piecing,
    registering,
    strangers,
)
from alerts.checkins.answers.attributing import Whose
from alerts.checkins.answers.audiences import Served
from alerts.checkins.casework import opening
from alerts.checkins.models import Basis, Inbound, Label, Status
from alerts.checkins.reading import understanding
from alerts.dispatch import addresses, statements
from alerts.dispatch.models import Message
from alerts.incidents.models import Incident
from consular import outages, sealing
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.models import Person

logger = logging.getLogger(__name__)
AT_ONCE = 50
LOOKED_AT = 5_000  # of what waits, to find the calls in it
NOTHING = "none"  # of an answer that an officer puts away
CALLS, OTHERS, DAMAGED = range(3)
SEALED = Cast("body", TextField())  # the words, unopened
AGAIN = {"start", "unstop"}  # the carriers' words to be written to again
STATUSES: dict[str, str] = {
    Label.SAFE.value: Status.SAFE.value,
    Label.HELP.value: Status.NEEDS_HELP.value,
}


def store(
    provider: str,
    form: dict[str, str],
    channel: str,
    now: datetime,
    *,
    message: Message | None = None,
    aside: str = "",
) -> None:
    """Store an answer raw; the same provider's id again is the same answer.

    One statement that leaves alone what is there: nearly every answer is new, and
    whoever posts it waits.

    Parameters
    ----------
    message : Message, optional
        What it answers, where that is known.
    aside : str, optional
        Why nobody is to read it: it is kept, and listed with this reason.
    """
    sender = form.get("From", "")
    answer = Inbound(
        provider=provider[:24],
        provider_id=form.get("MessageSid", "")[:64],
        channel=channel,
        from_key=addresses.key(channel, sender),
        from_address=sender,
        to_address=form.get("To", "")[:64],
        body=form.get("Body", ""),
        raw=json.dumps(form, ensure_ascii=False),
        received_at=now,
        message=message,
        state=Inbound.State.READ if aside else Inbound.State.NEW,
        label=Label.UNCLEAR if aside else "",
        reason=aside[:120],
    )
    statements.insert_new(answer)


def read_new(now: datetime) -> int:
    """Read what was not read yet, calls for help first; return how many.

    An answer that cannot be read goes to an officer, so that those behind it are read.
    """
    done = 0
    for pk in _calls_first():
        done += _settle(pk, now)
        if done == AT_ONCE:
            break
    return done


def _calls_first() -> list[int]:
    """Return what waits: senders of whom anything is a call, then the others.

    In the minutes after an alert hundreds answer at once, nearly all of them that they
    are safe. Of one sender all is read in the order in which it came. What cannot be
    opened is left out: while keys are changed, a process may not have the new one yet.
    """
    waiting = (
        Inbound.objects.filter(state=Inbound.State.NEW)
        .annotate(sealed=SEALED)
        .filter(_opens())
        .order_by("id")
        .values_list("pk", "channel", "from_key", "sealed")[:LOOKED_AT]
    )
    urgency: dict[tuple[str, str], int] = {}
    for _, channel, key, sealed in waiting:
        known = urgency.get((channel, key), DAMAGED)
        urgency[channel, key] = min(known, _urgency(sealed))
    ordered = sorted(waiting, key=lambda row: urgency[row[1], row[2]])
    return [pk for pk, *_ in ordered]


def without_key() -> int:
    """Count the new answers that were sealed with a key which is not set here."""
    new = Inbound.objects.filter(state=Inbound.State.NEW)
    return new.annotate(sealed=SEALED).exclude(_opens()).count()


def _opens() -> Q:
    opens = Q(sealed="")
    for prefix in sealing.prefixes():
        opens |= Q(sealed__startswith=prefix)
    return opens


@lru_cache(maxsize=2 * LOOKED_AT)  # it is asked again for each fifty that are read
def _urgency(sealed: str) -> int:
    try:
        reading = understanding.read(sealing.unseal(sealed))
    except sealing.SealError:
        return DAMAGED
    except Exception:  # told of when its turn comes
        return OTHERS
    return CALLS if reading.label == Label.HELP else OTHERS


def _settle(pk: int, now: datetime) -> bool:
    """Read one answer, or put it before an officer; what is damaged stays behind."""
    try:
        inbound = Inbound.objects.filter(pk=pk).first()
    except sealing.SealError:
        logger.error("answer %s cannot be opened: it is damaged", pk)
        return False
    try:
        return inbound is not None and _read(inbound, now)
    except Exception as error:
        if outages.is_away(error):  # the next second tries again
            raise
        logger.error("answer %s not read: %s", pk, type(error).__name__)
    row = Inbound.objects.filter(pk=pk, state=Inbound.State.NEW)
    return bool(
        row.update(
            state=Inbound.State.INBOX, label=Label.UNCLEAR, reason="could not be read"
        )
    )


@transaction.atomic
def _read(inbound: Inbound, now: datetime) -> bool:
    """Read one answer; whoever moves its state reads it, and nobody else."""
    row = Inbound.objects.filter(pk=inbound.pk, state=Inbound.State.NEW)
    if not row.update(state=Inbound.State.READ):
        return False
    inbound.body, reading = piecing.read(inbound)  # the row keeps its own part
    reading = _beside_code(inbound.body, reading)
    sender, channel = inbound.from_address, inbound.channel
    addresses.heard(sender, channel, inbound.received_at)
    doubt = attributing.doubt(inbound)
    if reading.wants_stop and not doubt:
        addresses.stop(sender, channel, now)
    elif inbound.body.strip().casefold() in AGAIN and not doubt:
        addresses.start(sender, channel, now)
    registered = "" if reading.wants_stop else registering.take_in(inbound, now)
    if registered and reading.label != Label.HELP:
        done = Inbound.objects.filter(pk=inbound.pk)
        return bool(done.update(label=reading.label, reason=registered[:120]))
    found = attributing.whose(inbound, reading.label)
    state, trouble = _write(inbound, reading, found, now)
    if doubt and reading.label != Label.HELP:
        state, trouble = Inbound.State.INBOX, doubt
    files = media.note(inbound)
    if files and not reading.wants_stop:
        state = Inbound.State.INBOX  # a picture may say what the words do not
    if not (registered or reading.wants_stop):
        _write_back(inbound, reading.label, found, now)
    Inbound.objects.filter(pk=inbound.pk).update(
        state=state,
        label=reading.label,
        words=list(reading.words),
        reason=(registered or found.trouble or trouble or files or reading.reason)[
            :120
        ],
        incident=next(iter(found.served), None),
    )
    return True


def _write_back(inbound: Inbound, label: str, found: Whose, now: datetime) -> None:
    """Answer a number that we do not know, or ask one that we know for several."""
    is_unknown = not found.served and found.trouble != attributing.CONTACT
    if is_unknown or found.is_stranger:
        strangers.answer(inbound, now)
    elif label == Label.SAFE and found.sharing:
        asking.ask(inbound, found.sharing, now)


def _beside_code(body: str, reading: understanding.Reading) -> understanding.Reading:
    """Read once more without a code of ours that was taken for a word nobody knows."""
    if reading.reason not in (understanding.HIDDEN, understanding.UNREAD):
        return reading
    for code in codes.of(body).words:
        is_word = understanding.read(code).label != Label.UNCLEAR
        if not is_word and audiences.of_codes([code]):
            body = re.sub(rf"\b{code}\b", " ", body, flags=re.IGNORECASE)
    return understanding.read(body)


def _write(
    inbound: Inbound, reading: understanding.Reading, found: Whose, now: datetime
) -> tuple[str, str]:
    """Write check-ins for what is certain; return where the answer goes, and why."""
    if reading.label == Label.STOP:
        return Inbound.State.READ, ""
    status = STATUSES.get(reading.label)
    is_unsure = bool(found.trouble) and not found.others
    shared = is_unsure and reading.label != Label.HELP
    if status is None or not found.served or shared:
        for incident, persons in found.served.items():  # unclear, but it may be bad
            opening.by_statement(incident, persons, "", (), inbound.body, now)
        return Inbound.State.INBOX, ""
    if status == Status.SAFE and _is_short(inbound, found):
        return Inbound.State.INBOX, "counts fewer people than the party has"
    looks = [
        _write_for(incident, persons, inbound, found.basis, reading.label, now)
        for incident, persons in found.served.items()
    ]
    trouble = next(filter(None, looks), "")
    is_open = bool(trouble) or found.others or found.is_over or found.is_guess
    return (Inbound.State.INBOX if is_open else Inbound.State.READ), trouble


def _is_short(inbound: Inbound, found: Whose) -> bool:
    """Tell whether "2 safe" came from a party of four: which two, an officer asks."""
    parties_ = found.served.values()
    return any(parties.falls_short(inbound.body, persons) for persons in parties_)


def _write_for(
    incident: Incident,
    persons: list[Person],
    inbound: Inbound,
    basis: str,
    label: str,
    now: datetime,
) -> str:
    """Write what an answer says of each person; return what an officer must look at."""
    shares = parties.Shares(helped=[], safe=persons)
    if label == Label.HELP:
        shares = parties.Shares(helped=persons, safe=[])
        if len({person.registration_id for person in persons}) == 1:
            shares = parties.share(inbound.body, persons)
    for status, people in (
        (Status.NEEDS_HELP.value, shares.helped),
        (Status.SAFE.value, shares.safe),
    ):
        checking.state(
            checking.Said(
                incident=incident,
                persons=people,
                status=status,
                basis=basis,
                stated_at=inbound.received_at,
                request_key=f"in:{inbound.pk}:{incident.pk}",
                inbound=inbound,
                note=inbound.body[:1000],
            ),
            now,
        )
    return shares.trouble


@transaction.atomic
def handle(
    inbound: Inbound, label: str, persons: Served, officer: Officer, now: datetime
) -> bool:
    """Do what an officer says about an answer; tell whether it waited still."""
    row = Inbound.objects.filter(pk=inbound.pk, state=Inbound.State.INBOX)
    if not row.update(state=Inbound.State.HANDLED, handled_by=officer, handled_at=now):
        return False
    audit.record("handle_reply", officer, f"reply {inbound.pk}", now, label=label)
    status = STATUSES.get(label)
    if status is None:
        return True
    for incident, people in persons.items():
        checking.state(
            checking.Said(
                incident=incident,
                persons=people,
                status=status,
                basis=Basis.OFFICER.value,
                stated_at=inbound.received_at,
                request_key=f"handled:{inbound.pk}:{incident.pk}",
                inbound=inbound,
                officer=officer,
                note=inbound.body[:1000],
            ),
            now,
        )
    return True
