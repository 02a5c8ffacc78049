"""Who is named for it is told whom we seek: where it was agreed to, and once."""

import pytest

from alerts.checkins import ladders
from alerts.checkins.answers import attributing
from alerts.checkins.answers.attributing import CONTACT
from alerts.checkins.models import LadderStep, Standing
from alerts.dispatch import addresses, outbox
from alerts.dispatch.models import Lane, Message, State
from alerts.incidents.models import Alert, Audience, AudienceMessage
from consular.people.models import Contact, Registration
from tests.checkins.conftest import send
from tests.checkins.test_answers import reply
from tests.checkins.test_ladders import MINUTE, SECOND, TEXTS, answer, climb_to, told
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(alert, sent):
    Alert.objects.update(texts=TEXTS)
    return sent


def name_a_contact(party):
    Contact.objects.create(
        registration=party.registration,
        kind="phone",
        role=Contact.Role.EMERGENCY,
        address="+12025550177",
        address_key=addresses.key("sms", "+12025550177"),
    )
    Registration.objects.update(consents={"emergency": "2026-03-01"})


def test_an_answer_takes_back_what_waits_for_the_emergency_contact(asked):
    name_a_contact(asked)
    climb_to(60)
    answer(asked)
    ladders.climb(NOON + 60 * MINUTE + 3 * SECOND)
    message = Message.objects.get(purpose__startswith="contact.")
    assert (message.state, message.provider_code) == (State.STOPPED, "not needed")


def test_a_contact_whom_two_parties_name_hears_of_both(alert, asked):
    other = send(alert, "+12025550142", code="8K2Q")
    for party in (asked, other):
        name_a_contact(party)
    climb_to(60)
    answer(asked)
    ladders.climb(NOON + 60 * MINUTE + 3 * SECOND)
    told = Message.objects.filter(purpose__startswith="contact.").order_by("pk")
    assert [message.state for message in told] == [State.STOPPED, State.QUEUED]


def test_an_emergency_contact_s_answer_waits_beside_whom_it_may_be_about(asked):
    name_a_contact(asked)
    climb_to(60)
    at = NOON + 61 * MINUTE
    inbound = reply("She is safe with me", sender="+12025550177", at=at)
    assert (inbound.state, inbound.reason) == (inbound.State.INBOX, CONTACT)
    assert attributing.candidates(inbound) == [asked.audience]
    assert not Standing.objects.exists()
    assert not Message.objects.filter(purpose="unknown sender").exists()


@pytest.mark.parametrize("agreed", [True, False])
def test_the_emergency_contact_is_told_only_where_it_was_agreed(asked, agreed):
    name_a_contact(asked)
    if not agreed:
        Registration.objects.update(consents={})
    climb_to(60)
    told = Message.objects.filter(purpose__startswith="contact.")
    assert told.count() == int(agreed)
    for message in told:
        assert message.address.address == "+12025550177"
        assert "emergency contact of Invented" in message.text.body
        assert message.text.body.startswith("EXERCISE")
        assert not message.link_path


@pytest.mark.parametrize("reason", ["no_contact", "opted_out"])
def test_whom_no_message_could_reach_is_sought_and_not_written_to(asked, reason):
    name_a_contact(asked)
    AudienceMessage.objects.all().delete()
    Audience.objects.update(reason=reason)
    climb_to(80)
    (message,) = Message.objects.exclude(purpose="alert")
    assert message.purpose.startswith("contact.")
    assert message.address.address == "+12025550177"
    assert set(LadderStep.objects.values_list("step", flat=True)) == {
        "contact",
        "officer",
    }
    answer(asked)
    ladders.climb(NOON + 81 * MINUTE)
    message.refresh_from_db()
    assert message.state == State.STOPPED


@pytest.mark.parametrize(("over_at", "times"), [(None, 1), (62, 2)])
def test_a_contact_is_told_once_though_no_warning_reached_them(
    alert, asked, over_at, times
):
    name_a_contact(asked)
    AudienceMessage.objects.all().delete()
    told(asked, "update", NOON + 70 * MINUTE)
    update = Alert.objects.get(kind="update")
    for person in asked.persons:
        update.audience.get().persons.create(person=person, level="danger")
    Audience.objects.update(reason="no_contact")
    if over_at is not None:
        told(asked, "outside", NOON + over_at * MINUTE)
    outbox.open_cause(
        update.cause_key,
        mode="exercise",
        lane=Lane.DANGER,
        now=NOON,
        not_after=alert.not_after,
        opens_at=NOON,
    )
    Alert.objects.update(texts=TEXTS)
    for minute in (60, 75, 130, 145):
        ladders.climb(NOON + minute * MINUTE)
    assert Message.objects.filter(purpose__startswith="contact.").count() == times
    assert LadderStep.objects.filter(step="officer").count() == 1


def test_an_emergency_contact_is_told_of_those_inside_alone(asked):
    first, second = asked.persons
    name_a_contact(asked)
    asked.audience.persons.filter(person=second).delete()
    climb_to(60)
    told = Message.objects.get(purpose__startswith="contact.").text.body
    assert f"contact of {first.full_name}. We" in told
    assert second.full_name not in told
