"""Who registers, changes or moves while an alert is in force joins it, once."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from alerts.checkins.board import inside
from alerts.dispatch.models import Message
from alerts.incidents.approving import approval, release
from alerts.incidents.audiences import (
    audience,
    inforce,
    joining,
)
from alerts.incidents.models import Alert, AlertKind, AlertTile, Audience, Matched
from alerts.incidents.zones import zoning
from alerts.incidents.zones.zoning import Outline
from consular.missions.models import Officer
from consular.people.managing import erasing, locating, recalling
from consular.people.models import Registration, Stay
from consular.people.registering import enrolling, entries
from consular.people.registering.entries import ContactEntry
from tests.incidents import path
from tests.meanwhile import Uncommitted, until_one_waits

A_MINUTE = timedelta(minutes=1)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def alert(officer: Officer, approver: Officer, now: datetime) -> Alert:
    """A settled alert for 50 km around Managua."""
    return settled(officer, approver, now)


def settled(officer: Officer, approver: Officer, now: datetime) -> Alert:
    made = path.approved(officer, approver, now)
    assert audience.settle(made, now)
    return made


def test_who_registers_inside_joins_and_is_written_to(
    alert: Alert, now: datetime
) -> None:
    at = now + A_MINUTE
    party = path.enrolled(at, phone="+12025550101", persons=2)
    path.enrolled(at, lon=-80, phone="+12025550102")
    assert joining.tick(at) == 1
    row = alert.audience.get()
    assert (row.registration_id, row.is_included, row.reason) == (
        party.pk,
        True,
        Audience.Reason.JOINED,
    )
    assert (row.joined_at, row.level, row.persons.count()) == (at, "danger", 2)
    assert Message.objects.get().code == row.code != ""


def test_looking_twice_writes_nothing(alert: Alert, now: datetime) -> None:
    at = now + A_MINUTE
    path.enrolled(at, phone="+12025550101")
    assert joining.tick(at) == 1
    assert joining.tick(at) == 0
    Matched.objects.all().delete()
    assert joining.tick(at + A_MINUTE) == 0
    assert (Message.objects.count(), Audience.objects.count()) == (1, 1)


def test_who_moves_into_the_zone_joins(alert: Alert, now: datetime) -> None:
    party = path.enrolled(now, lon=-80, phone="+12025550101")
    assert joining.tick(now + A_MINUTE) == 0
    entry = recalling.entry_of(party)
    moved = {"lon": path.MANAGUA[0], "lat": path.MANAGUA[1]}
    stays = [entries.StayEntry(**(vars(entry.stays[0]) | moved))]
    said = {"stays": stays}
    changed = entries.Entry(**(vars(entry) | said))
    enrolling.change(party, changed, now + 2 * A_MINUTE)
    assert joining.tick(now + 2 * A_MINUTE) == 1


def test_who_was_left_out_can_join_and_the_hash_stays(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    party = path.enrolled(now, lon=-86.25 + 0.6, phone="+12025550101")
    alert = settled(officer, approver, now)
    before = audience.digest(alert)
    assert alert.audience.get().reason == "nearby"
    Stay.objects.update(lon=path.MANAGUA[0])
    at = now + A_MINUTE
    Registration.objects.update(changed_at=at, revision=2)
    assert joining.tick(at) == 1
    row = alert.audience.get()
    assert (row.registration_id, row.reason) == (party.pk, "joined")
    assert row.settled_reason == "nearby"
    assert audience.digest(alert) == before == Alert.objects.get().audience_hash


def test_a_new_number_of_somebody_in_it_is_written_to(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    party = path.enrolled(now, phone="+12025550101")
    settled(officer, approver, now)
    entry = recalling.entry_of(party)
    more = [*entry.contacts, ContactEntry(kind="phone", address="+12025550102")]
    said: dict[str, Any] = {"contacts": more}
    enrolling.change(party, entries.Entry(**(vars(entry) | said)), now + A_MINUTE)
    assert joining.tick(now + A_MINUTE) == 0
    assert Message.objects.count() == 2


def test_who_confirms_late_joins(alert: Alert, now: datetime) -> None:
    party = path.enrolled(now + A_MINUTE, phone="+12025550101")
    Registration.objects.update(confirmed_at=None)
    assert joining.tick(now + A_MINUTE) == 0
    party.refresh_from_db()
    enrolling.confirm(party, now + 2 * A_MINUTE)
    assert joining.tick(now + 2 * A_MINUTE) == 1


def test_nobody_joins_what_is_stopped_over_or_closed(
    alert: Alert, approver: Officer, now: datetime
) -> None:
    path.enrolled(now + A_MINUTE)
    assert [each.pk for each in inforce.alerts(now)] == [alert.pk]
    assert inforce.alerts(alert.not_after) == []
    release.stop(Alert.objects.get(), approver, now)
    assert inforce.alerts(now) == []
    assert joining.tick(now + A_MINUTE) == 0


def test_nobody_joins_after_the_all_clear(alert: Alert, now: datetime) -> None:
    Alert.objects.filter(pk=alert.pk).update(kind=AlertKind.ALL_CLEAR)
    assert inforce.alerts(now) == []


def test_the_newest_alert_of_an_incident_is_the_one_to_join(
    alert: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    draft = path.drafted(alert.incident, officer, now)
    newer = approval.approve(approval.submit(draft, officer, now), approver, now)
    audience.settle(newer, now)
    path.enrolled(now + A_MINUTE, phone="+12025550101")
    assert joining.tick(now + A_MINUTE) == 1
    assert newer.audience.count() == 1
    assert alert.audience.count() == 0


def test_who_is_known_by_country_joins_where_the_rule_says_so(
    alert: Alert, now: datetime
) -> None:
    path.enrolled(now + A_MINUTE, precision="country")
    assert joining.tick(now + A_MINUTE) == 0
    include = alert.include | {"country_only": True}
    Alert.objects.filter(pk=alert.pk).update(include=include)
    Matched.objects.all().delete()
    assert joining.tick(now + A_MINUTE) == 1


def test_a_town_that_reaches_into_the_zone_joins(alert: Alert, now: datetime) -> None:
    town = {"precision": "town", "radius_m": 8_000.0, "place": "Near"}
    path.enrolled(now + A_MINUTE, lat=path.MANAGUA[1] + 0.5, **town)
    assert joining.tick(now + A_MINUTE) == 1


def test_more_at_once_than_are_looked_up_one_by_one(
    alert: Alert, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inforce, "FEW", 3)
    for number in range(9):
        path.enrolled(now, lon=-86.25 + number / 5)
    inside = alert.audience.filter(is_included=True)
    joined = joining.tick(now + A_MINUTE)
    assert joined == inside.count() == 3


def test_the_codes_that_are_taken_are_read_once_for_all_who_join(
    alert: Alert, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Alert] = []

    class Counted(joining.Codes):
        def __init__(self, alert: Alert) -> None:
            read.append(alert)
            super().__init__(alert)

    monkeypatch.setattr(joining, "Codes", Counted)
    for _ in range(5):
        path.enrolled(now + A_MINUTE)
    assert joining.tick(now + A_MINUTE) == 5
    assert len(read) == 1
    assert len({row.code for row in alert.audience.all()} - {""}) == 5


def test_tiles_are_kept_only_of_alerts_in_force(
    alert: Alert, approver: Officer, now: datetime
) -> None:
    joining.tick(now)
    assert 0 < AlertTile.objects.filter(alert=alert).count() <= 64
    release.stop(Alert.objects.get(), approver, now)
    joining.tick(now)
    assert not AlertTile.objects.exists()


def test_an_incident_with_two_levels_takes_a_joiner_into_the_worse(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    wide = {"lon": -86.25, "lat": 12.14, "radius_m": 200_000.0}
    zoning.save(
        incident, Outline(shape="circle", level="caution", given=wide), officer, now
    )
    path.zoned(incident, officer, now)
    draft = approval.submit(path.drafted(incident, officer, now), officer, now)
    alert = approval.approve(draft, approver, now)
    audience.settle(alert, now)
    near = path.enrolled(now + A_MINUTE)
    far = path.enrolled(now + A_MINUTE, lon=-86.25 + 1.2)
    joining.tick(now + A_MINUTE)
    levels = dict(alert.audience.values_list("registration_id", "level"))
    assert levels == {near.pk: "danger", far.pk: "caution"}


@pytest.mark.django_db(transaction=True)
def test_who_registers_while_an_alert_is_approved_is_missed_by_neither_side(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no such race")
    other = Uncommitted(lambda: path.enrolled(now, phone="+12025550101"))
    alert = settled(officer, approver, now)
    assert joining.tick(now) == 0
    assert not alert.audience.exists()
    other.commit()
    assert joining.tick(now) == 1
    assert alert.audience.get().reason == Audience.Reason.JOINED


@pytest.mark.django_db(transaction=True)
def test_what_was_matched_while_an_alert_was_settled_is_matched_again(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    first = settled(officer, approver, now)
    late = now + A_MINUTE
    path.enrolled(late, lon=-86.2)
    assert joining.tick(late) == 1
    second = settled(officer, approver, late)
    second.audience.all().delete()  # as if it had not been committed when settled
    assert joining.tick(late + timedelta(seconds=1)) == 1
    assert (first.audience.count(), second.audience.count()) == (1, 1)


def test_who_shares_a_location_inside_joins(alert: Alert, now: datetime) -> None:
    party = path.enrolled(now, lon=20, phone="+12025550101")
    assert joining.tick(now + A_MINUTE) == 0
    locating.share(party, *path.MANAGUA, 15, now + A_MINUTE)
    assert joining.tick(now + A_MINUTE) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer at a time")
def test_who_deletes_everything_while_being_matched_again_is_gone_and_nothing_fails(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    settled(officer, approver, now)
    at = now + A_MINUTE
    party = path.enrolled(at, phone="+12025550101", persons=2)
    assert joining.tick(at) == 1
    failed: list[Exception] = []

    def delete() -> None:
        try:
            erasing.erase(party, at)
        except OperationalError as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=delete)

    def meanwhile(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if "incidents_audiencemessage" in sql and not thread.ident:
            thread.start()
            until_one_waits()
        return execute(sql, params, many, context)

    Registration.objects.update(revision=F("revision") + 1)
    with connection.execute_wrapper(meanwhile):
        joining.tick(at + A_MINUTE)
    thread.join(20)
    assert not failed
    assert not Registration.objects.filter(pk=party.pk).exists()
    assert not Audience.objects.exists()


@pytest.fixture
def two_levels(officer: Officer, approver: Officer, now: datetime) -> Alert:
    """A settled alert for 10 km of danger in 100 km of caution, and a party in each."""
    path.enrolled(now, phone="+12025550100")
    path.enrolled(now, lon=-86.0, phone="+12025550101")
    incident = path.declared(officer, now)
    for level, radius_m in (("danger", 10_000.0), ("caution", 100_000.0)):
        given = {"lon": -86.25, "lat": 12.14, "radius_m": radius_m}
        zoning.save(
            incident, Outline(shape="circle", level=level, given=given), officer, now
        )
    draft = approval.submit(path.drafted(incident, officer, now), officer, now)
    made = approval.approve(draft, approver, now)
    assert audience.settle(made, now)
    return Alert.objects.get()


@pytest.mark.parametrize(
    ("lon", "to_lon", "level", "seen_lon"),
    [
        (-86.0, -86.25, "danger", -86.25),  # from caution into danger
        (-86.0, -86.7, "caution", -86.7),  # about within a level
        (-86.25, -86.24, "danger", -86.24),
        (-86.25, -86.0, "danger", -86.25),  # out of danger: not until they are told
    ],
)
def test_officers_see_who_moves_where_it_is_worst(
    two_levels: Alert,
    now: datetime,
    lon: float,
    to_lon: float,
    level: str,
    seen_lon: float,
) -> None:
    party = Registration.objects.get(stays__lon=lon)
    settled_level = two_levels.audience.get(registration=party).level
    locating.share(party, to_lon, 12.14, 20, now + A_MINUTE)
    assert joining.tick(now + A_MINUTE) == 0
    row = two_levels.audience.get(registration=party)
    person = row.persons.get()
    assert person.stay is not None
    assert (person.level, person.stay.lon) == (level, seen_lon)
    assert row.level == settled_level
    assert audience.digest(two_levels) == two_levels.audience_hash
    found = {i.registration_id: i.lon for i in inside.rows(two_levels.incident)}
    assert found[party.pk] == seen_lon
    Matched.objects.all().delete()
    with CaptureQueriesContext(connection) as asked:
        joining.tick(now + 2 * A_MINUTE)
    written = [
        query["sql"]
        for query in asked
        if "INSERT" in query["sql"] or "UPDATE " in query["sql"]
    ]
    assert not [sql for sql in written if "incidents_audienceperson" in sql]


def test_the_sending_page_counts_who_came_since_beside_who_was_settled(
    officer: Officer, approver: Officer, desk: Client, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550100", persons=2)
    alert = settled(officer, approver, now)
    release.tick(now + A_MINUTE)
    page = reverse("incidents:sending", args=[alert.incident.reference])
    assert "came since" not in desk.get(page).content.decode()
    path.enrolled(now + A_MINUTE, phone="+12025550101", persons=3)
    path.enrolled(now + A_MINUTE, phone="+12025550102")
    assert joining.tick(now + A_MINUTE) == 2
    shown = desk.get(page).content.decode()
    assert "to 2 people and 4 who came since</h1>" in shown
    assert "in 1 registrations, and of 4 people who came since." in shown
    part = desk.get(reverse("incidents:progress", args=[alert.incident.reference]))
    assert "4 who came since" in part.json()["html"]
