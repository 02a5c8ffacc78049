"""A key that was pressed in a call answers what the call was about."""

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts.checkins.answers import inbox
from alerts.checkins.models import Inbound, Standing
from alerts.dispatch import outbox
from alerts.incidents.models import AudienceMessage, Incident
from tests.checkins.conftest import make_alert, make_incident
from tests.dispatch.test_hooks import call
from tests.factories import NOON

pytestmark = pytest.mark.django_db
PHONE = "+12025550101"


def dial(row):
    """Write a call for an audience row; return its message."""
    alert = row.alert
    cause = outbox.open_cause(
        alert.cause_key, mode="exercise", lane=0, now=NOON, not_after=alert.not_after
    )
    text = outbox.text("voice", "en", "Are you safe?")
    letter = outbox.Letter(
        channel="voice", address=PHONE, text=text, link_path="c", purpose="voice"
    )
    (message,) = outbox.write(cause, [letter], NOON)
    AudienceMessage.objects.create(audience=row, message=message)
    return message


@pytest.fixture
def calls(sent):
    """The party was called for an earthquake, and then for a flood."""
    flood = sent.audience
    first = dial(flood)
    flood.pk = None
    flood.alert = make_alert(make_incident("FL-2", title="Flood", kind="flood"))
    flood.save()
    for person in sent.persons:
        flood.persons.create(person=person, level="danger")
    return first, dial(flood)


def press(client, settings, message, digits):
    path = reverse("twilio_voice", args=[message.uid, 1])
    form = {"CallSid": "CA1", "From": "+1", "To": PHONE, "Digits": digits}
    assert call(client, settings, path, form).status_code == 200
    inbox.read_new(timezone.now())
    return Inbound.objects.get()


def safe_in():
    rows = Standing.objects.filter(status="safe")
    return set(rows.values_list("incident__reference", flat=True))


def test_safe_by_a_key_counts_for_the_incident_that_the_call_was_about(
    client, settings, calls
):
    assert press(client, settings, calls[0], "1").state == Inbound.State.READ
    assert safe_in() == {"EQ-1"}


def test_help_by_a_key_counts_for_every_incident(client, settings, calls):
    press(client, settings, calls[0], "2")
    found = Standing.objects.filter(status="needs_help")
    assert set(found.values_list("incident__reference", flat=True)) == {"EQ-1", "FL-2"}


def test_safe_by_a_key_of_a_call_about_what_is_over_clears_nobody(
    client, settings, calls
):
    Incident.objects.filter(reference="EQ-1").update(closed_at=NOON)
    assert press(client, settings, calls[0], "1").state == Inbound.State.INBOX
    assert not safe_in()
