"""A session ends when it should, is warned of, and takes no typed word with it."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client, RequestFactory
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from consular.missions.models import AuditEntry, Officer
from consular.missions.sign_in import keeping, sessions, stepping
from tests import factories
from tests.incidents import path
from tests.missions.test_sign_in import PASSWORD, code_for, sign_in

HOURS_12 = timedelta(hours=12)
WORDS = "The bridge at Tipitapa is closed; <b>go</b> round by Masaya."


@pytest.fixture
def own(officer: Officer) -> Officer:
    officer.set_password(PASSWORD)
    officer.save()
    return officer


@pytest.fixture
def page(own: Officer, now: datetime) -> str:
    """The page of an incident, with its log."""
    return f"/desk/incidents/{path.declared(own, now).reference}/"


def kept_in(html: str) -> str:
    return re.search(r'name="kept" value="([^"]+)"', html)[1]


def test_a_session_ends_twelve_hours_after_the_sign_in_however_busy_it_is(
    client: Client, own: Officer, page: str, now: datetime, time_machine: Any
) -> None:
    time_machine.move_to(now, tick=False)
    sign_in(client, own)
    for hours in range(1, 12):
        time_machine.move_to(now + timedelta(hours=hours), tick=False)
        answer = client.get(page)
        assert answer.status_code == 200
        assert ("Your session ends in" in answer.content.decode()) is False
    time_machine.move_to(now + HOURS_12 - timedelta(minutes=9), tick=False)
    assert "Your session ends in 9 minutes." in client.get(page).content.decode()
    time_machine.move_to(now + HOURS_12 + timedelta(seconds=1), tick=False)
    assert client.get(page).status_code == 302


def test_a_fresh_code_lets_it_last_again_and_a_wrong_one_does_not(
    client: Client, own: Officer, page: str, now: datetime, time_machine: Any
) -> None:
    time_machine.move_to(now, tick=False)
    sign_in(client, own)
    time_machine.move_to(now + HOURS_12 - timedelta(minutes=9), tick=False)
    ask, script = reverse("missions:confirm"), {"Accept": "application/json"}
    assert client.get(ask, headers=script).json() == {"left_s": 540}
    wrong = client.post(ask, {"code": "000000"}, headers=script)
    assert wrong.status_code == 400
    assert wrong.json() == {"error": stepping.WRONG}
    assert client.get(ask, headers=script).json() == {"left_s": 540}
    time_machine.move_to(now + HOURS_12 - timedelta(minutes=5), tick=False)
    right = client.post(ask, {"code": code_for(own)}, headers=script)
    assert right.json() == {"left_s": 12 * 3600}
    time_machine.move_to(now + timedelta(hours=20), tick=False)
    assert client.get(page).status_code == 200


def test_what_was_typed_comes_back_after_the_sign_in(
    client: Client, own: Officer, page: str
) -> None:
    over = client.post(page, {"body": WORDS})
    assert over.status_code == 401
    html = over.content.decode()
    assert "The bridge at Tipitapa is closed; &lt;b&gt;go" in html
    led = client.post(reverse("missions:sign_in"), {"kept": kept_in(html)})
    assert led.status_code == 200
    assert "Not signed in" not in led.content.decode()
    form = {"username": own.username, "password": PASSWORD, "code": code_for(own)}
    kept = kept_in(led.content.decode())
    back = client.post(reverse("missions:sign_in"), form | {"kept": kept})
    assert back.context["kept"] == keeping.Kept(page, (("body", WORDS),))
    assert f'action="{page}"' in back.content.decode()
    incident = path.Incident.objects.get()
    assert WORDS not in [entry.body for entry in incident.log.all()]
    client.post(page, {"body": WORDS})
    assert WORDS in [entry.body for entry in incident.log.all()]


def test_nothing_that_decides_comes_back(client: Client, page: str) -> None:
    for name, form in (
        ("approve/", {"action": "approve", "tick_zone": "on", "revision": "1"}),
        ("sending/", {"action": "stop"}),
        ("break-glass/", {"reason": "I am alone at three in the morning."}),
        ("message/", {"action": "approve", "sms-en": WORDS}),
    ):
        assert client.post(f"{page}{name}", form).status_code == 302, name
    new = reverse("missions:add_officer")
    assert client.post(new, {"full_name": "Ada Invented"}).status_code == 302


def test_no_secret_is_kept_and_scripts_are_sent_to_the_sign_in(
    client: Client, page: str
) -> None:
    form = {"body": WORDS, "code": "123456", "old_password": "hush hush hush"}
    kept = keeping.Kept(page, (("body", WORDS),))
    assert client.post(page, form).context["kept"] == kept
    by_script = {"Sec-Fetch-Dest": "empty"}
    assert client.post(page, form, headers=by_script).status_code == 302


@pytest.mark.parametrize("forged", ["", "x", "a:b:c"])
def test_a_forged_form_is_not_shown(client: Client, own: Officer, forged: str) -> None:
    factories.sign_in(client, own)
    answer = client.post(reverse("missions:resume"), {"kept": forged})
    assert answer.url == reverse("missions:home")


def test_a_form_leads_to_no_other_host(client: Client, own: Officer) -> None:
    factories.sign_in(client, own)
    for where in ("https://example.org/", "//example.org/", "javascript:alert(1)"):
        kept = signing.dumps([where, [["body", WORDS]]], salt=keeping.SALT)
        answer = client.post(reverse("missions:resume"), {"kept": kept})
        assert answer.status_code == 302, where


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), min_size=1, max_size=8))
def test_every_form_survives_its_signature(fields: list[tuple[str, str]]) -> None:
    kept = keeping.Kept("/desk/incidents/EQ-1/", tuple(fields))
    request = RequestFactory().post("/", {"kept": keeping.signed(kept)})
    assert keeping.read(request) == kept


def test_own_sessions_are_listed_and_one_of_them_ended(
    client: Client, own: Officer, approver: Officer
) -> None:
    account = reverse("missions:account")
    phone, other = Client(), Client()
    factories.sign_in(client, own)
    factories.sign_in(other, approver)
    agent = "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36"
    phone.defaults |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": "192.0.2.7"}
    sign_in(phone, own)
    listed = client.get(account).context["sessions"]
    assert [(each.is_this, each.browser, each.place) for each in listed] == [
        (True, "", ""),
        (False, "Chrome on Android", "192.0.2.7"),
    ]
    client.post(account, {"end_session": listed[1].mark})
    assert phone.get(account).status_code == 302
    assert client.get(account).status_code == other.get(account).status_code == 200
    assert AuditEntry.objects.filter(action="end_own_session").count() == 1


def test_nobody_ends_the_session_of_another(
    client: Client, own: Officer, approver: Officer
) -> None:
    account = reverse("missions:account")
    other = Client()
    factories.sign_in(client, own)
    factories.sign_in(other, approver)
    theirs = other.get(account).context["sessions"][0].mark
    client.post(account, {"end_session": theirs})
    assert other.get(account).status_code == 200


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537 Edg/130",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (iPhone; Mac OS X) Version/17 Safari/604", "Safari on iPhone"),
        ("", "another program"),
    ],
)
def test_a_browser_is_named_as_people_do(agent: str, said: str) -> None:
    assert sessions.browser_of(agent) == said
