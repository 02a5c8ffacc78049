"""Whose answer is it? A code decides at once; else whom we wrote to at that address."""

import json
import re
from dataclasses import dataclass, field, replace

from alerts.checkins import duplicates
from alerts.checkins.answers import audiences
from alerts.checkins.answers.audiences import Served
from alerts.checkins.models import Basis, Inbound, Label
from alerts.dispatch.models import Channel
from alerts.incidents.models import Audience
from consular.people.models import Person
from consular.sealing import CODE_LETTERS

MOST_CODES = 5  # of a text, to look for
DOUBT = "Doubt"  # of a mail: why it clears nobody
CONTACT = "an emergency contact whom we asked"
_WITH_CODE = re.compile(rf"\b(?:SAFE|HELP)\s+([{CODE_LETTERS}]{{4,6}})\b")
_CODE = re.compile(rf"\b[{CODE_LETTERS}]{{4,6}}\b")


@dataclass(frozen=True, kw_only=True)
class Whose:
    """The persons that an answer speaks for, and how we know; or why we do not."""

    served: Served
    basis: str
    trouble: str = ""
    others: bool = False  # "safe" counted for the newest of several incidents
    is_over: bool = False  # the incident is closed; a call for help counts all the same
    # Of the newest incident, where several parties have the address: who may be meant.
    sharing: list[Audience] = field(default_factory=list)


def whose(inbound: Inbound, label: str) -> Whose:
    """Find whose an answer is.

    A call for help counts for everybody whom the address was written to for; "safe"
    for one party of the newest incident, or of the one that the phone was called about.
    """
    if inbound.channel == Channel.EMAIL:
        return _of_mail(inbound)
    if named := _named(inbound):
        called = label == Label.HELP
        meant = [each for row in named for each in audiences.beside(row)]
        served = audiences.persons(meant if called else named)
        return Whose(served=served, basis=Basis.SELF_CODE.value)
    rows = audiences.of_address(inbound.from_key, inbound.channel)
    if inbound.message is not None and label != Label.HELP:  # a key of a call
        rows = audiences.of_message(inbound.message)
    if not rows:
        over = _after_closing(inbound, Basis.SELF_SMS.value)
        trouble = _contact(inbound) or "we have not written to this number"
        return replace(over, trouble=over.trouble or trouble)
    served = audiences.persons(rows)
    if label == Label.HELP:
        return Whose(served=served, basis=Basis.SELF_SMS.value)
    newest = next(iter(served))
    is_shared = _count(served[newest]) > 1
    trouble = "this phone serves several parties" if is_shared else ""
    others = len(served) > 1 and not trouble
    return Whose(
        served={newest: served[newest]},
        basis=Basis.SELF_SMS.value,
        trouble=trouble or ("inside several incidents" if others else ""),
        others=others,
        sharing=[row for row in rows if row.alert.incident == newest and is_shared],
    )


def _named(inbound: Inbound) -> list[Audience]:
    """Return the audience rows whose codes stand in a text, the first one first.

    A code alone proves its party; several in one text count only where that phone was
    written to for all of them, or one text could try out hundreds.
    """
    rows = [row for code in codes(inbound.body) for row in audiences.of_code(code)[:1]]
    if len(rows) < 2:
        return rows
    mine = set(audiences.of_address(inbound.from_key, inbound.channel))
    return rows[:1] + [row for row in rows[1:] if row in mine]


def candidates(inbound: Inbound) -> list[Audience]:
    """Return whose an answer may be, for an officer to choose: a row for each party.

    Of the mail that it answers, of whom its sender was written to for or named as the
    emergency contact, or else of the codes in it: somebody may borrow a phone.
    """
    rows = audiences.of_message(inbound.message) if inbound.message else []
    rows = rows or audiences.of_address(inbound.from_key, inbound.channel)
    rows = rows or audiences.of_contact(inbound.from_key, inbound.channel)
    if not rows:
        told = [code for code in codes(inbound.body) if _has_both(code)][:MOST_CODES]
        rows = [row for code in told for row in audiences.of_code(code)[:1]]
    newest: dict[tuple[int, int], Audience] = {}
    for row in sorted(rows, key=lambda row: -row.pk):
        newest.setdefault((row.alert.incident_id, row.registration_id), row)
    return list(newest.values())


def _has_both(code: str) -> bool:
    """Tell whether a word has a digit and a letter, as new codes have."""
    return not code.isalpha() and not code.isdigit()


def _of_mail(inbound: Inbound) -> Whose:
    """Find whose a mail is: of the mail that it answers, its code, or its sender."""
    basis, rows = Basis.SELF_MAIL.value, []
    if inbound.message is not None:
        rows = audiences.of_message(inbound.message)
    for code in _WITH_CODE.findall(inbound.body.upper()):
        rows = rows or audiences.of_code(code)[:1]
    rows = rows or audiences.of_address(inbound.from_key, inbound.channel)
    served = audiences.persons(rows)
    several = any(_count(persons) > 1 for persons in served.values())
    trouble = "this address serves several parties" if several else ""
    if not rows:
        over = _after_closing(inbound, basis)
        trouble = _contact(inbound) or "we have not written to this address"
        trouble = over.trouble or trouble
        if over.served:
            return replace(over, trouble=doubt(inbound) or trouble)
    return Whose(served=served, basis=basis, trouble=doubt(inbound) or trouble)


def _contact(inbound: Inbound) -> str:
    """Say of an emergency contact's answer that it is one: it speaks for nobody."""
    is_asked = bool(audiences.of_contact(inbound.from_key, inbound.channel))
    return CONTACT if is_asked else ""


def _after_closing(inbound: Inbound, basis: str) -> Whose:
    """Find whose an answer is that came after its incident was closed."""
    rows = audiences.of_closed(inbound.from_key, inbound.channel, inbound.received_at)
    served = audiences.persons(rows)
    trouble = "came after its incident was closed" if served else ""
    return Whose(served=served, basis=basis, trouble=trouble, is_over=bool(served))


def _count(persons: list[Person]) -> int:
    """Count parties; two that an officer found one person in are one."""
    same = duplicates.groups({person.pk for person in persons})
    parties: list[tuple[set[int], set[int]]] = []  # registrations, and who is in them
    for person in persons:
        registrations, people = {person.registration_id}, set(same[person.pk])
        apart = []
        for party in parties:
            if party[0] & registrations or party[1] & people:
                registrations, people = registrations | party[0], people | party[1]
            else:
                apart.append(party)
        parties = [*apart, (registrations, people)]
    return len(parties)


def doubt(inbound: Inbound) -> str:
    """Say why an answer is not believed when it clears somebody; only mails say so."""
    if inbound.channel != Channel.EMAIL:
        return ""
    return str(json.loads(inbound.raw).get(DOUBT, ""))


def codes(body: str) -> list[str]:
    """Return what may be codes of ours in a text, each once, in its order."""
    return list(dict.fromkeys(_CODE.findall(body.upper())))
