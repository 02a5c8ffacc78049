"""A citizen on a phone and an officer at the board, beside each other.

Help is on the board within five seconds with its reason, the officer takes it, and the
citizen reads that an officer has it; the same by a text message.
"""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from alerts.checkins.answers import inbox
from alerts.dispatch.models import Message
from alerts.incidents.models import Alert
from tests import factories
from tests.checkins.conftest import Sent, make_alert, make_incident, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = "+12025550101"
SOON_MS = 5_000


@pytest.fixture
def party() -> Sent:
    now = timezone.now()
    alert = make_alert(make_incident(happened_at=now, opened_at=now))
    Alert.objects.update(opens_at=now, not_after=now + timedelta(hours=9))
    return send(alert, PHONE)


@pytest.fixture
def officer(browser: Browser, live_server: object, party: Sent) -> Iterator[Page]:
    """The board, opened by an officer on duty."""
    client = Client()
    factories.sign_in(client, factories.make_officer())
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    cookie = client.cookies["sessionid"].value
    context.add_cookies(
        [{"name": "sessionid", "value": cookie, "url": str(live_server)}]
    )
    page = context.new_page()
    page.goto(f"{live_server}/desk/incidents/EQ-1/board/")
    expect(page.locator("#cases")).to_contain_text("Nobody has asked for help")
    yield page
    context.close()


@pytest.fixture
def citizen(browser: Browser, live_server: object, party: Sent) -> Iterator[Page]:
    """The personal link on a phone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 664}, is_mobile=True, has_touch=True
    )
    page = context.new_page()
    page.goto(f"{live_server}{party.path}")
    yield page
    context.close()


def test_a_call_for_help_is_seen_taken_and_the_citizen_reads_it(
    citizen: Page, officer: Page
) -> None:
    citizen.get_by_role("button", name="We need help").tap()
    began = time.monotonic()
    case = officer.locator(".case[id]")
    expect(case).to_have_count(1, timeout=SOON_MS)
    assert time.monotonic() - began < SOON_MS / 1000
    citizen.get_by_label("Medical help or medicine").check()
    citizen.get_by_label("What happened?").fill("My son needs his insulin")
    citizen.get_by_role("button", name="Send to the ministry").tap()
    expect(case).to_contain_text("Medical", timeout=SOON_MS)
    expect(case).to_contain_text("My son needs his insulin")
    expect(citizen.locator("body")).not_to_contain_text("An officer has your case")
    case.get_by_role("button", name="Take case").click()
    expect(officer.locator(".case[id]")).to_contain_text("With Officer")
    citizen.reload()
    expect(citizen.locator("body")).to_contain_text("An officer has your case")


def test_the_same_by_a_text_message(officer: Page, party: Sent) -> None:
    form = {"MessageSid": "SM1", "From": PHONE, "To": "+1", "Body": "HELP trapped"}
    inbox.store("simulated", form, "sms", timezone.now())
    inbox.read_new(timezone.now())
    case = officer.locator(".case[id]")
    expect(case).to_contain_text("Trapped or in danger", timeout=SOON_MS)
    case.get_by_role("button", name="Take case").click()
    expect(officer.locator(".case[id]")).to_contain_text("With Officer")
    told = Message.objects.get(purpose="case answer")
    assert told.address.address == PHONE


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong on a page."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['target']}" for each in found]


PAGES = ("board/", "cases/", "people/", "inbox/", "reports/", "exports/")


def test_the_officers_pages_pass_axe(
    officer: Page, citizen: Page, live_server: object
) -> None:
    citizen.get_by_role("button", name="We need help").tap()
    expect(officer.locator(".case[id]")).to_have_count(1, timeout=SOON_MS)
    wrong = {"live": violations(officer)}
    for name in (*PAGES, "../../enquiries/"):
        officer.goto(f"{live_server}/desk/incidents/EQ-1/{name}")
        wrong[name] = violations(officer)
    officer.goto(f"{live_server}/desk/incidents/EQ-1/board/")
    officer.locator(".case .who").first.click()
    expect(officer.locator("#reply")).to_be_visible()
    wrong["case"] = violations(officer)
    officer.goto(f"{live_server}/desk/incidents/EQ-1/reports/")
    officer.get_by_role("button", name="Make a report").click()
    expect(officer.locator("h1")).to_have_text("Situation report 1")
    wrong["report"] = violations(officer)
    assert not {name: found for name, found in wrong.items() if found}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_public_pages_pass_axe(
    citizen: Page, live_server: object, party: Sent, language: str
) -> None:
    wrong = {}
    for name in (party.path, "/ask/"):
        citizen.goto(f"{live_server}{name}?lang={language}")
        wrong[name] = violations(citizen)
    citizen.goto(f"{live_server}{party.path}?lang={language}")
    citizen.locator("button.big").first.tap()
    expect(citizen.locator(".ok")).to_be_visible()
    wrong["saved"] = violations(citizen)
    assert not {name: found for name, found in wrong.items() if found}
