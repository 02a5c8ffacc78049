"""Two officers in the same moment: each decision counts once, and as it was read."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from alerts.checkins.casework import concluding
from alerts.checkins.casework.concluding import StillOpenError
from alerts.dispatch.models import Cause, Message
from alerts.incidents.approving import approval, correcting, release
from alerts.incidents.audiences import audience
from alerts.incidents.drafts import drafting
from alerts.incidents.errors import IncidentError
from alerts.incidents.models import Alert, Draft, Incident
from alerts.incidents.zones import zoning
from consular.missions.models import AuditEntry, Officer, Role
from tests import factories
from tests.incidents import path

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = range(2)
LATER = timedelta(seconds=31)


@pytest.fixture(autouse=True)
def _two_can_write() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no such race")


@pytest.fixture
def second(db: None) -> Officer:
    """Another approver."""
    return factories.make_officer(role=Role.APPROVER)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Call all in the same moment, each on a connection of its own."""
    start = threading.Barrier(len(calls))
    found: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        connection.ensure_connection()
        start.wait(20)
        try:
            found[place] = calls[place]()
        except (IncidentError, StillOpenError) as error:
            found[place] = error
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(place,)) for place in range(len(calls))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert None not in found, "one broke instead of being refused"
    return found


def won(found: list[Any]) -> list[bool]:
    """Tell which calls were not refused."""
    return [not isinstance(each, Exception) for each in found]


def on_screen(draft: Draft) -> Draft:
    return Draft.objects.get(pk=draft.pk)


def going(officer: Officer, approver: Officer, now: datetime) -> Alert:
    """An alert to two people that is held."""
    path.enrolled(now, phone="+12025550101", persons=2)
    draft = path.submitted(officer, now)
    alert = approval.approve(draft, approver, now)
    assert audience.settle(alert, now)
    return alert


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_approvers_at_once_write_one_alert(
    officer: Officer, approver: Officer, second: Officer, now: datetime, _round: int
) -> None:
    draft = path.submitted(officer, now)
    one, other = on_screen(draft), on_screen(draft)
    found = at_once(
        lambda: approval.approve(one, approver, now),
        lambda: approval.approve(other, second, now),
    )
    assert sorted(won(found)) == [False, True]
    assert Alert.objects.count() == 1
    assert AuditEntry.objects.filter(action="approve").count() == 1
    assert Cause.objects.count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_yes_and_no_at_once_count_once(
    officer: Officer, approver: Officer, second: Officer, now: datetime, _round: int
) -> None:
    draft = path.submitted(officer, now)
    one, other = on_screen(draft), on_screen(draft)
    found = at_once(
        lambda: approval.approve(one, approver, now),
        lambda: approval.reject(other, second, "Not our citizens", now),
    )
    assert sorted(won(found)) == [False, True]
    assert Alert.objects.exists() == won(found)[0]


def _edit(kind: str, draft: Draft, officer: Officer, now: datetime) -> Any:
    if kind == "text":
        return drafting.save(draft, path.content(valid_hours=3), officer, now)
    return zoning.remove(draft.incident.zones.get(), officer, now) or "removed"


@pytest.mark.parametrize("kind", ["text", "zone"])
@pytest.mark.parametrize("_round", ROUNDS)
def test_what_is_edited_while_it_is_approved_is_sent_as_it_was_read_or_not_at_all(
    officer: Officer, approver: Officer, now: datetime, kind: str, _round: int
) -> None:
    draft = path.submitted(officer, now)
    one, other = on_screen(draft), on_screen(draft)
    found = at_once(
        lambda: approval.approve(one, approver, now),
        lambda: _edit(kind, other, officer, now),
    )
    approved, edited = won(found)
    alert = Alert.objects.first()
    assert (alert is not None) == approved
    if alert is not None:
        assert len(alert.zones) == 1
        assert alert.not_after == now + timedelta(hours=12)
    if kind == "text":
        assert approved != edited
    assert on_screen(draft).state == ("approved" if approved else "draft")


@pytest.mark.parametrize("_round", ROUNDS)
def test_who_stops_while_it_settles_has_stopped_it(
    officer: Officer, approver: Officer, now: datetime, _round: int
) -> None:
    path.enrolled(now, phone="+12025550101")
    alert = approval.approve(path.submitted(officer, now), approver, now)
    one, other = (Alert.objects.get(pk=alert.pk) for _ in range(2))
    found = at_once(
        lambda: audience.settle(one, now) or "lost",
        lambda: release.stop(other, approver, now) or "none",
    )
    assert won(found)[1]
    release.tick(now + LATER)
    alert.refresh_from_db()
    assert alert.state == Alert.State.STOPPED
    assert Cause.objects.get().stopped_at is not None
    assert not Message.objects.exclude(state="stopped").exists()


@pytest.mark.parametrize("_round", ROUNDS)
def test_who_stops_as_the_hold_ends_has_stopped_it(
    officer: Officer, approver: Officer, now: datetime, _round: int
) -> None:
    alert, later = going(officer, approver, now), now + LATER
    one = Alert.objects.get(pk=alert.pk)
    found = at_once(
        lambda: release.tick(later) or "told",
        lambda: release.stop(one, approver, later) or "none",
    )
    assert won(found) == [True, True]
    alert.refresh_from_db()
    assert alert.state == Alert.State.STOPPED
    assert not Message.objects.exclude(state="stopped").exists()


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_who_take_it_back_at_once_send_one_correction(
    officer: Officer, approver: Officer, now: datetime, _round: int
) -> None:
    alert, later = going(officer, approver, now), now + LATER
    release.tick(later)
    one, other = (Alert.objects.get(pk=alert.pk) for _ in range(2))
    found = at_once(
        lambda: correcting.correct(one, officer, later),
        lambda: correcting.correct(other, approver, later),
    )
    assert sorted(won(found)) == [False, True]
    assert Alert.objects.filter(corrects=alert).count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_nothing_is_approved_in_an_incident_that_is_closed_at_once(
    officer: Officer, approver: Officer, now: datetime, _round: int
) -> None:
    draft = path.submitted(officer, now)
    one, incident = on_screen(draft), Incident.objects.get(pk=draft.incident_id)
    found = at_once(
        lambda: approval.approve(one, approver, now),
        lambda: concluding.conclude(incident, "Over.", officer, now),
    )
    assert sorted(won(found)) == [False, True]
    incident.refresh_from_db()
    assert (incident.closed_at is None) == Alert.objects.exists()
