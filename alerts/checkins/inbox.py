"""Store what comes in, then read it: understood, attributed, written down or shown.

An answer is committed raw before anything looks at it. Reading it is one transaction:
either it has led to its check-ins, or it waits to be read again.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from alerts.checkins import audiences, checking, understanding
from alerts.checkins.audiences import Served
from alerts.checkins.models import Basis, Inbound, Label, Status
from alerts.dispatch import addresses
from alerts.dispatch.models import Address
from consular.missions.models import Officer
from consular.sealing import CODE_LETTERS

AT_ONCE = 200
_CODE = re.compile(rf"\b[{CODE_LETTERS}]{{4,6}}\b")
STATUSES: dict[str, str] = {
    Label.SAFE.value: Status.SAFE.value,
    Label.HELP.value: Status.NEEDS_HELP.value,
}


def store(
    provider: str, form: dict[str, str], channel: str, now: datetime
) -> tuple[Inbound, bool]:
    """Store an answer raw; the same provider's id again is the same answer."""
    sender = form.get("From", "")
    return Inbound.objects.get_or_create(
        provider=provider[:24],
        provider_id=form.get("MessageSid", "")[:64],
        defaults={
            "channel": channel,
            "from_key": addresses.key(channel, sender),
            "from_address": sender,
            "to_address": form.get("To", "")[:64],
            "body": form.get("Body", ""),
            "raw": json.dumps(form, ensure_ascii=False),
            "received_at": now,
        },
    )


def read_new(now: datetime) -> int:
    """Read what was not read yet, in the order it came; return how many."""
    waiting = Inbound.objects.filter(state=Inbound.State.NEW).order_by("id")
    return sum(_read(inbound, now) for inbound in waiting[:AT_ONCE])


@transaction.atomic
def _read(inbound: Inbound, now: datetime) -> bool:
    """Read one answer; whoever moves its state reads it, and nobody else."""
    row = Inbound.objects.filter(pk=inbound.pk, state=Inbound.State.NEW)
    if not row.update(state=Inbound.State.READ):
        return False
    reading = understanding.read(inbound.body)
    addresses.heard(inbound.from_key, inbound.channel, inbound.received_at)
    if reading.wants_stop:
        addresses.opt_out(inbound.from_key, inbound.channel, Address.OptOut.ALL, now)
    found = _whose(inbound, reading.label)
    state = _write(inbound, reading, found, now)
    Inbound.objects.filter(pk=inbound.pk).update(
        state=state,
        label=reading.label,
        words=list(reading.words),
        reason=(found.trouble or reading.reason)[:120],
        incident=next(iter(found.served), None),
    )
    return True


@dataclass(frozen=True, kw_only=True)
class Whose:
    """The persons that an answer speaks for, and how we know; or why we do not."""

    served: Served
    basis: str
    trouble: str = ""


def _whose(inbound: Inbound, label: str) -> Whose:
    for code in _CODE.findall(inbound.body.upper()):
        rows = audiences.of_code(code)
        if rows:
            served = audiences.persons(rows[:1])
            return Whose(served=served, basis=Basis.SELF_CODE.value)
    rows = audiences.of_address(inbound.from_key, inbound.channel)
    if not rows:
        return Whose(served={}, basis="", trouble="we have not written to this number")
    served = audiences.persons(rows)
    if label == Label.HELP:
        return Whose(served=served, basis=Basis.SELF_SMS.value)
    newest = next(iter(served))
    parties = {person.registration_id for person in served[newest]}
    trouble = "this phone serves several parties" if len(parties) > 1 else ""
    return Whose(
        served={newest: served[newest]}, basis=Basis.SELF_SMS.value, trouble=trouble
    )


def _write(
    inbound: Inbound, reading: understanding.Reading, found: Whose, now: datetime
) -> str:
    """Write check-ins for what is certain; return where the answer goes."""
    if reading.label == Label.STOP:
        return Inbound.State.READ
    status = STATUSES.get(reading.label)
    shared = bool(found.trouble) and reading.label != Label.HELP
    if status is None or not found.served or shared:
        return Inbound.State.INBOX
    for incident, persons in found.served.items():
        checking.state(
            checking.Said(
                incident=incident,
                persons=persons,
                status=status,
                basis=found.basis,
                stated_at=inbound.received_at,
                request_key=f"in:{inbound.pk}:{incident.pk}",
                inbound=inbound,
                note=inbound.body[:1000],
            ),
            now,
        )
    return Inbound.State.READ


@transaction.atomic
def handle(
    inbound: Inbound, label: str, persons: Served, officer: Officer, now: datetime
) -> bool:
    """Do what an officer says about an answer that waits in the inbox."""
    row = Inbound.objects.filter(pk=inbound.pk, state=Inbound.State.INBOX)
    if not row.update(state=Inbound.State.HANDLED, handled_by=officer, handled_at=now):
        return False
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
