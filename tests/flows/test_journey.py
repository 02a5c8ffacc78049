"""Register, hazard, declare, approve, SMS, reply, board: as people do it, in a browser.

Nothing of Muster is replaced: the demo's own processes serve the pages, the recorded
feed and the simulated provider are the only things from outside. The pictures that the
README shows are taken on the way when `MUSTER_PICTURES` names a folder.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from alerts.exercises import journal
from tests.flows.demos import Demo, sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.journey]
PHONE = "+12025550199"
WIDE, NARROW = (1440, 900), (390, 844)


def picture(page: Page, name: str) -> None:
    """Keep a picture at both sizes, light and dark, where they are wanted."""
    folder = os.environ.get("MUSTER_PICTURES")
    if not folder:
        return
    for width, height in (WIDE, NARROW):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(400)
            path = Path(folder, f"{name}-{width}-{scheme}.png")
            page.screenshot(path=path)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.emulate_media(color_scheme="light")


def register(page: Page, demo: Demo) -> None:
    """A citizen registers a family's trip to León and confirms it by the SMS."""
    page.goto(f"{demo.web}/register/?lang=en")
    picture(page, "register")
    page.fill("[name=person-0-given_name]", "Ada")
    page.fill("[name=person-0-family_name]", "Testwell")
    page.get_by_role("button", name="Add a person").click()
    page.fill("[name=person-1-given_name]", "Ben")
    page.get_by_role("button", name="Next").last.click()
    page.fill("[name=stay-0-place]", "León, Nicaragua")
    page.fill("[name=stay-0-arrives_on]", "2020-01-01")
    page.fill("[name=stay-0-departs_on]", "2090-01-01")
    page.get_by_role("button", name="Next").last.click()
    if page.locator("[name=stay-0-chosen][type=radio]").count():
        page.locator("[name=stay-0-chosen]").first.check()
        page.get_by_role("button", name="Next").last.click()
    page.fill("[name=phone]", "12")
    page.get_by_role("button", name="Next").last.click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.input_value("[name=phone]") == "12"
    page.fill("[name=phone]", PHONE)
    page.get_by_role("button", name="Next").last.click()
    page.check("[name=warn]")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("h1")).to_have_text("Almost done")
    page.goto(own_link(page, demo, "/confirm/"))
    page.get_by_role("button", name="Yes, this is my registration").click()
    expect(page.locator("h1")).to_have_text("Your registration")


def declare(page: Page, demo: Demo) -> str:
    """An officer declares the incident from the hazard; return its reference."""

    def proposed() -> bool:
        page.goto(f"{demo.web}/desk/hazards/")
        return page.get_by_role("link", name="Declare an incident").count() > 1

    until(proposed, "the proposal on the hazards page")
    picture(page, "hazards")
    page.get_by_role("link", name="Look closer").first.click()
    picture(page, "hazard")
    page.get_by_role("link", name="Declare an incident").click()
    page.get_by_role("button", name="Declare and set the zone").click()
    page.wait_for_url("**/zone/**")
    page.wait_for_timeout(800)
    picture(page, "zone")
    return page.url.split("/incidents/")[1].split("/")[0]


def write(page: Page) -> None:
    """The officer writes in two languages and hands it to a second person."""
    page.get_by_role("button", name="Continue to message").click()
    page.wait_for_url("**/message/**")
    if page.locator("section.col").count() < 2:
        page.select_option("[name=language]", "es")
        page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("section.col")).to_have_count(2)
    picture(page, "message")
    page.get_by_role("button", name="Continue to check").click()
    page.wait_for_url("**/check/**")
    picture(page, "check")
    page.locator("button.big-btn").first.click()


def approve(page: Page, demo: Demo, reference: str) -> int:
    """A second person sees what will be sent and says yes; return the number."""
    page.goto(f"{demo.web}/desk/incidents/{reference}/approve/")
    picture(page, "approve")
    button = page.locator("button[value=approve]")
    expect(button).to_contain_text("exercise")
    people = int(re.sub(r"\D", "", button.inner_text()))
    page.check("[name=tick_zone]")
    page.check("[name=tick_text]")
    button.click()
    page.wait_for_url("**/sending/**")
    picture(page, "hold")
    return people


def test_from_a_registration_to_an_answer_on_the_board(
    browser: Browser, page: Page, demo: Demo
) -> None:
    register(page, demo)
    officer = sign_in(browser, demo, "officer")
    reference = declare(officer, demo)
    write(officer)
    people = approve(sign_in(browser, demo, "approver"), demo, reference)
    assert people > 0

    until(lambda: demo.texts("EXERCISE", "/c/"), "the alert by SMS")
    officer.goto(f"{demo.web}/desk/incidents/{reference}/sending/")
    picture(officer, "sending")
    page.goto(f"{demo.phones}/")
    picture(page, "phones")
    link = own_link(page, demo, "/c/")
    page.goto(link)
    expect(page.locator("h1")).to_have_text("Are you safe?")
    picture(page, "answer")
    page.get_by_role("button", name="We need help").click()
    expect(page.locator("h1")).to_have_text("Saved: you need help")
    page.check("[name=need][value=trapped]")
    page.fill("[name=note]", "Staircase is blocked")
    picture(page, "help")
    page.get_by_role("button", name="Send to the ministry").click()

    duty = sign_in(browser, demo, "duty officer")
    board = f"{demo.web}/desk/incidents/{reference}/board/"
    duty.goto(board)
    case = duty.locator(".case", has_text="Ada Testwell")
    expect(case).to_contain_text("Trapped or in danger")
    expect(case).to_contain_text("Staircase is blocked")
    until(lambda: answers(duty, board) > 5, "simulated people to answer")
    picture(duty, "board")
    case = duty.locator(".case", has_text="Ada Testwell")
    case.get_by_role("button", name="Take case").click()
    until(lambda: demo.texts("an officer has your call for help"), "the notice")
    add_up(duty)

    page.goto(link + "?again=1&lang=ar")
    assert page.locator("html").get_attribute("dir") == "rtl"
    picture(page, "answer-ar")


def own_link(page: Page, demo: Demo, kind: str) -> str:
    """Find the SMS to our citizen in the provider's journal, and the link in it."""

    def bodies() -> list[str]:
        rows = journal.read(demo.journal_path).accepted("sms")
        return [
            row["body"] for row in rows if row["to"] == PHONE and kind in row["body"]
        ]

    until(bodies, f"a text with {kind} on our citizen's phone")
    assert len(bodies()) == 1
    return re.search(rf"http\S+{kind}\S+", bodies()[0])[0]


def answers(page: Page, board: str) -> int:
    page.goto(board)
    words = page.locator(".tile.total span").inner_text()
    return int(re.sub(r"\D", "", words))


def add_up(page: Page) -> None:
    """The numbers on the board are those of its tiles, and of the people's list."""

    def number(selector: str) -> list[int]:
        words = page.locator(selector).inner_text()
        return [int(n.replace(",", "")) for n in re.findall(r"[\d,]+", words)]

    inside = number(".tile.total b")[0]
    parts = number(".t-help b")[0] + number(".t-none b")[0] + number(".t-unre b")[0]
    safe = number(".t-safe b")
    assert parts + sum(safe) == inside
    page.get_by_role("link", name="People", exact=True).first.click()
    expect(page.locator("main .muted").first).to_contain_text(f"{inside:,} persons")
