"""How long it takes people: a hazard's alert by two, and one written from nothing.

In Chromium, at the pace of people: 1.2 s to find and reach each button, 60 words a
minute, and time to read what is asked to be read. Everything is as in a live night but
the provider, which is simulated: the hold is 30 s, and the feed comes at its own speed.

`FIND_S=2 KEY_S=0.3 python -m bench.stories` is a slower hand.
"""

import os
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.__main__ import figure, save
from tests import chromium
from tests.flows import demos, stories
from tests.flows.demos import Demo, sign_in
from tests.flows.stories import Hand

FIND_S = float(os.environ.get("FIND_S", "1.2"))
KEY_S = float(os.environ.get("KEY_S", "0.2"))
READ_S = {"check": 5.0, "approve approved": 5.0, "approve new": 20.0}
FROM_HAZARD_S, FROM_NOTHING_S = 90.0, 300.0


def hands(browser: Browser, demo: Demo) -> tuple[Hand, Hand]:
    """Open the pages of the two officers."""
    pages = [sign_in(browser, demo, who) for who in ("officer", "approver")]
    first, second = (Hand(page, find_s=FIND_S, key_s=KEY_S) for page in pages)
    return first, second


def from_hazard(first: Hand, second: Hand, demo: Demo) -> float:
    """Return seconds from a hazard on screen to the release, by two people."""
    name = stories.approve_template(first.page, second.page, demo)
    stories.show_hazard(first, demo)
    began = time.monotonic()
    first.look(3)
    reference = stories.declare_from_hazard(first)
    stories.to_message(first)
    stories.choose_template(first, name)
    stories.ask(first, READ_S["check"])
    reading_s = READ_S["approve approved"]
    stories.approve(second, demo, reference, reading_s, is_one_look=True)
    stories.released(second)
    return time.monotonic() - began


def from_nothing(first: Hand, second: Hand, demo: Demo) -> float:
    """Return seconds from an empty form to the release: drawn zone, own words twice."""
    began = time.monotonic()
    reference = stories.declare_from_nothing(first, demo, "Earthquake near Managua")
    stories.drawn(first)
    stories.to_message(first)
    stories.write_own(first)
    stories.ask(first, READ_S["check"])
    stories.approve(second, demo, reference, READ_S["approve new"])
    stories.released(second)
    return time.monotonic() - began


def main() -> None:
    """Play both and print how long they took, the hold included."""
    with (
        tempfile.TemporaryDirectory(prefix="muster-stories-") as folder,
        demos.running(Path(folder), speed=1) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        first, second = hands(browser, demo)
        hazard_s = from_hazard(first, second, demo)
        nothing_s = from_nothing(first, second, demo)
        browser.close()
    save(
        "stories",
        [
            figure(
                f"hazard to release {hazard_s:.0f} s",
                FROM_HAZARD_S / hazard_s,
                "×",
                "90 s",
                1,
                1.0,
            ),
            figure(
                f"nothing to release {nothing_s:.0f} s",
                FROM_NOTHING_S / nothing_s,
                "×",
                "300 s",
                1,
                1.0,
            ),
        ],
    )


if __name__ == "__main__":
    main()
