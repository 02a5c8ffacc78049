"""An answer given without a connection is kept on the phone and sent, once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from alerts.checkins.models import CheckIn, Standing
from alerts.incidents.models import Alert
from tests.checkins.conftest import Sent, make_alert, make_incident, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def party() -> Sent:
    now = timezone.now()
    alert = make_alert(make_incident(happened_at=now, opened_at=now))
    Alert.objects.update(opens_at=now, not_after=now + timedelta(hours=9))
    return send(alert, "+12025550101")


@pytest.fixture
def phone(browser: Browser, live_server: object) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 390, "height": 664}, is_mobile=True, has_touch=True
    )
    yield context
    context.close()


def opened_offline(phone: BrowserContext, url: str) -> Page:
    page = phone.new_page()
    page.goto(url)
    phone.set_offline(True)
    return page


def test_a_call_without_a_connection_is_kept_and_sent_once(
    phone: BrowserContext, party: Sent, live_server: object
) -> None:
    page = opened_offline(phone, f"{live_server}{party.path}")
    page.get_by_role("button", name="We need help").tap()
    kept = page.get_by_text("Your answer is kept on this phone")
    expect(kept).to_be_visible()
    assert CheckIn.objects.count() == 0
    phone.set_offline(False)
    expect(page.get_by_role("heading", name="Saved: you need help")).to_be_visible()
    assert CheckIn.objects.count() == 2
    assert set(Standing.objects.values_list("status", flat=True)) == {"needs_help"}
    assert page.evaluate("localStorage.length") == 0


def test_each_tap_without_a_connection_is_kept_and_the_last_one_counts(
    phone: BrowserContext, party: Sent, live_server: object
) -> None:
    page = opened_offline(phone, f"{live_server}{party.path}")
    for name in ("We need help", "We are safe", "We need help"):
        page.get_by_role("button", name=name).tap()
    page.wait_for_function("JSON.parse(Object.values(localStorage)[0]).length === 3")
    phone.set_offline(False)
    expect(page.get_by_role("heading", name="Saved: you need help")).to_be_visible()
    assert set(Standing.objects.values_list("status", flat=True)) == {"needs_help"}
    said = CheckIn.objects.filter(person=party.persons[0]).order_by("pk")
    words = ["needs_help", "safe", "needs_help"]
    assert list(said.values_list("status", flat=True)) == words


def test_two_quick_taps_of_one_kind_are_one_answer(
    phone: BrowserContext, party: Sent, live_server: object
) -> None:
    page = opened_offline(phone, f"{live_server}{party.path}")
    page.get_by_role("button", name="We are safe").dblclick()
    page.wait_for_function("localStorage.length === 1")
    assert page.evaluate("JSON.parse(Object.values(localStorage)[0]).length") == 1


def test_the_page_works_without_its_script(
    browser: Browser, party: Sent, live_server: object
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server}{party.path}")
    page.get_by_role("button", name="We are safe").click()
    expect(page.get_by_role("heading", name="Saved: you are safe")).to_be_visible()
    context.close()
    assert CheckIn.objects.count() == 2


def test_a_call_that_is_tapped_while_safe_is_being_sent_is_kept_and_sent_after_it(
    phone: BrowserContext, party: Sent, live_server: object
) -> None:
    page = phone.new_page()
    page.goto(f"{live_server}{party.path}")
    held: list[Route] = []
    posts: list[str] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            posts.append(route.request.post_data or "")
        held.append(route) if len(posts) == 1 else route.continue_()

    page.route(f"**{party.path}", hold)
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_role("button", name="We are safe").tap()
    page.get_by_role("button", name="We need help").tap()
    page.wait_for_function("JSON.parse(Object.values(localStorage)[0]).length === 2")
    assert len(posts) == 1
    held[0].continue_()
    expect(page.get_by_role("heading", name="Saved: you need help")).to_be_visible()
    assert set(Standing.objects.values_list("status", flat=True)) == {"needs_help"}


def test_an_answer_for_nobody_on_a_shared_phone_is_asked_for_again(
    phone: BrowserContext, party: Sent, live_server: object
) -> None:
    other = send(Alert.objects.get(), "+12025550101", code="BB33")
    page = phone.new_page()
    page.goto(f"{live_server}{other.path}")
    for box in page.locator("input[name=person]").all():
        box.uncheck()
    page.get_by_role("button", name="We are safe").tap()
    expect(page.get_by_role("alert")).to_contain_text("Who is this answer for?")
    assert CheckIn.objects.count() == 0
    page.get_by_role("button", name="We are safe").tap()
    expect(page.get_by_role("heading", name="Saved: you are safe")).to_be_visible()
