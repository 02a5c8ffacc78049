"""A stranger in the middle of a crisis: form, joining, the current alert, an answer."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from alerts.checkins.answers import inbox
from alerts.checkins.models import Standing
from alerts.dispatch import links
from alerts.dispatch.models import Message
from alerts.incidents.approving import approval
from alerts.incidents.audiences import audience, joining
from alerts.incidents.models import Audience
from consular.missions.models import Officer
from consular.people.models import Registration
from consular.people.registering import crisis
from tests.incidents import path

pytestmark = pytest.mark.django_db
PHONE = "+12025550101"
TYPED = {
    "given_name": "Invented",
    "family_name": "Stranger",
    "place": "Managua, Nicaragua",
    "phone": PHONE,
    "warn": "on",
}


@pytest.fixture
def address(officer: Officer, approver: Officer) -> str:
    """A crisis form's address, in an incident with an alert and then an update."""
    now = timezone.now() - timedelta(minutes=5)
    first = path.approved(officer, approver, now)
    audience.settle(first, now)
    draft = path.drafted(first.incident, officer, now)
    update = approval.approve(approval.submit(draft, officer, now), approver, now)
    audience.settle(update, now)
    return f"/now/{crisis.open_form('Earthquake', ['NI'], officer, now).code}/"


def register(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    key = re.search(r'name="key" value="(\w+)"', page)[1]
    for _ in range(2):  # an impatient thumb
        assert client.post(address, TYPED | {"key": key}).status_code == 200


def alerted(now: datetime) -> Message:
    """Let the stages after registration do their work; return the one message."""
    assert joining.tick(now) == 1
    assert joining.tick(now) == 0
    row = Audience.objects.get()
    assert row.reason == Audience.Reason.JOINED
    assert row.alert == row.alert.incident.alerts.order_by("-pk").first()
    return Message.objects.get(audiences__audience=row)


def test_who_registers_in_a_crisis_is_alerted_and_answers_by_link(
    client: Client, address: str
) -> None:
    register(client, address)
    message = alerted(timezone.now())
    page = f"/c/{links.token(message.uid)}"
    assert client.get(page).status_code == 200
    assert not Standing.objects.exists()
    assert client.post(page, {"status": "safe"}).status_code == 200
    standing = Standing.objects.get()
    assert standing.person.registration == Registration.objects.get()
    assert standing.status == "safe"


def test_who_registers_in_a_crisis_is_alerted_and_answers_by_sms(
    client: Client, address: str
) -> None:
    register(client, address)
    message = alerted(timezone.now())
    said = {"MessageSid": "SM1", "From": PHONE, "Body": f"HELP {message.code}"}
    inbox.store("simulated", said, "sms", timezone.now())
    inbox.read_new(timezone.now())
    assert Standing.objects.get().status == "needs_help"
