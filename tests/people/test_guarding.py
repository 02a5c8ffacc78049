"""Public pages cannot be made to send much, and stay open for people meanwhile."""

import base64
import json
import re
from datetime import timedelta
from typing import Any

import altcha
import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from alerts.dispatch.models import Message
from consular.missions.models import AuditEntry, Duty
from consular.people.managing import errands
from consular.people.models import Errand, Registration
from consular.people.protecting import guarding, limits, puzzles
from consular.people.registering import crisis
from consular.people.registering.addresses import AddressError, normalise_phone
from tests import factories
from tests.people import forms_of
from tests.people.test_crisis import send

pytestmark = pytest.mark.django_db


def solved(now: Any = None) -> str:
    """Do the work that a browser does."""
    made = json.loads(puzzles.made(now or timezone.now()))
    challenge = altcha.ChallengeV1(
        algorithm=made["algorithm"],
        challenge=made["challenge"],
        max_number=made["maxNumber"],
        salt=made["salt"],
        signature=made["signature"],
    )
    found = altcha.solve_challenge_v1(challenge)
    del made["maxNumber"]
    answer = made | {"number": found.number}
    return base64.b64encode(json.dumps(answer).encode()).decode()


def posted(**values: str) -> Any:
    return RequestFactory().post("/", values)


def test_a_solved_puzzle_counts_once() -> None:
    payload, now = solved(), timezone.now()
    assert puzzles.is_solved(posted(altcha=payload), now)
    assert not puzzles.is_solved(posted(altcha=payload), now)


@pytest.mark.parametrize("payload", ["", "x", "e30=", "bnVsbA==", "WzFd", "eyJhIjoxfQ"])
def test_what_is_no_answer_counts_as_none(payload: str) -> None:
    assert not puzzles.is_solved(posted(altcha=payload), timezone.now())


def test_a_forged_or_old_answer_counts_as_none() -> None:
    now = timezone.now()
    said = json.loads(base64.b64decode(solved()))
    for change in (
        {"number": said["number"] + 1},
        {"salt": 7},
        {"signature": "0" * 64},
    ):
        forged = base64.b64encode(json.dumps(said | change).encode()).decode()
        assert not puzzles.is_solved(posted(altcha=forged), now)
    old = solved(now - timedelta(hours=1))
    assert not puzzles.is_solved(posted(altcha=old), now)


def test_a_bot_from_everywhere_causes_few_messages_and_an_alarm(
    client: Client, settings: Any
) -> None:
    officer = factories.make_officer()
    now = timezone.now()
    Duty.objects.create(
        officer=officer,
        mission=factories.make_mission(),
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
        channel="sms",
        address="+12025550100",
    )
    last = forms_of.walk(client, reach={"email": ""})
    state = forms_of.state_of(last)
    wizard = forms_of.opened(state)
    for number in range(120):
        wizard.key = f"{number:032x}"
        wizard.typed["phone"] = f"+1{202 + number % 3}555{number:04}"
        values = {"state": wizard.sealed(), "do": "next", "warn": "on"}
        where = f"203.0.{number // 50}.{number % 250}"
        answer = client.post("/register/", values, REMOTE_ADDR=where)
        assert answer.status_code == 200
    while Errand.objects.exists():
        errands.run(timezone.now())
    assert Registration.objects.count() == 120
    assert Message.objects.filter(purpose="confirmation").count() <= 40
    assert guarding.tell(timezone.now())
    assert not guarding.tell(timezone.now())
    assert AuditEntry.objects.filter(action="flood").count() == 1
    assert "flooded" in Message.objects.get(purpose="officer on duty").text.body


def test_under_attack_a_browser_registers_as_ever_and_others_are_told(
    client: Client, settings: Any
) -> None:
    settings.FREE_TEXTS = 0
    last = forms_of.walk(client)
    assert "data-puzzle" in last.content.decode()
    without = forms_of.send(client, last, forms_of.CHECK)
    assert "could not send you a text message" in without.content.decode()
    assert not Errand.objects.get().may_text
    body = without.content.decode()
    assert 'name="warn" value="on"' in body  # the button sends what was agreed to
    proof = {"altcha": solved(), "warn": "on"}
    answer = forms_of.send(client, without, proof)
    assert "We have sent you a message" in answer.content.decode()
    assert Registration.objects.count() == 1
    while Errand.objects.exists():
        errands.run(timezone.now())
    channels = Message.objects.order_by("channel").values_list("channel", flat=True)
    assert list(channels) == ["email", "sms"]


def test_in_quiet_hours_no_page_has_a_script(client: Client) -> None:
    assert "<script" not in forms_of.walk(client).content.decode()
    assert "<script" not in client.get("/my-link/").content.decode()


def test_one_network_is_told_when_it_asks_too_often(
    client: Client, settings: Any
) -> None:
    settings.FREE_FORMS = 2
    values = {"address": "nobody@example.org"}
    answers = [client.post("/my-link/", values).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    other = client.post("/my-link/", values, REMOTE_ADDR="203.0.113.9")
    assert other.status_code == 200
    proven = client.post("/my-link/", values | {"altcha": solved()})
    assert proven.status_code == 200


def test_networks_are_counted_as_households_and_never_stored() -> None:
    def key(address: str) -> str:
        return guarding.network(RequestFactory().get("/", REMOTE_ADDR=address))

    assert key("2001:db8::1") == key("2001:db8::2:3")
    assert key("2001:db8::1") != key("2001:db8:0:1::1")
    assert key("203.0.113.1") != key("203.0.113.2")
    assert "203" not in re.sub(r"[0-9a-f]{32}", "", key("203.0.113.1"))


def test_behind_a_proxy_what_a_client_writes_does_not_count(settings: Any) -> None:
    settings.BEHIND_PROXY = True
    made = [
        RequestFactory().get("/", headers={"X-Forwarded-For": f"{fake}, 203.0.113.7"})
        for fake in ("198.51.100.1", "198.51.100.2")
    ]
    assert len({guarding.network(each) for each in made}) == 1


def test_a_flooded_crisis_form_takes_all_in_but_warns_only_who_is_looked_at(
    client: Client, settings: Any
) -> None:
    settings.FREE_FORMS = 1
    form = crisis.open_form("Storm", ["NI"], factories.make_officer(), timezone.now())
    send(client, form)
    second = send(client, form, given_name="Other", phone="+1 202 555 0102")
    assert "an officer checks yours first" in second.content.decode()
    rows = Registration.objects.order_by("pk")
    assert [bool(row.confirmed_at) for row in rows] == [True, False]


def test_premium_numbers_are_refused() -> None:
    for number in ("+19002345678", "+441632960961"[:3] + "9098790000", "+33899123456"):
        with pytest.raises(AddressError):
            normalise_phone(number)


def test_a_limit_is_never_passed_and_forgotten_after_two_days() -> None:
    now = timezone.now()
    taken = [limits.take("x", 3, now) for _ in range(5)]
    assert taken == [True, True, True, False, False]
    assert limits.take("x", 3, now + timedelta(hours=1))
    assert limits.purge(now + timedelta(days=3)) == 2
