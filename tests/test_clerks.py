"""Threads that write beside the one that asks."""

import sys
import threading

import pytest

from consular.clerks import Clerks


class BrokenError(Exception):
    """What a test's work meets."""


def fail() -> None:
    raise BrokenError


def test_what_is_handed_over_is_done_before_the_block_ends() -> None:
    done: list[int] = []
    switch_s = sys.getswitchinterval()
    with Clerks(2) as clerks:
        for number in range(50):
            clerks.hand(lambda number=number: done.append(number))
    assert sorted(done) == list(range(50))
    assert sys.getswitchinterval() == switch_s
    assert not any(each.name.startswith("clerk") for each in threading.enumerate())


def test_what_a_clerk_meets_is_raised_where_the_result_is_asked_for() -> None:
    with Clerks(1) as clerks:
        broken = clerks.hand(fail)
        whole = clerks.hand(lambda: None)
        with pytest.raises(BrokenError):
            broken.result(20)
        assert whole.result(20) is None


def test_a_block_that_is_left_by_an_exception_begins_nothing_more() -> None:
    begun, go_on = threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        begun.set()
        go_on.wait(20)
        done.append("first")

    def block() -> None:
        with Clerks(1) as clerks:
            clerks.hand(first)
            clerks.hand(lambda: done.append("second"))
            begun.wait(20)
            threading.Timer(0.05, go_on.set).start()
            raise BrokenError

    with pytest.raises(BrokenError):
        block()
    assert done == ["first"]
