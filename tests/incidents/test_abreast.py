"""A large audience is written by several at a time, and comes out the same."""

import contextlib
import random
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction

from alerts.dispatch import outbox
from alerts.dispatch.models import Address, Lane, Message
from alerts.incidents.approving import release
from alerts.incidents.audiences import audience
from alerts.incidents.audiences.leasing import Lease, LostError
from alerts.incidents.models import Alert, Audience, AudienceMessage
from consular.missions.models import Officer
from consular.people.managing import erasing
from consular.people.models import Registration
from tests.incidents import path
from tests.incidents.test_audience import rows_of
from tests.meanwhile import meanwhile, until, until_one_waits

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(minutes=2)
ABREAST = {"most_rows": 9, "abreast_from": 1}


@pytest.fixture(autouse=True)
def _two_can_write() -> Iterator[None]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    yield
    assert not any(each.name.startswith("clerk") for each in threading.enumerate())


def crowd(now: datetime, seed: int, parties: int = 24) -> list[Registration]:
    """Enrol parties of whom some share phones, some have none, some are outside."""
    chance = random.Random(seed)
    return [
        path.enrolled(
            now,
            lon=-86.25 + chance.choice([0, 0, 0, 0.1, 0.6]),
            phone=chance.choice(["", f"+1202555{chance.randrange(parties):04}"]),
            email=chance.choice(["", f"p{chance.randrange(parties)}@example.org"]),
            persons=chance.randint(1, 3),
        )
        for _ in range(parties)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_written_abreast_or_one_after_the_other_it_is_the_same(
    officer: Officer, approver: Officer, now: datetime, seed: int
) -> None:
    crowd(now, seed)
    alerts = [path.approved(officer, approver, now) for _ in range(2)]
    ways: list[dict[str, int]] = [ABREAST, {"most_rows": 9}]
    if seed % 2:  # who writes the addresses, and who finds them
        ways.reverse()
    for alert, way in zip(alerts, ways, strict=True):
        assert audience.settle(alert, now, **way)
    one, other = map(rows_of, alerts)
    assert one == other
    assert one[0] == audience.digest(alerts[0])
    assert len(one[3]) == len({address for address, *_ in one[3]})


@pytest.mark.parametrize("seed", range(3))
def test_killed_in_between_it_resumes_to_the_same_rows(
    officer: Officer, approver: Officer, now: datetime, seed: int
) -> None:
    crowd(now, seed)
    whole, broken = (path.approved(officer, approver, now) for _ in range(2))
    at = now
    for size in (9, 14, 6):
        running = audience.steps(broken, at, size, abreast_from=1)
        with contextlib.suppress(LostError):
            next(running, None)
            next(running, None)
        running.close()
        at += LATER
    broken.refresh_from_db()
    assert audience.settle(broken, at, **ABREAST) or broken.settled_at
    assert audience.settle(whole, now)
    assert rows_of(broken) == rows_of(whole)


def test_a_phone_that_chunks_share_gets_one_message_that_serves_all(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    for number in range(7):
        path.enrolled(now, phone=f"+120255501{number % 2:02}")
    alert = path.approved(officer, approver, now)
    assert audience.settle(alert, now, most_rows=1, abreast_from=1)
    assert Message.objects.count() == 2
    assert AudienceMessage.objects.count() == 7


def test_a_stop_in_the_middle_ends_it_and_nothing_waits_to_be_sent(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    for number in range(12):
        path.enrolled(now, phone=f"+120255501{number:02}")
    alert = path.approved(officer, approver, now)
    running = audience.steps(alert, now, 5, abreast_from=1)
    next(running)
    next(running)
    release.stop(Alert.objects.get(), approver, now)
    with pytest.raises(LostError):
        list(running)
    assert Audience.objects.count() <= 2
    assert not Message.objects.exclude(state="stopped").exists()


def test_a_stop_before_the_fence_undoes_what_was_written(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    party = path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    lease = Lease(alert, now)
    lease.take()

    def write() -> None:
        with lease.fenced():
            Audience.objects.create(alert=alert, registration=party, is_included=True)
            same = Alert.objects.get()
            meanwhile(lambda: release.stop(same, approver, now)).join(20)
            assert Alert.objects.get().state == Alert.State.STOPPED

    with pytest.raises(LostError):
        write()
    assert not Audience.objects.exists()


def test_a_stop_at_the_fence_waits_and_stops_what_was_written(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    path.enrolled(now, phone="+12025550102")
    alert = path.approved(officer, approver, now)
    same = Alert.objects.get()
    threads: list[threading.Thread] = []

    def stopping(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        found = execute(sql, params, many, context)
        is_fence = sql.startswith('UPDATE "incidents_alert" SET "lease_until"')
        if is_fence and Audience.objects.exists() and not threads:
            threads.append(meanwhile(lambda: release.stop(same, approver, now)))
            until_one_waits()
        return found

    with connection.execute_wrapper(stopping):
        assert not audience.settle(alert, now, most_rows=5)
    threads[0].join(20)
    alert.refresh_from_db()
    assert alert.state == Alert.State.STOPPED
    assert [each.state for each in Message.objects.all()] == ["stopped"]


def test_whose_lease_another_took_writes_nothing_more(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    crowd(now, 1)
    alert, whole = (path.approved(officer, approver, now) for _ in range(2))
    running = audience.steps(alert, now, **ABREAST)
    next(running)
    taken = now + LATER
    Alert.objects.filter(pk=alert.pk).update(lease_until=taken)
    with pytest.raises(LostError):
        list(running)
    assert alert.audience.count() < 8
    assert audience.settle(Alert.objects.get(pk=alert.pk), taken, **ABREAST)
    assert audience.settle(whole, now)
    assert rows_of(alert) == rows_of(whole)


def test_an_address_that_somebody_writes_at_once_is_found_and_written_to(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    for number in range(8):
        path.enrolled(now, phone=f"+120255501{number:02}")
    alert = path.approved(officer, approver, now)
    is_there = threading.Event()

    def notice() -> None:
        text = outbox.text("sms", "en", "Confirm.")
        letter = outbox.Letter(channel="sms", address="+12025550105", text=text)
        cause = outbox.open_cause(
            "notice:1",
            mode="exercise",
            lane=Lane.NOTICE,
            now=now,
            not_after=now + LATER,
        )
        with transaction.atomic():
            outbox.write(cause, [letter], now)
            is_there.set()
            until_one_waits()

    thread = meanwhile(notice)
    assert is_there.wait(20)
    assert audience.settle(alert, now, **ABREAST)
    thread.join(20)
    assert Address.objects.count() == 8
    assert Message.objects.filter(cause__key=alert.cause_key).count() == 8
    assert alert.audience.count() == AudienceMessage.objects.count() == 8


def test_who_is_erased_meanwhile_is_left_out_and_the_others_are_in(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    parties = [
        path.enrolled(now, phone=f"+120255501{number:02}", persons=2)
        for number in range(40)
    ]
    alert = path.approved(officer, approver, now)
    running = audience.steps(alert, now, 7, abreast_from=1)
    next(running)
    for number in (0, 19, 39):
        erasing.erase(parties[number], now)
    parties[5].persons.all()[1].delete()
    list(running)
    alert.refresh_from_db()
    assert (alert.state, alert.registrations, alert.people) == ("held", 37, 73)
    assert alert.audience_hash == audience.digest(alert)
    assert Message.objects.filter(audiences__isnull=False).count() == 37


def test_a_connection_that_breaks_is_told_and_whoever_comes_back_goes_on(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    crowd(now, 2)
    alert, whole = (path.approved(officer, approver, now) for _ in range(2))
    running = audience.steps(alert, now, **ABREAST)
    next(running)
    next(running)
    until(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(Error):
        list(running)
    assert audience.settle(Alert.objects.get(pk=alert.pk), now + LATER, **ABREAST)
    assert audience.settle(whole, now)
    assert rows_of(alert) == rows_of(whole)
