"""One pure function: any order of arrival ends in the same status."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.checkins.statuses import Closing, Statement, status_of
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
