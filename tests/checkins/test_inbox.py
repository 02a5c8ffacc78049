"""The inbox of officers: calls first, whose a reply may be, and who is told of it."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.urls import reverse

from alerts.checkins.answers import audiences, inbox
from alerts.checkins.casework import escalating
from alerts.checkins.models import CheckIn, Inbound
from alerts.dispatch import outbox
from alerts.dispatch.models import Channel, Message
from alerts.incidents.models import AudienceMessage, Draft
from consular.missions.models import AuditEntry, Duty, Posting
from tests import factories
from tests.checkins.conftest import make_alert, send
from tests.checkins.test_answers import LATER, reply, statuses
from tests.factories import NOON

pytestmark = pytest.mark.django_db
INBOX = "/desk/inbox/"
STRANGER = "+12025550177"
QUARTER = timedelta(minutes=15)


@pytest.fixture
def duty(db):
    officer = factories.make_officer()
    return Duty.objects.create(
        officer=officer,
        starts_at=NOON - timedelta(hours=1),
        ends_at=NOON + timedelta(hours=9),
        address=officer.email,
    )


def rung():
    return Message.objects.filter(purpose="officer on duty")


def test_a_call_of_a_stranger_stands_before_all_that_is_unclear(client, officer, sent):
    for number in range(3):
        reply("hm", sid=f"SM{number}", at=NOON)
    reply("HELP I am trapped", sender=STRANGER, sid="SM9")
    page = client.get(INBOX).content.decode()
    assert page.index("I am trapped") < page.index("<strong>hm</strong>")


def test_a_call_of_a_stranger_that_nobody_reads_is_told_to_the_duty_once(sent, duty):
    reply("ok?", sender="+12025550178", sid="SM0")
    inbound = reply("HELP I am trapped", sender=STRANGER)
    escalating.ring_for_replies(LATER + QUARTER - timedelta(seconds=1))
    assert not rung().exists()
    for minute in range(3):
        escalating.ring_for_replies(LATER + QUARTER + timedelta(minutes=minute))
    told = rung().get()
    assert "trapped" not in told.text.body + told.text.subject
    assert STRANGER not in told.text.body
    assert INBOX in told.text.body
    assert "1 call for help waits" in told.text.subject
    Inbound.objects.filter(pk=inbound.pk).update(state="handled")
    escalating.ring_for_replies(LATER + 2 * QUARTER)
    assert rung().count() == 1


def test_a_second_call_of_a_stranger_rings_though_the_first_still_waits(sent, duty):
    reply("HELP I am trapped", sender=STRANGER, sid="SM1")
    escalating.ring_for_replies(LATER + QUARTER)
    reply("HELP we burn", sender="+12025550178", sid="SM2", at=LATER + QUARTER)
    escalating.ring_for_replies(LATER + 2 * QUARTER - timedelta(seconds=1))
    assert rung().count() == 1
    escalating.ring_for_replies(LATER + 2 * QUARTER)
    assert "2 calls for help wait" in rung().latest("pk").text.subject


def test_a_call_that_has_a_case_is_not_told_for_its_reply_as_well(sent, duty):
    inbound = reply("HELP I am trapped")
    Inbound.objects.filter(pk=inbound.pk).update(state="inbox")
    escalating.ring_for_replies(LATER + QUARTER)
    assert not rung().exists()


def test_whoever_wrote_from_a_borrowed_phone_is_known_by_the_code(
    client, officer, sent, incident
):
    inbound = reply("hm hm 7K2Q", sender=STRANGER)
    assert inbound.state == "inbox"
    page = client.get(INBOX).content.decode()
    assert sent.registration.reference in page
    path = reverse("checkins:handle", args=[inbound.pk])
    client.post(path, {"label": "help", "audience": sent.audience.pk})
    assert statuses(incident) == {"needs_help"}


def test_each_party_of_a_shared_phone_is_offered_once_however_many_alerts(
    client, officer, alert, incident
):
    alerts = [alert]
    for _ in range(2):
        Draft.objects.update(state=Draft.State.APPROVED)
        alerts.append(make_alert(incident))
    parties = [send(alert, "+12025550101", code=f"A{n}C2") for n in range(4)]
    for later in alerts[1:]:
        for sent in parties:
            row = sent.audience
            row.pk, row.alert = None, later
            row.save()
            AudienceMessage.objects.create(audience=row, message=sent.message)
            for person in sent.persons:
                row.persons.create(person=person, level="danger")
    inbound = reply("hm hm")
    page = client.get(INBOX).content.decode()
    for sent in parties:
        assert page.count(f"{sent.registration.reference} ·") == 1
    client.post(reverse("checkins:handle", args=[inbound.pk]), {"label": "help"})
    told = CheckIn.objects.filter(status="needs_help")
    assert told.count() == 8


@pytest.mark.parametrize("label", ["", "stop", "x"])
def test_a_reply_is_not_put_away_by_an_answer_that_means_nothing(
    client, officer, sent, label
):
    inbound = reply("hm hm")
    path = reverse("checkins:handle", args=[inbound.pk])
    client.post(path, {"label": label})
    inbound.refresh_from_db()
    assert inbound.state == "inbox"


def test_what_an_officer_says_of_a_reply_is_in_the_trail(client, officer, sent):
    inbound = reply("hm hm")
    client.post(reverse("checkins:handle", args=[inbound.pk]), {"label": "none"})
    entry = AuditEntry.objects.get(action="handle_reply")
    assert (entry.officer, entry.facts) == (officer, {"label": "none"})


def test_the_board_counts_the_replies_that_its_reader_may_read(client, incident, sent):
    mission = factories.make_mission()
    incident.lead_mission = mission
    incident.save()
    here = factories.make_officer()
    Posting.objects.filter(officer=here).update(mission=mission)
    factories.make_officer()  # answers for all missions, so strays are theirs
    factories.sign_in(client, here)
    reply("hm hm", sid="SM1")
    reply("hm hm", sender=STRANGER, sid="SM2")
    page = client.get(reverse("checkins:board", args=[incident.reference]))
    assert '<b id="inbox-count">1</b>' in page.content.decode()


def test_whose_a_number_is_is_asked_without_reading_alerts_whole(
    sent, django_assert_num_queries
):
    channel = Channel.SMS.value
    key = inbox.addresses.key(channel, "+12025550101")
    with django_assert_num_queries(1) as asked:
        (row,) = audiences.of_address(key, channel)
        assert row.alert.incident.reference == "EQ-1"
        assert row.registration.language
    statement = asked.captured_queries[0]["sql"]
    for heavy in ("zones", "texts", "correction", "figures"):
        assert f'"{heavy}"' not in statement
    assert "DISTINCT" not in statement


def test_a_number_with_several_messages_of_an_alert_is_one_party(sent):
    cause = sent.message.cause
    text = outbox.text("sms", "en", "EXERCISE. Still there?")
    again = outbox.Letter(
        channel="sms", address="+12025550101", text=text, purpose="reminder"
    )
    (message,) = outbox.write(cause, [again], NOON)
    AudienceMessage.objects.create(audience=sent.audience, message=message)
    key = inbox.addresses.key("sms", "+12025550101")
    assert audiences.of_address(key, "sms") == [sent.audience]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite goes on")
def test_an_answer_that_breaks_its_transaction_holds_up_nobody(sent, monkeypatch):
    first = reply("SAFE", sid="SM1")
    Inbound.objects.update(state=Inbound.State.NEW)
    take_in = inbox.registering.take_in

    def breaks(inbound, now):
        if inbound.pk == first.pk:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT nothing")
        return take_in(inbound, now)

    monkeypatch.setattr(inbox.registering, "take_in", breaks)
    assert reply("HELP", sid="SM2").state == Inbound.State.READ
    first.refresh_from_db()
    assert (first.state, first.reason) == (Inbound.State.INBOX, "could not be read")
