"""One pure function: any order of arrival ends in the same status."""

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.checkins.answers.statuses import MAY_CLEAR, Closing, Statement, status_of
from alerts.checkins.board.boards import REACH_NAMES, Board, Inside, silence
from alerts.checkins.board.boards import STATUSES as COUNTED
from tests.factories import NOON

STATUSES = ["safe", "needs_help", "not_here", "left"]
BASES = ["self-link", "self-code", "self-SMS", "officer", "partner", "relative"]


@st.composite
def histories(draw):
    count = draw(st.integers(1, 8))
    statements = [
        Statement(
            id=number,
            status=draw(st.sampled_from(STATUSES)),
            basis=draw(st.sampled_from(BASES)),
            stated_at=NOON + timedelta(minutes=draw(st.integers(0, 30))),
            clears=frozenset(),
        )
        for number in range(count)
    ]
    calls = [s.id for s in statements if s.status == "needs_help"]
    named = draw(st.sets(st.sampled_from(calls))) if calls else set()
    closings = []
    if named:
        at = NOON + timedelta(minutes=draw(st.integers(0, 40)))
        closings = [Closing(outcome="safe", closed_at=at, answers=frozenset(named))]
    return statements, closings, set(calls) - named, draw(st.permutations(statements))


@given(histories())
def test_any_order_of_arrival_ends_in_the_same_status(history):
    statements, closings, _, other = history
    assert status_of(statements, closings) == status_of(list(other), closings)


@given(histories())
def test_help_stays_until_a_closing_names_it(history):
    statements, closings, open_calls, _ = history
    derived = status_of(statements, closings)
    assert (derived.status == "needs_help") == bool(open_calls)


def say(number, status, basis="self-link", minute=0, clears=()):
    at = NOON + timedelta(minutes=minute)
    return Statement(
        id=number, status=status, basis=basis, stated_at=at, clears=frozenset(clears)
    )


def test_a_bare_text_safe_ends_silence_but_not_help():
    derived = status_of([say(1, "safe", "self-SMS")], [])
    assert (derived.status, derived.is_verified) == ("safe", False)
    both = [say(1, "needs_help", "self-SMS"), say(2, "safe", "self-SMS", 5)]
    assert status_of(both, []).status == "needs_help"


def test_own_word_counts_before_an_officer_s_and_a_relative_s():
    said = [say(1, "safe", minute=0), say(2, "left", "officer", 5)]
    assert status_of([*said, say(3, "not_here", "relative", 9)], []).status == "safe"


def test_a_clearing_names_the_calls_that_it_answers():
    said = [say(1, "needs_help"), say(2, "safe", minute=5, clears=[1])]
    assert status_of(said, []).status == "safe"
    later = [*said, say(3, "needs_help", "self-SMS", 9)]
    assert status_of(later, []).status == "needs_help"


def test_nobody_has_said_anything():
    assert status_of([], []) is None


MANY = 10_000


def life(dice):
    """Make up all that is said of one person: statements, clearings, a closing."""
    said, calls = [], []
    for number in range(dice.randrange(7)):
        status, basis = dice.choice(STATUSES), dice.choice(BASES)
        named = frozenset(call for call in calls if dice.random() < 0.4)
        clears = named if status != "needs_help" else frozenset()
        said.append(say(number, status, basis, dice.randrange(30), clears))
        if status == "needs_help":
            calls.append(number)
    answers = frozenset(call for call in calls if dice.random() < 0.3)
    at = NOON + timedelta(minutes=dice.randrange(40))
    outcome = dice.choice(["safe", "not_here", "left"])
    closing = Closing(outcome=outcome, closed_at=at, answers=answers)
    return said, [closing] if answers else []


def arrived_otherwise(said, closings, dice):
    """The same history, its rows numbered in another order of arrival."""
    order = dice.sample(range(len(said)), len(said))
    number = {old.id: new for new, old in zip(order, said, strict=True)}

    def named(ids):
        return frozenset(number[each] for each in ids)

    again = [replace(s, id=number[s.id], clears=named(s.clears)) for s in said]
    closed = [replace(c, answers=named(c.answers)) for c in closings]
    return dice.sample(again, len(again)), closed


def known(said, closings):
    derived = status_of(said, closings)
    return derived and (derived.status, derived.since, derived.is_verified)


def test_ten_thousand_histories_end_the_same_whatever_came_first():
    dice = random.Random(7)
    for _ in range(MANY):
        history = life(dice)
        assert known(*history) == known(*arrived_otherwise(*history, dice))


def test_in_ten_thousand_histories_only_they_or_an_officer_clear_help():
    dice = random.Random(8)
    for _ in range(MANY):
        said, closings = life(dice)
        may = [s.clears for s in said if s.basis in MAY_CLEAR]
        answered = frozenset().union(*may, *(c.answers for c in closings))
        calls = {s.id for s in said if s.status == "needs_help"}
        derived = status_of(said, closings)
        in_need = bool(derived) and derived.status == "needs_help"
        assert in_need == bool(calls - answered)


def test_a_partner_a_relative_or_a_bare_text_clears_nothing():
    for basis in ("self-SMS", "partner", "relative"):
        said = [say(1, "needs_help"), say(2, "safe", basis, 5, clears=[1])]
        assert status_of(said, []).status == "needs_help"


def inside(number, dice):
    """A person inside with a history and a reach of their own."""
    derived, got = status_of(*life(dice)), dice.randrange(len(REACH_NAMES))
    return Inside(
        person_id=number,
        registration_id=number,
        status=derived.status if derived else silence(got),
        is_verified=True,
        reach=REACH_NAMES[got],
        lon=None,
        lat=None,
        precision="",
        cell=None,
        language="en",
    )


def test_the_totals_of_ten_thousand_histories_add_up_both_ways():
    dice = random.Random(9)
    left = MANY
    while left:
        crowd = min(dice.randrange(400), left)
        left -= crowd
        board = Board(NOON, [inside(number, dice) for number in range(crowd)])
        assert sum(board.totals[status] for status in COUNTED) == crowd
        assert sum(board.reach.values()) == board.totals["inside"] == crowd
