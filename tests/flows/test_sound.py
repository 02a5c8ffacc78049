"""The board rings for each call for help, also where nobody looks at it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from alerts.incidents.models import Alert
from tests import factories
from tests.checkins.conftest import Sent, make_alert, make_incident, say, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LATE_MS = 20_000
# Loudspeakers as browsers have them: silent until the page was touched once.
SPEAKERS = """
let tones = 0;
let made = 0;
const note = (name, number) => { document.documentElement.dataset[name] = number; };
window.AudioContext = class extends EventTarget {
  state = "suspended";
  currentTime = 0;
  destination = {};
  constructor() {
    super();
    note("made", ++made);
  }
  async resume() {
    if (!navigator.userActivation.hasBeenActive) return;
    this.state = "running";
    this.dispatchEvent(new Event("statechange"));
  }
  createOscillator() {
    const start = () => { if (this.state === "running") note("tones", ++tones); };
    return { frequency: {}, connect: (next) => next, start, stop() {} };
  }
  createGain() {
    return { gain: {}, connect: (next) => next };
  }
};
localStorage.setItem("sound", "on");
"""


@pytest.fixture
def parties() -> list[Sent]:
    now = timezone.now()
    alert = make_alert(make_incident(happened_at=now, opened_at=now))
    Alert.objects.update(opens_at=now, not_after=now + timedelta(hours=9))
    found = [send(alert, f"+1202555013{n}", party=1, code=f"7K2{n}") for n in "234"]
    say(alert.incident, found[0].persons, now=now)
    return found


@pytest.fixture
def board(browser: Browser, live_server: object, parties: list[Sent]) -> Iterator[Page]:
    client = Client()
    factories.sign_in(client, factories.make_officer())
    cookie = client.cookies["sessionid"].value
    context = browser.new_context()
    context.add_cookies(
        [{"name": "sessionid", "value": cookie, "url": str(live_server)}]
    )
    context.add_init_script(SPEAKERS)
    page = context.new_page()
    page.goto(f"{live_server}/desk/incidents/EQ-1/board/")
    yield page
    context.close()


def test_sound_that_waits_for_a_click_says_so(board: Page) -> None:
    expect(board.locator("#sound")).to_have_text("Sound on after a click")
    board.locator("#timeline").click()
    expect(board.locator("#sound")).to_have_text("Sound on")


def test_a_call_rings_while_another_ends_and_where_nobody_looks(
    board: Page, parties: list[Sent]
) -> None:
    board.locator("#timeline").click()
    first, second, third = (each.persons for each in parties)
    incident = parties[0].audience.alert.incident
    say(incident, first, "safe", now=timezone.now())
    say(incident, second, now=timezone.now())
    html = board.locator("html")
    expect(html).to_have_attribute("data-tones", "2", timeout=LATE_MS)
    board.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    say(incident, third, now=timezone.now())
    expect(html).to_have_attribute("data-tones", "4", timeout=LATE_MS)
    expect(html).to_have_attribute("data-made", "1")
