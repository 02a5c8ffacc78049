"""Derive a person's status from all that was said: one pure function.

Help stays until a closing or a clearing names it. A closing's outcome is the status
until a newer statement. Else own word counts before an officer's, a partner's and a
relative's; then the newest. The order of arrival does not matter: what was stated in
one moment is told apart by what it says, and by its row only where both say the same.
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.checkins.models import Basis, Status

WEIGHT = {
    Basis.SELF_LINK.value: 4,
    Basis.SELF_CODE.value: 4,
    Basis.SELF_SMS.value: 4,
    Basis.SELF_MAIL.value: 4,
    Basis.OFFICER.value: 3,
    Basis.PARTNER.value: 2,
    Basis.RELATIVE.value: 1,
}
# Whose statement may answer a call for help; a closing is an officer's own act.
# What a sender alone stands for: it ends silence, and is shown as unverified.
UNPROVEN = {Basis.SELF_SMS.value, Basis.SELF_MAIL.value}
MAY_CLEAR = {Basis.SELF_LINK.value, Basis.SELF_CODE.value, Basis.OFFICER.value}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One check-in; `clears` are the ids of the calls for help that it answers."""

    id: int
    status: str
    basis: str
    stated_at: datetime
    clears: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Closing:
    """One closed case: which calls for help it answered, and with what outcome."""

    outcome: str
    closed_at: datetime
    answers: frozenset[int]


@dataclass(frozen=True)
class Derived:
    """What is known of a person; `checkin_id` is the statement that decided."""

    status: str
    since: datetime
    is_verified: bool
    checkin_id: int | None


def status_of(statements: list[Statement], closings: list[Closing]) -> Derived | None:
    """Derive a status, or nothing where nobody has said anything."""
    answered = frozenset[int]().union(
        *(closing.answers for closing in closings),
        *(said.clears for said in statements if said.basis in MAY_CLEAR),
    )
    calls = [
        s for s in statements if s.status == Status.NEEDS_HELP and s.id not in answered
    ]
    if calls:
        first = min(calls, key=lambda call: (call.stated_at, call.id))
        return Derived(Status.NEEDS_HELP.value, first.stated_at, True, first.id)
    said = [s for s in statements if s.status != Status.NEEDS_HELP]
    last = max(closings, key=lambda c: (c.closed_at, c.outcome), default=None)
    if last is not None:
        said = [s for s in said if s.stated_at > last.closed_at]
        if not said:
            return Derived(last.outcome, last.closed_at, True, None)
    if not said:
        return None
    best = max(said, key=_rank)
    return Derived(best.status, best.stated_at, _is_verified(best), best.id)


def _is_verified(statement: Statement) -> bool:
    return statement.basis not in UNPROVEN


def _rank(said: Statement) -> tuple[int, datetime, bool, str, int]:
    """Order statements; the row's number decides only between equal ones."""
    weight = WEIGHT[said.basis]
    return weight, said.stated_at, _is_verified(said), said.status, said.id
