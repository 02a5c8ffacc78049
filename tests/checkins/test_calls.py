"""A key that was pressed in a call answers what the call was about."""

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts.checkins.answers import inbox
from alerts.checkins.models import Inbound, Standing
from alerts.dispatch import outbox
from alerts.dispatch.channels import twilio_voice
from alerts.incidents.models import AudienceMessage, Incident
from tests.checkins.conftest import make_alert, make_incident
from tests.dispatch.test_hooks import call
from tests.factories import NOON

pytestmark = pytest.mark.django_db
PHONE = "+12025550101"


def dial(row, language="en"):
    """Write a call for an audience row; return its message."""
    alert = row.alert
    cause = outbox.open_cause(
        alert.cause_key, mode="exercise", lane=0, now=NOON, not_after=alert.not_after
    )
    text = outbox.text("voice", language, "Are you safe?")
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


def said_after(client, settings, message, digits):
    """Press a key in a call; return what is said then."""
    path = reverse("twilio_voice", args=[message.uid, 1])
    form = {"CallSid": "CA1", "From": "+1", "To": PHONE, "Digits": digits}
    answer = call(client, settings, path, form)
    assert answer.status_code == 200
    return answer.content.decode()


def press(client, settings, message, digits):
    said_after(client, settings, message, digits)
    inbox.read_new(timezone.now())
    return Inbound.objects.latest("pk")


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


def test_who_calls_for_help_by_a_key_hears_that_it_is_stored(client, settings, calls):
    said = said_after(client, settings, calls[0], "2")
    assert "We have your answer: you need help." in said
    assert "<Gather" not in said
    assert Inbound.objects.get().body == "2"


def test_who_pressed_safe_by_mistake_can_still_press_help_in_the_same_call(
    client, settings, calls
):
    said = said_after(client, settings, calls[0], "1")
    assert "you are safe" in said
    assert "press 2" in said
    assert "<Gather" in said
    inbox.read_new(timezone.now())
    press(client, settings, calls[0], "2")
    assert Standing.objects.filter(status="needs_help").count() == 4
    assert not safe_in()


def test_another_key_is_kept_and_asked_about_again(client, settings, calls):
    said = said_after(client, settings, calls[0], "5")
    assert "If you need help, press 2." in said
    assert "<Gather" in said
    assert press(client, settings, calls[0], "2").label == "help"
    assert [each.body for each in Inbound.objects.order_by("pk")] == ["5", "2"]


def test_a_key_that_the_network_posts_twice_is_one_answer(client, settings, calls):
    for _ in range(2):
        assert "you need help" in said_after(client, settings, calls[0], "2")
    assert Inbound.objects.count() == 1


def test_what_is_said_after_a_key_is_in_the_language_of_the_call(
    client, settings, calls, sent
):
    row = sent.audience
    row.pk = None
    row.alert = make_alert(make_incident("ST-3", title="Storm", kind="storm"))
    row.save()
    said = said_after(client, settings, dial(row, "ar"), "2")
    assert "وصلنا جوابك" in said
    assert 'language="arb"' in said


@pytest.mark.parametrize("language", sorted(twilio_voice.VOICES))
def test_every_language_has_its_words_for_every_key(language):
    words = {twilio_voice.heard(key, language) for key in "125"}
    assert len(words) == 3
    english = {twilio_voice.heard(key, "en") for key in "125"}
    assert language == "en" or not words & english
