"""Whose answer is it? A code decides at once; else whose address it came from."""

import json
from dataclasses import dataclass, field, replace

from alerts.checkins import duplicates
from alerts.checkins.answers import audiences, codes
from alerts.checkins.answers.audiences import Served
from alerts.checkins.models import Basis, Inbound, Label
from alerts.dispatch.models import Channel
from alerts.incidents.models import Audience
from consular.people.models import Person

DOUBT = "Doubt"  # of a mail: why it clears nobody
CONTACT = "an emergency contact whom we asked"
LOOSE = "a word in it is the code of another party, or the number of a room"


@dataclass(frozen=True, kw_only=True)
class Whose:
    """The persons that an answer speaks for, and how we know; or why we do not."""

    served: Served
    basis: str
    trouble: str = ""
    others: bool = False  # "safe" counted for the newest of several incidents
    is_over: bool = False  # the incident is closed; a call for help counts all the same
    is_guess: bool = False  # a word of it may be a code; an officer looks at a call too
    is_stranger: bool = False  # it is a guess, and we have not written to this phone
    # Of the newest incident, where several parties have the address: who may be meant.
    sharing: list[Audience] = field(default_factory=list)


def whose(inbound: Inbound, label: str) -> Whose:
    """Find whose an answer is.

    A call for help counts for everybody whom the address was written to for; "safe"
    for one party of the newest incident, or of the one that the phone was called about.
    """
    if inbound.channel == Channel.EMAIL:
        return _of_mail(inbound, label)
    rows = audiences.of_address(inbound.from_key, inbound.channel)
    if coded := _of_code(inbound, label, rows):
        return coded
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


def _of_code(inbound: Inbound, label: str, mine: list[Audience]) -> Whose | None:
    """Find whose an answer is by the codes in it, if there is one.

    A code that this phone was written for decides, wherever it stands. So does that of
    another party where our texts ask for it: somebody borrows a phone. A call for help
    then counts for those of the phone as well.

    Parameters
    ----------
    inbound : Inbound
        The answer, a text.
    label : str
        How it was understood.
    mine : list of Audience
        The rows that its phone was written to for.
    """
    told = codes.of(inbound.body)
    named = [[row for row in mine if row.code == word] for word in told.words]
    basis, is_call = Basis.SELF_CODE.value, label == Label.HELP
    if own := [rows[0] for rows in named if rows]:
        called = [each for row in own for each in audiences.beside(row)]
        served = audiences.persons(called if is_call else own)
        return Whose(served=served, basis=basis)
    if not (row := audiences.first_of(told.asked)):
        return _of_loose(inbound, is_call, mine, told.loose())
    called = [*audiences.beside(row), *mine]
    served = audiences.persons(called if is_call else [row])
    return Whose(served=served, basis=basis)


def _of_loose(
    inbound: Inbound, is_call: bool, mine: list[Audience], words: list[str]
) -> Whose | None:
    """Find whose an answer is in which a word is a code of others, or a room's number.

    It clears nobody. A call for help counts for whoever may have written it.
    """
    if not (row := audiences.first_of(words)):
        return None
    key, channel = inbound.from_key, inbound.channel
    known = mine or audiences.of_closed(key, inbound.received_at)
    rows = [*known, *audiences.beside(row)] if is_call else known or [row]
    return Whose(
        served=audiences.persons(rows),
        basis=Basis.SELF_SMS.value,
        trouble=LOOSE,
        is_guess=True,
        is_stranger=not known and not audiences.of_contact(key, channel),
    )


def offered(inbound: Inbound) -> list[Audience]:
    """Return whose an answer may be, and whose codes may stand in it besides."""
    rows = candidates(inbound)
    told = codes.of(inbound.body)
    words = list(dict.fromkeys([*told.asked, *told.loose()]))
    return _newest([*rows, *audiences.of_codes(words)])


def candidates(inbound: Inbound) -> list[Audience]:
    """Return whose an answer may be, for an officer to choose: a row for each party.

    Of the mail that it answers, of whom its sender was written to for or named as the
    emergency contact, or else of the codes in it: somebody may borrow a phone.
    """
    rows = audiences.of_message(inbound.message) if inbound.message else []
    rows = rows or audiences.of_address(inbound.from_key, inbound.channel)
    rows = rows or audiences.of_contact(inbound.from_key, inbound.channel)
    return _newest(rows or audiences.of_codes(codes.of(inbound.body).mixed()))


def _newest(rows: list[Audience]) -> list[Audience]:
    """Keep the newest row of each party in each incident."""
    newest: dict[tuple[int, int], Audience] = {}
    for row in sorted(rows, key=lambda row: -row.pk):
        newest.setdefault((row.alert.incident_id, row.registration_id), row)
    return list(newest.values())


def _of_mail(inbound: Inbound, label: str) -> Whose:
    """Find whose a mail is: of the mail that it answers, its code, or its sender."""
    basis, rows = Basis.SELF_MAIL.value, []
    if inbound.message is not None:
        rows = audiences.of_message(inbound.message)
    rows = rows or _of_mailed_code(inbound, label)
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


def _of_mailed_code(inbound: Inbound, label: str) -> list[Audience]:
    """Return the rows of the code in a mail, or else of its sender.

    A call for help with a code of others counts for both.
    """
    mine = audiences.of_address(inbound.from_key, inbound.channel)
    asked = codes.of(inbound.body).asked
    if own := [row for row in mine if row.code in asked]:
        return own[:1]
    row = audiences.first_of(asked)
    if row is None or label == Label.HELP:
        return ([row] if row else []) + mine
    return [row]


def _contact(inbound: Inbound) -> str:
    """Say of an emergency contact's answer that it is one: it speaks for nobody."""
    is_asked = bool(audiences.of_contact(inbound.from_key, inbound.channel))
    return CONTACT if is_asked else ""


def _after_closing(inbound: Inbound, basis: str) -> Whose:
    """Find whose an answer is that came after its incident was closed."""
    rows = audiences.of_closed(inbound.from_key, inbound.received_at)
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
