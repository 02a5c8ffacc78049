"""Boards that poll together ask the database once for what they all want."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from alerts.checkins.board import board_views, boards
from alerts.checkins.board.sharing import MOST, Shared
from tests import factories


@pytest.fixture(autouse=True)
def _keep_nothing():
    board_views.COUNTED.forget()
    board_views.PARTS.forget()


def test_many_who_ask_at_once_wait_for_one_who_works_it_out(settings):
    settings.BOARD_SHARED_S = 60.0
    shared, made, may_go = Shared(), [], threading.Event()

    def make():
        may_go.wait(20)
        made.append(1)
        return "answer"

    found = []
    readers = [
        threading.Thread(target=lambda: found.append(shared.get("key", make)))
        for _ in range(8)
    ]
    for each in readers:
        each.start()
    may_go.set()
    for each in readers:
        each.join()
    assert made == [1]
    assert found == ["answer"] * 8


def test_what_is_too_old_or_known_to_be_outrun_is_worked_out_anew(settings):
    settings.BOARD_SHARED_S = 60.0
    shared, numbers = Shared(), iter(range(9))
    assert shared.get("key", lambda: next(numbers)) == 0
    assert shared.get("key", lambda: next(numbers)) == 0
    assert shared.get("key", lambda: next(numbers), lambda made: made > 0) == 1
    settings.BOARD_SHARED_S = 0.0
    assert shared.get("key", lambda: next(numbers)) == 2


def test_what_fails_is_not_kept(settings):
    settings.BOARD_SHARED_S = 60.0
    shared = Shared()
    with pytest.raises(ZeroDivisionError):
        shared.get("key", lambda: 1 // 0)
    assert shared.get("key", lambda: 3) == 3


def test_no_more_is_kept_than_there_is_room_for(settings):
    settings.BOARD_SHARED_S = 60.0
    shared, made = Shared(), []
    for key in range(MOST + 1):
        shared.get(key, lambda: made.append(1))
    shared.get(0, lambda: made.append(1))
    assert len(made) == MOST + 2


@pytest.mark.parametrize(
    ("reader", "cursor", "is_ahead"),
    [
        ("5.10.0", "5.10.3", False),
        ("6.10.0", "5.10.0", True),
        ("5.11.0", "5.10.0", True),
        ("", "5.10.0", False),
        ("x.y.z", "5.10.0", False),
        ("7", "5.10.0", False),
    ],
)
def test_a_reader_ahead_of_what_is_kept_is_known(reader, cursor, is_ahead):
    assert boards.is_ahead(reader, cursor) is is_ahead


def test_a_second_board_asks_only_who_its_reader_is(client, sent, incident, settings):
    factories.sign_in(client, factories.make_officer())
    live = reverse("checkins:live", args=[incident.reference])
    cursor = client.get(live).json()["cursor"]
    settings.BOARD_SHARED_S = 60.0
    assert client.get(live, {"since": cursor}).status_code == 304
    with CaptureQueriesContext(connection) as asked:
        assert client.get(live, {"since": cursor}).status_code == 304
    assert not [each for each in asked if '"checkins_' in each["sql"]]


def test_whoever_just_acted_sees_it_though_others_are_answered_from_memory(
    client, sent, incident, settings
):
    factories.sign_in(client, factories.make_officer())
    live = reverse("checkins:live", args=[incident.reference])
    board = reverse("checkins:board", args=[incident.reference])
    settings.BOARD_SHARED_S = 60.0
    client.get(live)
    client.post(sent.path, {"status": "help", "key": "a" * 32})
    cursor = client.get(board).context["cursor"]
    assert client.get(live, {"since": cursor}).status_code == 304
