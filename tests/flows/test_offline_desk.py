"""A desk enters people while the connection is down; nothing is lost or doubled.

Some dozens in the tests; `MUSTER_OFFLINE=500` for a long day at a desk.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from consular.missions.models import Officer
from consular.people.models import Registration
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATH = "/desk/registrations/offline/"
ENTRIES = int(os.environ.get("MUSTER_OFFLINE", "60"))
FIELDS = {
    "given_name": "Invented",
    "family_name": "Guest",
    "place": "Managua, Nicaragua",
}
KEPT = """async () => {
  const opened = indexedDB.open("muster-desk", 1);
  await new Promise((done) => { opened.onsuccess = done; });
  const db = opened.result;
  const all = (name) => new Promise((done) => {
    const asked = db.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => done(asked.result);
  });
  const [rows, keys] = [await all("entries"), await all("keys")];
  db.close();
  const text = rows.map((row) => new TextDecoder().decode(row.sealed)).join();
  const extractable = keys.some((row) => row.key.extractable);
  return { rows: rows.length, text, extractable };
}"""
MANY = """async (count) => {
  const form = document.getElementById("entry");
  const items = document.getElementById("entries").children;
  for (let n = 0; n < count; n++) {
    form.elements.given_name.value = `Guest ${n}`;
    form.elements.place.value = "Managua, Nicaragua";
    form.elements.phone.value = `+1202555${String(n).padStart(4, "0")}`;
    form.elements.warn.checked = true;
    const before = items.length;
    form.requestSubmit();
    while (items.length === before) await new Promise((done) => setTimeout(done, 1));
  }
}"""


@pytest.fixture
def clerk(transactional_db: None) -> Officer:
    return factories.make_officer()


@pytest.fixture
def desk_browser(
    browser: Browser, live_server: Any, clerk: Officer, client: Any
) -> Iterator[BrowserContext]:
    factories.sign_in(client, clerk)
    context = browser.new_context(viewport={"width": 390, "height": 800})
    name = django_settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    yield context
    context.close()


@pytest.fixture
def screen(desk_browser: BrowserContext, live_server: Any) -> Page:
    page = desk_browser.new_page()
    page.goto(f"{live_server.url}{PATH}")
    expect(page.locator("#desk[data-ready]")).to_have_count(1)
    return page


def enter(page: Page, phone: str, **changes: str) -> None:
    for name, value in (FIELDS | {"phone": phone} | changes).items():
        page.locator(f"#entry [name={name}]").fill(value)
    page.locator("#entry [name=warn]").check()
    page.get_by_role("button", name="Keep it").click()


def test_entries_wait_encrypted_without_a_connection_and_go_out_once(
    screen: Page, desk_browser: BrowserContext, live_server: Any
) -> None:
    assert Axe().run(screen).response["violations"] == []
    desk_browser.set_offline(True)
    screen.evaluate(MANY, ENTRIES)
    expect(screen.locator("#state")).to_contain_text(f"{ENTRIES} waits to be sent")
    kept = screen.evaluate(KEPT)
    assert (kept["rows"], kept["extractable"]) == (ENTRIES, False)
    assert "Guest" not in kept["text"]
    assert not Registration.objects.exists()
    desk_browser.set_offline(False)
    done, longest = f"{ENTRIES} registered", 60_000 + 300 * ENTRIES
    expect(screen.locator("#state")).to_have_text(done, timeout=longest)
    assert Registration.objects.count() == ENTRIES
    screen.get_by_role("button", name="Take sent ones off the list").click()
    expect(screen.locator("#state")).to_have_text("Nothing is kept here.")
    assert screen.evaluate(KEPT)["rows"] == 0


def test_an_answer_that_is_lost_doubles_nobody_and_a_closed_page_loses_nobody(
    screen: Page, desk_browser: BrowserContext, live_server: Any
) -> None:
    def lose(route: Any) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    screen.route("**/sync/", lose)
    enter(screen, "+1 202 555 0101")
    expect(screen.locator("#state")).to_contain_text("No connection")
    assert Registration.objects.count() == 1
    screen.close(run_before_unload=False)
    again = desk_browser.new_page()
    again.goto(f"{live_server.url}{PATH}")
    expect(again.locator("#state")).to_have_text("1 registered")
    assert Registration.objects.count() == 1


def test_a_conflict_is_listed_and_the_officer_decides(
    screen: Page, desk_browser: BrowserContext
) -> None:
    known = factories.make_registration(phone="+12025550101")
    known.persons.update(given_name="Invented", family_name="Guest")
    enter(screen, "+1 202 555 0101")
    expect(screen.get_by_text("On record already:")).to_be_visible()
    expect(screen.get_by_text(known.reference)).to_be_visible()
    expect(screen.get_by_role("button", name="Leave it as it was")).to_be_hidden()
    assert screen.evaluate("document.documentElement.scrollWidth") == 390
    screen.get_by_role("button", name="Another person").click()
    expect(screen.locator("#state")).to_have_text("1 registered")
    assert Registration.objects.count() == 2


def test_a_change_made_meanwhile_is_not_overwritten_unasked(
    screen: Page, desk_browser: BrowserContext
) -> None:
    enter(screen, "+1 202 555 0101")
    expect(screen.locator("#state")).to_have_text("1 registered")
    row = Registration.objects.get()
    Registration.objects.update(revision=row.revision + 1)
    desk_browser.set_offline(True)
    screen.get_by_role("button", name="Change").click()
    enter(screen, "+1 202 555 0101", place="León, Nicaragua")
    desk_browser.set_offline(False)
    expect(screen.get_by_text("Somebody changed this meanwhile")).to_be_visible()
    assert row.stays.current().get().place == "Managua, Nicaragua"
    screen.get_by_role("button", name="Write mine over it").click()
    expect(screen.locator("#state")).to_have_text("1 registered")
    assert row.stays.current().get().place == "León, Nicaragua"


def test_signing_out_erases_what_is_kept(
    screen: Page, desk_browser: BrowserContext, live_server: Any
) -> None:
    desk_browser.set_offline(True)
    enter(screen, "+1 202 555 0101")
    expect(screen.locator("#state")).to_contain_text("1 waits")
    screen.on("dialog", lambda dialog: dialog.accept())
    screen.route("**/sync/", lambda route: route.abort())
    desk_browser.set_offline(False)
    screen.get_by_role("button", name="Sign out").click()
    screen.wait_for_url("**/desk/sign-in/**")
    names = screen.evaluate("indexedDB.databases().then((all) => all.length)")
    assert names == 0
