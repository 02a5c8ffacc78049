"""A code decides where our texts ask for it; a room's number clears nobody."""

from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.checkins.answers import attributing, codes, inbox
from alerts.checkins.answers.attributing import LOOSE
from alerts.checkins.models import Case, CheckIn, Inbound, Standing
from alerts.dispatch.models import Message
from alerts.incidents.audiences import listing
from alerts.incidents.models import Incident
from tests.checkins.conftest import make_alert, make_incident, say, send
from tests.checkins.test_answers import LATER, reply

pytestmark = pytest.mark.django_db
PHONE, OTHER, STRANGER = "+12025550101", "+12025550102", "+12025550177"


@pytest.fixture
def caller(alert):
    return send(alert, PHONE, code="7K2Q")


@pytest.fixture
def other(alert):
    return send(alert, OTHER, code="B234")


def said_of(sent):
    rows = Standing.objects.filter(person__in=sent.persons)
    return set(rows.values_list("status", flat=True))


def strangers_told():
    return Message.objects.filter(purpose="unknown sender").count()


def test_a_call_with_the_number_of_a_room_is_the_caller_s_and_is_looked_at(
    caller, other
):
    inbound = reply("HELP we are trapped, hotel Sol room B234")
    assert said_of(caller) == {"needs_help"}
    assert Case.objects.filter(person__in=caller.persons).exists()
    assert said_of(other) == {"needs_help"}  # it may be them, by a borrowed phone
    assert (inbound.state, inbound.reason) == (Inbound.State.INBOX, LOOSE)


@pytest.mark.parametrize("sender", [PHONE, STRANGER])
def test_safe_with_the_number_of_a_room_clears_nobody(caller, other, incident, sender):
    say(incident, other.persons)
    inbound = reply("we are safe in room B234", sender)
    assert said_of(other) == {"needs_help"}
    assert Case.objects.open().exists()
    assert not said_of(caller)
    assert (inbound.state, inbound.reason) == (Inbound.State.INBOX, LOOSE)


def test_a_stranger_s_call_with_a_code_somewhere_counts_and_is_looked_at(other):
    inbound = reply("HELP we are trapped, hotel Sol room B234", STRANGER)
    assert said_of(other) == {"needs_help"}
    assert inbound.state == Inbound.State.INBOX
    assert strangers_told() == 1


@pytest.mark.parametrize(
    "body", ["SAFE B234", "b234: safe!", "1 B234", "I am safe B234"]
)
@pytest.mark.parametrize("sender", [PHONE, STRANGER])
def test_a_code_as_our_texts_ask_for_it_decides_from_any_phone(
    caller, other, body, sender
):
    assert reply(body, sender).state == Inbound.State.READ
    assert said_of(other) == {"safe"}
    assert set(CheckIn.objects.values_list("basis", flat=True)) == {"self-code"}
    assert not said_of(caller)
    assert strangers_told() == 0


def test_a_call_with_the_code_of_others_is_of_the_phone_s_party_too(caller, other):
    assert reply("HELP B234").state == Inbound.State.READ
    assert said_of(caller) == said_of(other) == {"needs_help"}


def test_a_code_of_one_s_own_decides_wherever_it_stands(caller, other):
    assert reply("estoy bien, 7K2Q, room B234").state == Inbound.State.READ
    assert said_of(caller) == {"safe"}
    assert not said_of(other)


def test_a_code_that_two_incidents_have_is_that_of_the_phone(caller):
    newer = send(make_alert(make_incident("EQ-2")), OTHER, code="7K2Q")
    reply("HELP 7K2Q")
    assert said_of(caller) == {"needs_help"}
    assert not said_of(newer)


def test_what_is_unclear_with_the_number_of_a_room_is_the_writer_s(caller, other):
    inbound = reply("have we water? room B234")
    assert inbound.state == Inbound.State.INBOX
    (persons,) = attributing.whose(inbound, inbound.label).served.values()
    assert persons == caller.persons


def test_after_the_end_a_call_with_the_number_of_a_room_is_the_caller_s_too(
    caller, incident
):
    send(make_alert(make_incident("EQ-2")), OTHER, code="B234")
    Incident.objects.filter(pk=incident.pk).update(closed_at=LATER)
    at = LATER + timedelta(minutes=1)
    assert reply("HELP room B234", at=at).state == Inbound.State.INBOX
    assert said_of(caller) == {"needs_help"}
    assert strangers_told() == 0


def test_a_call_by_mail_with_the_code_of_others_is_of_its_sender_too(mailed, other):
    form = {"MessageSid": "1", "From": "ada@example.org", "Body": "HELP B234"}
    inbox.store("mail", form, "email", LATER)
    inbox.read_new(LATER)
    assert said_of(mailed) == said_of(other) == {"needs_help"}


def test_an_officer_can_choose_whose_code_it_was_and_everyone_means_the_phone_s(
    client, officer, caller, other
):
    first = reply("we are safe in room B234")
    second = reply("we are safe in room B234", sid="SM2", at=LATER)
    page = client.get(reverse("checkins:inbox_all")).content.decode()
    assert page.count(other.registration.reference) == 2
    handle = reverse("checkins:handle", args=[first.pk])
    client.post(handle, {"label": "safe"})
    assert said_of(caller) == {"safe"}
    assert not said_of(other)
    handle = reverse("checkins:handle", args=[second.pk])
    client.post(handle, {"label": "safe", "audience": other.audience.pk})
    assert said_of(other) == {"safe"}


def test_no_code_is_given_that_an_open_incident_has(caller, incident):
    second = make_alert(make_incident("EQ-2"))
    assert listing.Codes(second).taken == {"7K2Q"}
    Incident.objects.filter(pk=incident.pk).update(closed_at=LATER)
    assert listing.Codes(second).taken == set()


def test_one_text_tries_out_few_codes():
    told = codes.of(" ".join(f"SAFE A{n}CE" for n in range(2, 10)))
    assert len(told.asked) == codes.MOST
