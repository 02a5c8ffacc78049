"""Who was told that it is over for them, and comes back, is warned again; once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.dispatch.models import Message
from alerts.incidents.approving import correcting, release, sendoff
from alerts.incidents.audiences import audience, explaining, joining
from alerts.incidents.models import Alert
from alerts.incidents.zones import previewing
from consular.missions.models import Officer
from consular.people.managing import locating, recalling
from consular.people.models import Registration
from consular.people.registering import enrolling, entries
from consular.people.registering.entries import ContactEntry
from tests.incidents import path
from tests.incidents.test_revising import HOUR, followed, written_to

A_MINUTE = timedelta(minutes=1)
A_SECOND = timedelta(seconds=1)
PHONE = "+12025550101"


@pytest.fixture
def alert(officer: Officer, approver: Officer, now: datetime) -> Alert:
    """An alert to two parties that has left; one of them is outside since."""
    path.enrolled(now, phone="+12025550100")
    party = path.enrolled(now, phone=PHONE)
    made = path.approved(officer, approver, now)
    assert audience.settle(made, now)
    release.tick(now + A_MINUTE)
    leave(party, now + 10 * A_MINUTE)
    joining.tick(now + 11 * A_MINUTE)
    return Alert.objects.get()


@pytest.fixture
def party(alert: Alert) -> Registration:
    """The one that is outside."""
    return Registration.objects.get(stays__lon=-80)


def change(party: Registration, at: datetime, **said: Any) -> None:
    entry = recalling.entry_of(party)
    enrolling.change(party, entries.Entry(**(vars(entry) | said)), at)
    party.refresh_from_db()


def leave(party: Registration, at: datetime) -> None:
    stay = vars(recalling.entry_of(party).stays[0])
    change(party, at, stays=[entries.StayEntry(**(stay | {"lon": -80.0}))])


def come_back(party: Registration, at: datetime) -> None:
    locating.share(party, *path.MANAGUA, 20, at)


def texts_of(party: Registration) -> list[str]:
    rows = Message.objects.filter(audiences__audience__registration=party)
    return list(rows.order_by("pk").values_list("cause__key", flat=True))


def test_who_comes_back_after_they_were_told_is_warned_again_once(
    alert: Alert,
    party: Registration,
    officer: Officer,
    approver: Officer,
    now: datetime,
) -> None:
    clear = followed(alert.incident, "outside", officer, approver, now + HOUR)
    at = now + 2 * HOUR
    come_back(party, at)
    assert [joining.tick(at + n * A_SECOND) for n in (1, 2)] == [1, 0]
    assert texts_of(party) == [alert.cause_key, clear.cause_key, alert.cause_key]
    row = alert.audience.get(registration=party)
    assert (row.joined_at, row.reason) == (at + A_SECOND, "inside")
    assert audience.digest(alert) == Alert.objects.get(pk=alert.pk).audience_hash
    assert explaining.explain(alert, party).reason == "came_back"
    assert sendoff.came_since(alert) == 0
    change(party, at + A_MINUTE, language="fr")
    assert joining.tick(at + A_MINUTE) == 0
    assert len(texts_of(party)) == 3


def test_who_was_told_and_stays_away_hears_nothing_more_of_the_alert(
    alert: Alert,
    party: Registration,
    officer: Officer,
    approver: Officer,
    now: datetime,
) -> None:
    """The days of the alert still hold the stay that they had in the zone."""
    locating.share(party, *path.MANAGUA, 20, now + 30 * A_MINUTE)
    days = timedelta(days=2)
    party.stays.filter(is_shared=True).update(ends_on=now.date())
    Alert.objects.filter(pk=alert.pk).update(not_after=now + 3 * days)
    alert.refresh_from_db()
    clear = followed(alert.incident, "outside", officer, approver, now + days)
    more = [*recalling.entry_of(party).contacts]
    more.append(ContactEntry(kind="phone", address="+12025550102"))
    change(party, now + days + HOUR, contacts=more)
    assert joining.tick(now + days + HOUR) == 0
    assert texts_of(party) == [alert.cause_key, clear.cause_key]


def test_who_comes_back_in_the_hold_of_the_all_clear_is_told_and_warned_again(
    alert: Alert,
    party: Registration,
    officer: Officer,
    approver: Officer,
    now: datetime,
) -> None:
    clear = followed(alert.incident, "outside", officer, approver, now + HOUR)
    assert clear.opens_at is not None
    come_back(party, now + HOUR + A_SECOND)
    assert joining.tick(now + HOUR + 2 * A_SECOND) == 0
    assert joining.tick(clear.opens_at + A_SECOND) == 1
    assert texts_of(party)[-1] == alert.cause_key


def test_who_came_back_and_leaves_again_can_be_told_again(
    alert: Alert,
    party: Registration,
    officer: Officer,
    approver: Officer,
    now: datetime,
) -> None:
    followed(alert.incident, "outside", officer, approver, now + HOUR)
    at = now + 2 * HOUR
    assert previewing.count_outside(alert.incident, at)["people"] == 0
    come_back(party, at)
    assert joining.tick(at + A_SECOND) == 1
    locating.share(party, -80.0, 12.14, 20, at + HOUR)
    again = followed(alert.incident, "outside", officer, approver, at + HOUR)
    assert written_to(again) == {"1"}
    come_back(party, at + 2 * HOUR)
    assert joining.tick(at + 2 * HOUR) == 1
    assert texts_of(party).count(alert.cause_key) == 3


def test_who_was_warned_twice_gets_the_correction_once(
    alert: Alert,
    party: Registration,
    officer: Officer,
    approver: Officer,
    now: datetime,
) -> None:
    followed(alert.incident, "outside", officer, approver, now + HOUR)
    come_back(party, now + 2 * HOUR)
    joining.tick(now + 2 * HOUR)
    Message.objects.update(state="delivered")
    words = {"channel": "sms", "language": "en", "subject": "", "body": "A mistake."}
    Alert.objects.filter(pk=alert.pk).update(correction=[words])
    alert.refresh_from_db()
    at = now + 3 * HOUR
    correction = correcting.correct(alert, approver, at)
    correcting.settle(correction, at)
    assert texts_of(party).count(correction.cause_key) == 1
