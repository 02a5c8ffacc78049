"""A promised next word is not forgotten, and a command is handed over in writing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.dispatch.models import Message
from alerts.incidents import handover, promising
from alerts.incidents.approving import approval, correcting, release
from alerts.incidents.audiences import audience
from alerts.incidents.errors import FieldsError
from alerts.incidents.models import Alert
from consular.missions.models import AuditEntry, Officer, Role
from consular.missions.staff import rota
from tests import factories
from tests.incidents import path


@pytest.fixture
def alert(officer: Officer, approver: Officer, now: datetime) -> Alert:
    """An alert that has left and promises the next word in three hours."""
    path.enrolled(now, phone="+12025550101")
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now)
    ahead = now + timedelta(hours=3)
    draft = path.drafted(incident, officer, now, next_word_at=ahead)
    found = approval.approve(approval.submit(draft, officer, now), approver, now)
    audience.settle(found, now)
    release.tick(now + timedelta(minutes=1))
    found.refresh_from_db()
    return found


def reminders() -> int:
    return Message.objects.filter(purpose="officer on duty").count()


def said_by_muster(alert: Alert) -> list[str]:
    return [entry.body for entry in alert.incident.log.filter(officer=None)]


def test_officers_are_reminded_once_before_it_is_due(
    alert: Alert, now: datetime
) -> None:
    assert promising.tick(now + timedelta(hours=2)) == 0
    late = now + timedelta(hours=2, minutes=45)
    assert promising.tick(late) == 1
    assert promising.tick(late) == 0
    message = Message.objects.get(purpose="officer on duty")
    assert message.address.address == alert.incident.commander.email
    assert message.text.subject.startswith("EXERCISE. The next word is due")


def test_nobody_is_reminded_of_what_was_taken_back(
    alert: Alert, officer: Officer, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    correcting.settle(correcting.correct(alert, officer, later), later)
    release.tick(later)
    assert promising.promise(alert.incident, later) is None
    assert promising.tick(now + timedelta(hours=2, minutes=50)) == 0
    assert reminders() == 0


@pytest.mark.parametrize("phase", ["all_clear", "correction"])
def test_a_last_word_promises_no_other(
    alert: Alert, officer: Officer, approver: Officer, now: datetime, phase: str
) -> None:
    later = now + timedelta(hours=1)
    ahead = now + timedelta(hours=5)
    draft = path.drafted(
        alert.incident, officer, later, phase=phase, next_word_at=ahead
    )
    last = approval.approve(approval.submit(draft, officer, later), approver, later)
    assert audience.settle(last, later)
    release.tick(later + timedelta(minutes=1))
    assert promising.promise(alert.incident, later + timedelta(minutes=1)) is None
    assert promising.promise(alert.incident, ahead) is None
    assert promising.tick(ahead) == 0
    assert reminders() == 0


def test_a_late_word_is_said_to_be_late(alert: Alert, now: datetime) -> None:
    held = promising.promise(alert.incident, now + timedelta(hours=4))
    assert held is not None
    assert held.is_late


def test_the_list_begins_where_the_last_handover_ended(
    alert: Alert, officer: Officer, now: datetime
) -> None:
    incident, later = alert.incident, now + timedelta(hours=1)
    assert len(handover.changes(incident).alerts) == 1
    relief = factories.make_officer(full_name="Relief Officer")
    handover.hand_over(incident, relief, "Call the port.", officer, later)
    assert incident.commander == relief
    found = handover.changes(incident)
    assert (found.since, found.alerts) == (later, [])
    assert [entry.body for entry in found.log] == [
        "Handed the command over to Relief Officer. Call the port."
    ]
    assert AuditEntry.objects.get(action="handover").facts == {"to": relief.pk}


def test_who_may_not_declare_does_not_command(
    alert: Alert, officer: Officer, duty_officer: Officer, now: datetime
) -> None:
    with pytest.raises(FieldsError):
        handover.hand_over(alert.incident, duty_officer, "", officer, now)
    assert duty_officer not in handover.candidates(alert.incident, now)


def test_the_page_hands_over(desk: Any, alert: Alert) -> None:
    relief = factories.make_officer(full_name="Relief Officer")
    url = f"/desk/incidents/{alert.incident.reference}/handover/"
    assert "Relief Officer" in desk.get(url).content.decode()
    desk.post(url, {"officer": relief.pk, "note": "Watch the coast."})
    alert.incident.refresh_from_db()
    assert alert.incident.commander == relief
    assert "Choose who commands" in desk.post(url, {}).content.decode()


def test_whoever_is_on_duty_is_told_once_and_the_log_says_so(
    alert: Alert, officer: Officer, now: datetime
) -> None:
    duty_officer = factories.make_officer(role=Role.DUTY_OFFICER)
    stretch = rota.Stretch(
        officer=duty_officer,
        mission=None,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=9),
        channel="sms",
        address="+12025550177",
    )
    rota.add(stretch, factories.make_officer(role=Role.ADMINISTRATOR), now)
    for minutes in range(160, 260, 5):
        promising.tick(now + timedelta(minutes=minutes))
    told = Message.objects.filter(purpose="officer on duty")
    assert sorted(each.address.address for each in told) == [
        "+12025550177",
        alert.incident.commander.email,
    ]
    assert said_by_muster(alert) == ["Reminded officers that the next word is due."]


def test_the_log_says_when_nobody_could_be_reminded(
    alert: Alert, now: datetime
) -> None:
    Officer.objects.filter(pk=alert.incident.commander_id).update(is_active=False)
    promising.tick(now + timedelta(hours=2, minutes=45))
    assert reminders() == 0
    words = "Nobody could be reminded that the next word is due."
    assert said_by_muster(alert) == [words]


@pytest.mark.parametrize(("hours", "is_late"), [(1, False), (4, True)])
def test_an_overdue_word_is_seen_on_every_page(
    desk: Any, alert: Alert, settings: Any, time_machine: Any, hours: int, is_late: bool
) -> None:
    settings.PUBLISH_EXERCISES = True
    at = alert.next_word_at
    assert at is not None
    time_machine.move_to(at + timedelta(hours=hours - 3), tick=False)
    one = f"/desk/incidents/{alert.incident.reference}/"
    for url in (one, f"{one}handover/", f"{one}sending/"):
        assert ("The next word is late" in desk.get(url).content.decode()) is is_late
    listed = desk.get("/desk/incidents/").content.decode()
    assert ("Next word late" in listed) is is_late
    public = Client().get(f"/incident/{alert.incident.reference}/").content.decode()
    assert ("The next message is late" in public) is is_late
    assert ("At the latest on" in public) is not is_late
