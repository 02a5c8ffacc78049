"""Register as people do: how long it takes, and how soon the form is there.

A browser the size of a phone fills in the four pages at the pace of hands: a pause to
read each page and to find each field, and a third of a second for each letter, as on
the glass of a phone (36 words a minute; Palin et al., 2019, MobileHCI). Once one
person with one stop, once a family of five with three stops, one of them a child, of
which two towns have namesakes. Then the first page is loaded as over an old network,
120 kbit/s and 600 ms away, without anything kept from before.
"""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from bench.__main__ import figure, save
from bench.citizens import web
from tests import chromium

LIMIT_ONE_S, LIMIT_FAMILY_S, LIMIT_LOAD_S, LIMIT_BYTES = 120.0, 240.0, 2.0, 20_000.0
READ_S, FIND_S, KEY_S = 3.0, 1.2, 1 / 3
PACE = float(os.environ.get("PACE", "1"))  # 0 to try the walk without its pauses
OLD_NETWORK = {
    "offline": False,
    "latency": 600,
    "downloadThroughput": 120_000 / 8,
    "uploadThroughput": 120_000 / 8,
}
LOADS = 5
NAMES = ("Ana", "Bruno", "Carla", "David", "Elena")
STOPS = ("Managua, Nicaragua", "Granada", "León")
WEIGHT = "performance.getEntriesByType('navigation')[0].transferSize"
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


@dataclass
class Thumb:
    """Somebody with a phone; `heaviest` is the largest page that they were sent."""

    page: Page
    heaviest: int = 0

    def wait(self, seconds: float) -> None:
        """Read or look for something."""
        time.sleep(seconds * PACE)

    def type(self, name: str, words: str) -> None:
        """Find a field and type into it, letter by letter."""
        self.wait(FIND_S)
        field = self.page.locator(f"[name={name}]")
        field.press_sequentially(words, delay=KEY_S * 1000 * PACE, timeout=0)

    def choose_day(self, name: str, days: int) -> None:
        """Choose a day: find the field, and three taps in the calendar."""
        self.wait(FIND_S * 4)
        day = datetime.now(UTC).date() + timedelta(days=days)
        self.page.fill(f"[name={name}]", day.isoformat())

    def tap(self, where: Locator) -> None:
        """Find something and tap it."""
        self.wait(FIND_S)
        where.click()

    def go(self, value: str = "next") -> None:
        """Find a button, tap it, and read what comes."""
        self.wait(FIND_S)
        with self.page.expect_navigation():
            self.page.locator(f"button[value={value}]").last.click()
        self.heaviest = max(self.heaviest, self.page.evaluate(WEIGHT))
        self.wait(READ_S if value == "next" else 0)


def register(thumb: Thumb, start: str, people: int, stops: int) -> float:
    """Walk from the start page until all is sent; return how many seconds it took."""
    page = thumb.page
    begun = time.perf_counter()
    page.goto(start)
    thumb.wait(READ_S)
    with page.expect_navigation():
        thumb.tap(page.locator("main a.go"))
    say_who(thumb, people)
    say_where(thumb, stops)
    thumb.type("phone", "+12025550101")
    thumb.go()
    thumb.tap(page.locator("[name=warn]"))
    thumb.go()
    assert page.locator("[name=code]").count() == 1, page.url
    return time.perf_counter() - begun


def say_who(thumb: Thumb, people: int) -> None:
    """Name everybody; the youngest of a family is a child whom somebody looks after."""
    for index, name in enumerate(NAMES[:people]):
        if index:
            thumb.go("add-person")
        thumb.type(f"person-{index}-given_name", name)
        thumb.type(f"person-{index}-family_name", "Invented")
        if index == len(NAMES) - 1:
            thumb.type(f"person-{index}-birth_year", "2016")
    thumb.go()
    if people == len(NAMES):
        thumb.tap(thumb.page.get_by_role("radio", name=NAMES[0]))
        thumb.go()


def say_where(thumb: Thumb, stops: int) -> None:
    """Name each place with its days, and choose between namesakes."""
    for index in range(stops):
        if index:
            thumb.go("add-stay")
        thumb.type(f"stay-{index}-place", STOPS[index])
        thumb.choose_day(f"stay-{index}-arrives_on", 4 * index)
        thumb.choose_day(f"stay-{index}-departs_on", 4 * index + 4)
    thumb.go()
    if stops > 1:
        for index in range(1, stops):
            thumb.tap(
                thumb.page.locator(f"[type=radio][name=stay-{index}-chosen]").first
            )
        thumb.go()


def first_load(browser: Browser, url: str) -> tuple[float, int]:
    """Return the median seconds to the whole page on an old network, and its bytes."""
    taken = []
    for _ in range(LOADS):
        context = browser.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        context.new_cdp_session(page).send(
            "Network.emulateNetworkConditions", OLD_NETWORK
        )
        page.goto(url)
        taken.append(page.evaluate(LOADED) / 1000)
        weight = page.evaluate(WEIGHT)
        context.close()
    return sorted(taken)[LOADS // 2], weight


def main() -> None:
    """Serve, walk twice, load slowly, tell."""
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = f"http://127.0.0.1:{port}/"
    with web(port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        rows = []
        heaviest = 0
        for what, limit, people, stops in (
            ("one person, one stop", LIMIT_ONE_S, 1, 1),
            ("family of five, three stops", LIMIT_FAMILY_S, 5, 3),
        ):
            context = browser.new_context(
                viewport={"width": 390, "height": 844}, locale="en-IE"
            )
            thumb = Thumb(context.new_page())
            took = register(thumb, start, people, stops)
            heaviest = max(heaviest, thumb.heaviest)
            rows.append(figure(f"limit, {what}", limit, "s", "measured", took, 1.0))
            context.close()
        load_s, weight = first_load(browser, f"{start}register/")
        browser.close()
    rows += [
        figure(
            "limit, first load at 120 kbit/s",
            LIMIT_LOAD_S,
            "s",
            "measured",
            load_s,
            1.0,
        ),
        figure(
            "limit, heaviest page sent",
            LIMIT_BYTES,
            "bytes",
            "measured",
            max(heaviest, weight),
            1.0,
        ),
    ]
    save("forms", rows)


if __name__ == "__main__":
    main()
