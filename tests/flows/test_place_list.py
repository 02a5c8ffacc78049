"""A list of places under the field, in a browser: by keys, by touch, without it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from geo import gazetteer
from tests.people import forms_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLACE, CHOSEN = "[name=stay-0-place]", "[name=stay-0-chosen]"


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone that keeps what it is refused."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text))
    gazetteer.load()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert [each for each in errors if "status of 400" not in each] == []


def where(page: Page, url: str, language: str = "en") -> Page:
    """Walk to the second page of the form."""
    page.goto(f"{url}/register/?lang={language}")
    page.fill("[name=person-0-given_name]", "Invented")
    with page.expect_navigation():
        page.locator("button.go").click()
    return page


def begin(page: Page, letters: str) -> None:
    """Type letters, and wait for the list."""
    page.locator(PLACE).press_sequentially(letters)
    expect(page.locator("[role=option]").first).to_be_visible()


def picture(page: Page, name: str) -> None:
    found = [each["id"] for each in Axe().run(page).response["violations"]]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if folder := os.environ.get("MUSTER_PICTURES"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=Path(folder, f"places-{name}-{scheme}.png"))


def test_a_place_is_chosen_with_keys_alone(phone: Page, live_server: Any) -> None:
    page = where(phone, live_server.url)
    begin(page, "leon")
    field = page.locator(PLACE)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").last).to_contain_text("Places found: 6.")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[aria-selected=true]")).to_have_count(1)
    active = field.get_attribute("aria-activedescendant")
    label = page.locator(f"[id='{active}']").inner_text()
    picture(page, "keys")
    page.keyboard.press("Enter")
    expect(field).to_have_value(label)
    expect(page.locator("[role=listbox]")).to_be_hidden()
    assert page.locator(CHOSEN).input_value()
    page.fill("[name=stay-0-arrives_on]", forms_of.day(4))
    page.fill("[name=stay-0-departs_on]", forms_of.day(12))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("[name=phone]")).to_be_visible()


def test_escape_closes_the_list_and_what_is_typed_after_a_choice_undoes_it(
    phone: Page, live_server: Any
) -> None:
    page = where(phone, live_server.url)
    begin(page, "granada")
    page.keyboard.press("Escape")
    expect(page.locator("[role=listbox]")).to_be_hidden()
    expect(page.locator(PLACE)).to_have_value("granada")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator(CHOSEN).input_value()
    page.keyboard.press("Backspace")
    assert page.locator(CHOSEN).input_value() == ""


def test_a_place_is_chosen_by_touch_from_right_to_left(
    phone: Page, live_server: Any
) -> None:
    page = where(phone, live_server.url, "ar")
    begin(page, "الأقص")
    option = page.locator("[role=option]").first
    expect(option).to_contain_text("Luxor")
    assert option.bounding_box()["height"] >= 44
    picture(page, "arabic")
    option.click()
    expect(page.locator(PLACE)).to_have_value("Luxor, Egypt")
    expect(page.locator(PLACE)).to_be_focused()


def test_quick_letters_ask_once_and_no_address_holds_what_was_typed(
    phone: Page, live_server: Any
) -> None:
    asked: list[Request] = []
    phone.on("request", lambda request: asked.append(request))
    page = where(phone, live_server.url)
    begin(page, "managua")
    sent = [each for each in asked if each.url.endswith("/places/")]
    assert [each.method for each in sent] == ["POST"]
    assert not any("anagua" in each.url for each in asked)
    assert page.context.cookies() == []


def test_without_an_answer_the_page_is_as_it_was(phone: Page, live_server: Any) -> None:
    page = where(phone, live_server.url)
    page.route("**/places/", lambda route: route.fulfill(status=204))
    with page.expect_response("**/places/"):
        page.locator(PLACE).press_sequentially("san jose")
    expect(page.locator("[role=listbox]")).to_be_hidden()
    page.fill("[name=stay-0-arrives_on]", forms_of.day(4))
    page.fill("[name=stay-0-departs_on]", forms_of.day(12))
    with page.expect_navigation():
        page.locator("button.go").click()
    radios = page.locator(f"{CHOSEN}[type=radio]")
    expect(radios.first).to_be_visible()
    picture(page, "asked")
    page.locator(PLACE).fill("")
    page.unroute("**/places/")
    begin(page, "san jose, costa")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    with page.expect_navigation():
        page.locator("button.go").click()
    expect(page.locator("[name=phone]")).to_be_visible()
