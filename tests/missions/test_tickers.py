"""Each app's tick has a thread of its own: none waits for another's."""

import logging
import threading
from datetime import datetime

import pytest

from consular.missions import tickers

LONG_S = 20


def test_a_tick_that_hangs_holds_up_no_other_one():
    stopping, freed, others = threading.Event(), threading.Event(), threading.Event()
    seen: list[datetime] = []

    def goes_on(now: datetime) -> None:
        seen.append(now)
        if len(seen) == 2:
            others.set()

    hangs = lambda now: freed.wait(LONG_S)  # noqa: E731 - two lines for one
    started = tickers.start({"hazards": hangs, "people": goes_on}, stopping)
    assert others.wait(LONG_S)
    assert all(moment.tzinfo for moment in seen)
    end(started, stopping, freed)


def test_a_tick_that_fails_is_called_again_and_logged_once(
    caplog: pytest.LogCaptureFixture,
):
    stopping, thrice = threading.Event(), threading.Event()
    called: list[datetime] = []

    def fails(now: datetime) -> None:
        called.append(now)
        if len(called) == 3:
            thrice.set()
        raise ValueError("invented")

    with caplog.at_level(logging.ERROR):
        started = tickers.start({"people": fails}, stopping)
        assert thrice.wait(LONG_S)
        end(started, stopping)
    words = [each.message for each in caplog.records]
    assert words == ["the tick of people failed; trying each second"]


def end(started: list[tickers.Ticker], *events: threading.Event) -> None:
    """Let threads end, and wait for them."""
    for event in events:
        event.set()
    for ticker in started:
        ticker.join(LONG_S)
        assert not ticker.is_alive()
