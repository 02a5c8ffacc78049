"""What is said of some of a party is written down for those it is said of."""

from datetime import timedelta

import pytest

from alerts.checkins.answers import inbox, parties
from alerts.checkins.models import Inbound, Standing
from tests.checkins.conftest import make_alert, make_incident, send
from tests.factories import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


def reply(body, sid="SM1"):
    form = {"MessageSid": sid, "From": "+12025550101", "To": "+1", "Body": body}
    inbox.store("simulated-sms", form, "sms", LATER)
    inbox.read_new(LATER)
    return Inbound.objects.get(provider_id=sid)


@pytest.fixture
def party(alert):
    """A party of three: Ana, Ben and Mia, who is a child."""
    sent = send(alert, "+12025550101", party=3)
    for person, name in zip(sent.persons, ("Ana", "Ben", "Mia"), strict=True):
        person.given_name, person.is_minor = name, name == "Mia"
        person.save()
    return sent


def by_name():
    rows = Standing.objects.select_related("person")
    return {row.person.given_name: row.status for row in rows}


@pytest.mark.parametrize(
    ("body", "helped", "safe", "is_told"),
    [
        ("Ana is hurt, Ben and Mia are safe", {"Ana"}, {"Ben"}, False),
        ("Ana is hurt. Ben is safe. Mia is safe.", {"Ana"}, {"Ben", "Mia"}, True),
        ("Ben está herido pero los niños están bien", {"Ben"}, {"Mia"}, False),
        ("wife hurt, kids are safe", {"Ana", "Ben"}, {"Mia"}, False),
        ("3 safe, 1 missing", {"Ana", "Ben", "Mia"}, set(), False),
        ("HELP", {"Ana", "Ben", "Mia"}, set(), True),
        ("help us, tell my sister Ben is safe", {"Ana", "Ben", "Mia"}, set(), False),
        ("Mia is missing", {"Mia"}, set(), False),
    ],
)
def test_help_counts_for_whoever_is_not_plainly_said_to_be_safe(
    party, body, helped, safe, is_told
):
    shares = parties.share(body, party.persons)
    assert {person.given_name for person in shares.helped} == helped
    assert {person.given_name for person in shares.safe} == safe
    assert (shares.trouble == "") is is_told


def test_each_of_a_party_gets_what_was_said_and_an_officer_sees_the_rest(party):
    inbound = reply("Ana is hurt, the kids are safe")
    assert by_name() == {"Ana": "needs_help", "Mia": "safe"}
    assert inbound.state == Inbound.State.INBOX
    assert inbound.reason == "who of the party is meant?"


def test_a_call_for_all_needs_nobody_to_sort_it(party):
    assert reply("HELP we are trapped").state == Inbound.State.READ
    assert set(by_name().values()) == {"needs_help"}
    assert len(by_name()) == 3


@pytest.mark.parametrize("body", ["2 safe", "two of us are safe"])
def test_fewer_safe_than_the_party_has_clears_nobody(party, body):
    inbound = reply(body)
    assert inbound.state == Inbound.State.INBOX
    assert by_name() == {}


@pytest.mark.parametrize("body", ["3 safe", "we are 3, all ok", "1", "safe, all 3"])
def test_as_many_safe_as_the_party_has_are_cleared(party, body):
    assert reply(body).state == Inbound.State.READ
    assert set(by_name().values()) == {"safe"}


def test_safe_in_several_incidents_lets_an_officer_ask_about_the_rest(party):
    other = make_incident("EQ-2")
    send(make_alert(other), "+12025550101", code="CCCC")
    inbound = reply("SAFE")
    assert inbound.state == Inbound.State.INBOX
    assert inbound.reason == "inside several incidents"
    assert {row.incident_id for row in Standing.objects.all()} == {other.pk}
