"""A tap is cheap, counts once, and misses nothing that is said at the same moment."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.checkins.answers import checking
from alerts.checkins.models import Basis, CheckIn, Standing
from tests.checkins.conftest import make_alert, make_incident, send
from tests.factories import NOON

FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def said(sent, status, basis=Basis.SELF_LINK.value, key="a"):
    return checking.Said(
        incident=sent.audience.alert.incident,
        persons=sent.persons,
        status=status,
        basis=basis,
        stated_at=NOON,
        request_key=key,
    )


@pytest.mark.parametrize("word", ["safe", "away"])
def test_a_tap_for_a_party_of_two_asks_the_database_twelve_times(client, sent, word):
    with CaptureQueriesContext(connection) as asked:
        client.post(sent.path, {"status": word, "key": "a" * 32})
    asked_for = [each["sql"] for each in asked if not each["sql"].startswith(FRAME)]
    # Who is one person is asked for twice: before and after their rows are held.
    assert len(asked_for) <= 12
    assert CheckIn.objects.count() == 2


def test_a_tap_reads_neither_the_zones_nor_the_texts_of_its_alert(client, sent):
    with CaptureQueriesContext(connection) as asked:
        client.post(sent.path, {"status": "help", "key": "a" * 32})
    read = " ".join(each["sql"] for each in asked)
    for column in ("zones", "texts", "figures", "geometry"):
        assert f'"{column}"' not in read


def test_a_tap_costs_a_party_of_twelve_what_it_costs_two(client, alert):
    counts = []
    for party, phone in ((2, "+12025550150"), (12, "+12025550151")):
        each = send(alert, phone, party=party)
        with CaptureQueriesContext(connection) as asked:
            client.post(each.path, {"status": "safe", "key": phone})
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_same_request_again_returns_nothing_and_changes_nothing(sent):
    assert len(checking.state(said(sent, "needs_help"), NOON)) == 2
    before = list(Standing.objects.order_by("pk").values())
    assert checking.state(said(sent, "needs_help"), NOON) == []
    assert list(Standing.objects.order_by("pk").values()) == before


@pytest.mark.django_db(transaction=True)
def test_safe_that_arrives_while_a_call_is_being_written_does_not_hide_it():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no such race")
    sent = send(make_alert(make_incident()), "+12025550101")
    checking.state(said(sent, "not_here", Basis.SELF_SMS.value, "first"), NOON)
    written, may_commit = threading.Event(), threading.Event()

    def call():
        with transaction.atomic():
            checking.state(said(sent, "needs_help", key="call"), NOON)
            written.set()
            may_commit.wait(20)
        connection.close()

    def bare():
        words = said(sent, "safe", basis=Basis.SELF_SMS.value, key="text")
        checking.state(replace(words, stated_at=NOON + timedelta(minutes=1)), NOON)
        connection.close()

    first, second = threading.Thread(target=call), threading.Thread(target=bare)
    first.start()
    assert written.wait(20)
    second.start()
    second.join(0.5)  # it waits for the call; without a lock it would be done by now
    may_commit.set()
    first.join()
    second.join()
    assert set(Standing.objects.values_list("status", flat=True)) == {"needs_help"}
