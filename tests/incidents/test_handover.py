"""A promised next word is not forgotten, and a command is handed over in writing."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.dispatch.models import Message
from alerts.incidents import handover, promising
from alerts.incidents.approving import approval, correcting, release
from alerts.incidents.audiences import audience
from alerts.incidents.errors import FieldsError
from alerts.incidents.models import Alert
from consular.missions.models import AuditEntry, Officer
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
