"""A call for help among three hundred answers, and the same numbers everywhere.

`test_side_by_side.py` has the two browsers alone; here a crowd has answered by link and
by text, and the board, the list, the report and the export are compared in the browser
that the officer sits at.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from alerts.checkins.answers import inbox
from alerts.checkins.board import choosing
from alerts.checkins.reports import exporting
from alerts.incidents.models import Alert
from tests import factories
from tests.checkins.conftest import Sent, make_alert, make_incident, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PARTIES, SOON_MS = 150, 5_000
WORDS = ["SAFE", "all good", "estoy bien", "HELP we are trapped", "who is this"]


@pytest.fixture
def parties() -> list[Sent]:
    now = timezone.now()
    alert = make_alert(make_incident(happened_at=now, opened_at=now))
    Alert.objects.update(opens_at=now, not_after=now + timedelta(hours=9))
    numbers = range(100, 100 + PARTIES)
    sent = [send(alert, f"+1202555{number:04d}") for number in numbers]
    answer_all(sent)
    return sent


@pytest.fixture
def officer(
    browser: Browser, live_server: object, parties: list[Sent]
) -> Iterator[Page]:
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
    yield page
    context.close()


def answer_all(parties: list[Sent]) -> None:
    """Let a third tap, a third write, and a third say nothing."""
    client = Client()
    for number, each in enumerate(parties[1:]):
        if number % 3 == 0:
            word = "help" if number % 30 == 0 else "safe"
            client.post(each.path, {"status": word, "key": f"{number:032x}"})
        elif number % 3 == 1:
            form = {
                "MessageSid": f"SM{number}",
                "From": f"+1202555{101 + number:04d}",
                "To": "+1",
                "Body": WORDS[number % len(WORDS)],
            }
            inbox.store("simulated", form, "sms", timezone.now())
    while inbox.read_new(timezone.now()):
        pass


def counts_on(page: Page) -> dict[str, int]:
    """Return what the chips of the list of people say, by status."""
    found = {}
    for status in choosing.STATUSES:
        chip = page.locator(f'nav.views a[href="?status={status}"] b')
        found[status] = int(chip.inner_text().replace(",", ""))
    return found


def test_help_is_seen_among_three_hundred_and_all_numbers_are_equal(
    browser: Browser, officer: Page, live_server: object, parties: list[Sent]
) -> None:
    phone = browser.new_context(
        viewport={"width": 390, "height": 664}, is_mobile=True, has_touch=True
    )
    citizen = phone.new_page()
    citizen.goto(f"{live_server}{parties[0].path}")
    citizen.get_by_role("button", name="We need help").tap()
    mine = officer.locator(
        ".case[id]", has_text=parties[0].persons[0].full_name
    ).filter(has=officer.get_by_role("button", name="Take case"))
    expect(mine.first).to_be_visible(timeout=SOON_MS)
    citizen.get_by_label("Trapped or in danger").check()
    citizen.get_by_role("button", name="Send to the ministry").tap()
    first = officer.locator(".case[id]").first
    expect(first).to_contain_text("Trapped or in danger", timeout=SOON_MS)
    phone.close()
    at = f"{live_server}/desk/incidents/EQ-1"
    officer.goto(f"{at}/board/")
    tiles = officer.locator(".tile").all_inner_texts()
    officer.goto(f"{at}/people/")
    listed = counts_on(officer)
    officer.goto(f"{at}/reports/")
    officer.get_by_role("button", name="Make a report").click()
    report = officer.locator("main").inner_text()
    officer.goto(f"{at}/exports/")
    taken = Counter(exported(officer))
    assert sum(listed.values()) == 2 * PARTIES == sum(taken.values())
    names = exporting.STATUS_NAMES
    assert {status: taken[names[status]] for status in listed} == listed
    for status in ("needs_help", "safe", "silent"):
        assert listed[status] > 10
        assert any(re.match(rf"{listed[status]}\b", each.strip()) for each in tiles)
        assert re.search(rf"\b{listed[status]}\b", report)


def exported(page: Page) -> list[str]:
    """Ask for the list, let another officer allow it, and read the statuses in it."""
    page.locator("#x-purpose").fill("Numbers for the crisis meeting")
    page.locator("#x-purpose").press("Enter")
    other = Client()
    factories.sign_in(other, factories.make_officer())
    base = re.sub(r"https?://[^/]+", "", page.url).split("exports/")[0]
    asked = re.search(
        r"exports/\d+/allow/", other.get(f"{base}exports/").content.decode()
    )
    assert asked
    other.post(base + asked[0])
    page.goto(page.url.split("exports/")[0] + "exports/")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Fetch").first.click()
    body = fetched.value.path().read_bytes().decode("utf-8-sig")
    return [row["status"] for row in csv.DictReader(io.StringIO(body))]
