"""Somebody who registers makes every mistake there is, goes back, reloads, and is done.

In Arabic and in German, on a phone, by what the pages say: each mistake is said at its
field, the list of them leads there, and nothing that was typed is lost.
"""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from consular.people.models import Registration

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def day(number: int) -> str:
    """A day on the traveller's own phone."""
    return str(date.today() + timedelta(days=number))  # noqa: DTZ011


@pytest.fixture(params=["ar-EG", "de-DE"])
def phone(request: Any, browser: Browser, live_server: Any) -> Iterator[Page]:
    """A phone in one of two languages, with the start page open."""
    view = {"width": 390, "height": 844}
    context = browser.new_context(locale=request.param, viewport=view)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(live_server.url)
    page.locator("main a.go").click()
    yield page
    context.close()


def go(page: Page, value: str = "next") -> None:
    with page.expect_navigation():
        page.locator(f"button[value={value}]").last.click()


def wrong(page: Page, *names: str) -> None:
    """See that the page says of these fields, and of no others, what is wrong."""
    found = page.locator("[aria-invalid=true]")
    listed = found.evaluate_all("all => [...new Set(all.map(each => each.name))]")
    assert sorted(listed) == sorted(names)
    links = page.locator("[role=alert] a")
    assert links.count() >= len(names)
    links.first.click()
    reached = "document.activeElement.name || document.activeElement.id"
    assert page.evaluate(reached)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "-".join(names))


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("MUSTER_PICTURES"):
        language = page.evaluate("document.documentElement.lang")
        page.screenshot(
            path=Path(folder, f"slip-{language}-{name}.png"), full_page=True
        )


def who(page: Page) -> None:
    page.fill("[name=person-0-birth_year]", "2090")
    go(page)
    wrong(page, "person-0-given_name", "person-0-birth_year")
    page.fill("[name=person-0-given_name]", "Adalind")
    page.fill("[name=person-0-birth_year]", "1985")
    go(page)


def where(page: Page) -> None:
    page.fill("[name=stay-0-place]", "Qwertyuiopia")
    page.fill("[name=stay-0-arrives_on]", day(4))
    page.fill("[name=stay-0-departs_on]", day(2))
    go(page)
    wrong(page, "stay-0-place", "stay-0-departs_on")
    page.fill("[name=stay-0-place]", "Managua, Nicaragua")
    page.fill("[name=stay-0-arrives_on]", day(-9))
    page.fill("[name=stay-0-departs_on]", day(-4))
    go(page)
    wrong(page, "stay-0-departs_on")
    assert page.input_value("[name=stay-0-place]") == "Managua, Nicaragua"
    page.fill("[name=stay-0-departs_on]", day(4))
    go(page)


def reach(page: Page) -> None:
    go(page)
    wrong(page, "phone")
    page.fill("[name=phone]", "12")
    page.fill("[name=email]", "ada@@example")
    go(page)
    wrong(page, "phone", "email")
    page.fill("[name=phone]", "+1 202 555 0101")
    page.fill("[name=email]", "ada@example.org")
    go(page)


def test_every_mistake_is_said_and_nothing_typed_is_lost(phone: Page) -> None:
    who(phone)
    where(phone)
    reach(phone)
    go(phone)  # without agreeing
    wrong(phone, "warn")
    phone.reload()
    wrong(phone, "warn")
    for _ in range(3):
        go(phone, "back")
    assert phone.input_value("[name=person-0-given_name]") == "Adalind"
    for _ in range(3):
        go(phone)
    phone.check("[name=warn]")
    go(phone)
    expect(phone.locator("[name=code]")).to_have_count(1)
    phone.reload()
    assert Registration.objects.count() == 1


def test_a_state_that_is_lost_begins_anew_and_breaks_nothing(phone: Page) -> None:
    who(phone)
    state = phone.locator("[name=state]")
    state.evaluate("each => each.value = each.value.slice(0, 40)")
    go(phone)
    expect(phone.locator("[name=person-0-given_name]")).to_have_count(1)
