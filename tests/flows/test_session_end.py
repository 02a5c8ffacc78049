"""The end of a session in a browser: a warning in time, and no typed word lost."""

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Browser, BrowserContext, Page, expect

from consular.missions.models import Officer
from consular.missions.sign_in import stepping
from tests import factories
from tests.flows.test_staff_pages import problems
from tests.incidents import path
from tests.missions.test_sign_in import PASSWORD, code_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "The bridge at Tipitapa is closed.\n\nGo round by “Masaya” <now>."


@pytest.fixture
def officer(transactional_db: None) -> Officer:
    made = factories.make_officer()
    made.set_password(PASSWORD)
    made.save()
    return made


@pytest.fixture
def log(live_server: Any, officer: Officer) -> str:
    """The address of a page on which something is typed."""
    incident = path.declared(officer, timezone.now())
    return f"{live_server.url}/desk/incidents/{incident.reference}/"


def signed_in(context: BrowserContext, url: str, client: Any, who: Officer) -> Page:
    factories.sign_in(client, who)
    name = django_settings.SESSION_COOKIE_NAME
    root = url.partition("/desk/")[0]
    cookie = {"name": name, "value": client.cookies[name].value, "url": root}
    context.add_cookies([cookie])
    return context.new_page()


def forget_factor(client: Any) -> None:
    session = client.session
    session[stepping.KEY] = 0
    session.save()


def test_the_warning_comes_in_time_and_a_code_lets_it_last(
    browser: Browser, log: str, client: Any, officer: Officer
) -> None:
    context = browser.new_context()
    page = signed_in(context, log, client, officer)
    page.clock.install()
    page.goto(log)
    note = page.locator("#session")
    expect(note).to_be_hidden()
    page.fill("#f-body", WORDS)
    page.clock.fast_forward("11:45:00")
    expect(note).to_be_hidden()
    page.clock.fast_forward("06:00")
    expect(note).to_contain_text(re.compile("Your session ends in (9|10) minutes"))
    page.set_viewport_size({"width": 320, "height": 800})
    assert problems(page) == []
    forget_factor(client)
    page.fill("#session-code", "000000")
    page.keyboard.press("Enter")
    expect(note.get_by_role("alert")).to_contain_text("That code is not right.")
    TOTPDevice.objects.update(throttling_failure_timestamp=None)
    page.fill("#session-code", "")
    page.focus("#session-code")
    page.keyboard.type(code_for(officer))
    page.keyboard.press("Enter")
    expect(note).to_be_hidden()
    expect(page.locator("#f-body")).to_have_value(WORDS)
    context.close()


def test_who_is_busy_is_left_alone_until_two_minutes_before(
    browser: Browser, log: str, client: Any, officer: Officer
) -> None:
    context = browser.new_context()
    page = signed_in(context, log, client, officer)
    page.clock.install()
    page.goto(log)
    page.clock.fast_forward("11:51:00")
    page.get_by_role("button", name="Not now").click()
    expect(page.locator("#session")).to_be_hidden()
    page.clock.fast_forward("07:00")
    expect(page.locator("#session")).to_contain_text("ends in 2 minutes")
    page.clock.fast_forward("02:01")
    expect(page.locator("#session")).to_contain_text("Your session has ended.")
    expect(page.get_by_role("button", name="Stay signed in")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("has_script", [True, False])
def test_what_is_sent_too_late_is_kept_through_the_sign_in(
    browser: Browser, log: str, client: Any, officer: Officer, has_script: bool
) -> None:
    context = browser.new_context(java_script_enabled=has_script)
    page = signed_in(context, log, client, officer)
    page.goto(log)
    page.fill("#f-body", WORDS)
    Session.objects.all().delete()
    page.get_by_role("button", name="Add to the log").click()
    expect(page.locator("h1")).to_have_text("Your session has ended")
    page.get_by_role("button", name="Sign in and go on").click()
    page.fill("[name=username]", officer.username)
    page.fill("[name=password]", "wrong")
    page.fill("[name=code]", "000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", code_for(officer))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("h1")).to_have_text("Go on where you were")
    page.get_by_role("button", name="Go on with what was typed").click()
    expect(page.locator(".messages")).to_contain_text("Added to the log.")
    said = path.Incident.objects.get().log.order_by("-pk").first()
    assert said.body.replace("\r\n", "\n") == WORDS
    context.close()
