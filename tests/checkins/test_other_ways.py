"""Who answers by another way than they were written to is known all the same."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.checkins.answers import attributing, audiences, inbox
from alerts.checkins.casework import cases, letters
from alerts.checkins.models import Case, Inbound, Standing
from alerts.dispatch import addresses
from alerts.dispatch.models import Message
from alerts.incidents.models import AudienceMessage, Draft
from tests.checkins.conftest import LATE, SOON, make_alert, make_incident, say, send

pytestmark = pytest.mark.django_db
PHONE = "+12025550101"


def answer(body, channel="sms", sender=PHONE):
    form = {"MessageSid": "SM1", "From": sender, "To": "+1", "Body": body}
    inbox.store("simulated", form, channel, LATE)
    inbox.read_new(LATE)
    return Inbound.objects.get()


def strangers_told():
    return Message.objects.filter(purpose="unknown sender").exists()


@pytest.fixture
def by_mail_only(mailed):
    """A party that was written to by e-mail, and has a phone."""
    AudienceMessage.objects.filter(message__channel="sms").delete()
    Message.objects.filter(channel="sms").delete()
    return mailed


def test_who_was_texted_and_calls_for_help_by_whatsapp_is_heard(sent):
    inbound = answer("HELP we are trapped", "whatsapp")
    assert inbound.state == Inbound.State.READ
    assert set(Standing.objects.values_list("status", flat=True)) == {"needs_help"}
    assert Case.objects.open().count() == 1
    assert not strangers_told()


def test_safe_by_another_way_ends_silence_unverified(sent):
    assert answer("SAFE", "whatsapp").state == Inbound.State.READ
    assert set(Standing.objects.values_list("status", "is_verified")) == {
        ("safe", False)
    }


def test_an_answer_to_an_officer_s_text_is_heard_though_the_alert_came_by_mail(
    by_mail_only, incident
):
    say(incident, by_mail_only.persons[:1], needs=("documents",))
    case = Case.objects.get()
    words = letters.ready("how", "en")
    cases.write_to(case, "x", words, incident.commander, SOON)
    assert answer("still trapped, need help").state == Inbound.State.READ
    assert not strangers_told()
    assert "Trapped or in danger" in Case.objects.get().reasons


def test_an_officer_is_offered_whose_phone_it_is(by_mail_only):
    assert attributing.candidates(answer("hm hm")) == [by_mail_only.audience]


def test_an_emergency_contact_s_phone_is_not_the_party_s(by_mail_only):
    contact = by_mail_only.registration.contacts.get(kind="phone")
    contact.role = contact.Role.EMERGENCY
    contact.save()
    assert answer("SAFE").state == Inbound.State.INBOX
    assert not Standing.objects.exists()


def test_safe_is_for_the_incident_that_the_phone_was_written_to_about(sent, incident):
    Draft.objects.update(state=Draft.State.APPROVED)
    newer = send(make_alert(make_incident("EQ-2")), "+12025550109", code="8K2Q")
    newer.audience.registration = sent.registration
    newer.audience.save()
    key = addresses.key("sms", PHONE)
    assert audiences.of_address(key, "whatsapp") == [sent.audience, newer.audience]
    assert answer("SAFE", "whatsapp").incident == incident


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="its plan is read")
def test_an_address_is_looked_up_in_indexes_alone(sent):
    key = addresses.key("sms", PHONE)
    with CaptureQueriesContext(connection) as asked:
        audiences.of_address(key, "sms")
    (question,) = asked.captured_queries
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + question["sql"])
        assert "Seq Scan" not in str(cursor.fetchall())
