"""From nothing to an approved alert with keys alone: no mouse, no script's help."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page

from alerts.incidents.models import Alert
from consular.missions.models import Officer, Role
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FURTHEST = 150  # tabs from the top of a page to what is wanted


@pytest.fixture
def opened(browser: Browser, live_server: Any) -> Iterator[Callable[[Officer], Page]]:
    """Open a browser in which an officer is signed in."""
    contexts = []

    def signed_in(officer: Officer) -> Page:
        client = Client()
        factories.sign_in(client, officer)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        contexts.append(context)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        return context.new_page()

    yield signed_in
    for context in contexts:
        context.close()


def reach(page: Page, where: Locator) -> None:
    """Go from one thing to the next by the tabulator until it is reached, and seen."""
    for _ in range(FURTHEST):
        if where.evaluate("each => each === document.activeElement"):
            seen = where.evaluate("each => getComputedStyle(each).outlineStyle")
            assert seen != "none", "who uses keys does not see where they are"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no key reaches {where}")


def type_into(page: Page, name: str, words: str) -> None:
    reach(page, page.locator(f"[name={name}]").last)
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def press(page: Page, name: str) -> None:
    """Reach a button and press it; it leads to another page."""
    reach(page, page.get_by_role("button", name=name, exact=True).last)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def tick(page: Page, name: str) -> None:
    reach(page, page.locator(f"[name={name}]"))
    page.keyboard.press("Space")


def test_an_alert_is_declared_written_and_approved_with_keys_alone(
    opened: Callable[[Officer], Page], live_server: Any
) -> None:
    today = timezone.now().date()
    stay = factories.make_stay_entry(
        -86.25, 12.13, arrives_on=today, departs_on=today + timedelta(days=9)
    )
    factories.make_registration(phone="+12025550142", stays=[stay])
    page = opened(factories.make_officer())
    page.goto(f"{live_server.url}/desk/incidents/new/")
    type_into(page, "title", "Earthquake near Managua")
    reach(page, page.locator("[name=kind]"))
    page.keyboard.type("Earthq")
    type_into(page, "place", "Managua, Nicaragua")
    press(page, "Declare and set the zone")

    reach(page, page.locator("[name=shape]:checked"))
    page.keyboard.press("ArrowRight")
    assert page.locator("[name=shape]:checked").get_attribute("value") == "circle"
    type_into(page, "lat", "12.14")
    type_into(page, "lon", "-86.25")
    type_into(page, "radius_km", "20")
    press(page, "Continue to message")
    press(page, "Continue to check")
    press(page, "Ask a second person to approve")

    second = opened(factories.make_officer(role=Role.APPROVER))
    second.goto(page.url)
    tick(second, "tick_zone")
    tick(second, "tick_text")
    reach(second, second.locator("button[value=approve]"))
    with second.expect_navigation():
        second.keyboard.press("Enter")
    assert "/sending/" in second.url
    assert Alert.objects.get().incident.title == "Earthquake near Managua"
