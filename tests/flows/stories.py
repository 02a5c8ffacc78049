"""What people do on the pages in the three stories, at a machine's or a hand's pace."""

import re
import time
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.flows.demos import Demo, until

NEAR_KM = "20"
OWN_WORDS = {
    "sms-en": "Quake near Managua. Stay out of damaged houses, away from the coast. "
    "Are you safe? {link}{reply} or text SAFE {code}{/reply}. Next word 18:00. "
    "Ministry +12025550100",
    "sms-es": "Sismo cerca de Managua. No entre en casas dañadas, aléjese de la costa. "
    "¿Está a salvo? {link}{reply} o SMS SAFE {code}{/reply}. "
    "Aviso a las 18:00. +12025550100",
}


@dataclass(frozen=True)
class Hand:
    """One officer at a page; with pauses as people need them, or without.

    Attributes
    ----------
    find_s : float
        Before each click: to see the button and to reach it.
    key_s : float
        For each key: 0.2 s are 60 words a minute.
    """

    page: Page
    find_s: float = 0.0
    key_s: float = 0.0

    def look(self, seconds: float) -> None:
        """Read for some time; a machine does not."""
        if self.find_s:
            time.sleep(seconds)

    def click(self, where: Locator) -> None:
        """Find something and click it."""
        self.look(self.find_s)
        where.click()

    def press(self, name: str) -> None:
        """Click the button of a name."""
        self.click(self.page.get_by_role("button", name=name, exact=True).last)

    def type(self, name: str, words: str) -> None:
        """Put words into a field, over what stands in it."""
        self.look(self.find_s)
        field = self.page.locator(f"[name={name}]")
        if self.key_s:
            field.fill("")
            field.press_sequentially(words, delay=self.key_s * 1000, timeout=0)
        else:
            field.fill(words)

    def tick(self, *names: str) -> None:
        """Tick boxes."""
        for name in names:
            self.look(self.find_s)
            self.page.check(f"[name={name}]")


def approve_template(writer: Page, second: Page, demo: Demo) -> str:
    """Two people approve the words for an earthquake beforehand; return their name."""
    name = f"Earthquake, ask {time.monotonic_ns() % 10_000}"
    writer.goto(f"{demo.web}/desk/templates/")
    writer.fill("[name=name]", name)
    writer.select_option("[name=phase]", "check_in")
    writer.select_option("[name=kind]", "earthquake")
    writer.get_by_role("button", name="Begin with Muster").click()
    writer.get_by_role("button", name="Ask a second person").click()
    second.goto(writer.url)
    second.get_by_role("button", name="Approve these words beforehand").click()
    expect(second.locator("main")).to_contain_text("Approved beforehand by")
    return name


def show_hazard(hand: Hand, demo: Demo) -> None:
    """Wait until the earthquake is on screen."""

    quake = hand.page.get_by_role("link", name=re.compile("Nicaragua")).first

    def heard() -> bool:
        hand.page.goto(f"{demo.web}/desk/hazards/")
        return quake.count() > 0

    until(heard, "the hazard")
    quake.click()
    expect(hand.page.get_by_role("link", name=re.compile("Declare an"))).to_be_visible()


def declare_from_hazard(hand: Hand) -> str:
    """Declare what is on screen, with the zone proposed; return the reference."""
    hand.click(hand.page.get_by_role("link", name=re.compile("Declare an")))
    hand.look(2)
    hand.press("Declare and set the zone")
    hand.page.wait_for_url("**/zone/**")
    return reference_of(hand.page)


def declare_from_nothing(
    hand: Hand, demo: Demo, title: str, place: str = "Managua, Nicaragua"
) -> str:
    """Declare an earthquake that no feed has told of."""
    hand.page.goto(f"{demo.web}/desk/incidents/new/")
    hand.type("title", title)
    hand.look(hand.find_s)
    hand.page.select_option("[name=kind]", "earthquake")
    hand.type("place", place)
    hand.press("Declare and set the zone")
    hand.page.wait_for_url("**/zone/**")
    return reference_of(hand.page)


def circle(hand: Hand) -> None:
    """Set the zone by a point and a radius, within one country."""
    hand.page.check("[name=shape][value=circle]")
    hand.type("lat", "12.14")
    hand.type("lon", "-86.25")
    hand.type("radius_km", NEAR_KM)


def drawn(hand: Hand) -> None:
    """Draw the zone on the map: four corners, and the first again."""
    hand.click(hand.page.locator("[data-tool=polygon]"))
    box = hand.page.locator("#map").bounding_box()
    assert box is not None
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    corners = [(-90, -70), (90, -70), (90, 70), (-90, 70), (-90, -70)]
    for right, below in corners:
        hand.look(hand.find_s)
        hand.page.mouse.click(across + right, down + below)
    hand.look(2)


def to_message(hand: Hand) -> None:
    """Look at the people in the zone, and go on."""
    hand.look(3)
    hand.press("Continue to message")
    hand.page.wait_for_url("**/message/**")


def choose_template(hand: Hand, name: str) -> None:
    """Begin with words that were approved beforehand."""
    hand.look(hand.find_s)
    hand.page.select_option("[name=phase]", label=f"Approved beforehand: {name}")
    hand.press("Start again from this template")


def write_own(hand: Hand) -> None:
    """Write one's own text messages in two languages, and send nothing else."""
    if not hand.page.locator("[name=sms-es]").count():
        hand.look(hand.find_s)
        hand.page.select_option("[name=language]", "es")
        hand.press("Add")
    for channel in ("email", "social"):
        hand.look(hand.find_s)
        hand.page.uncheck(f"[name=channels][value={channel}]")
    for name, words in OWN_WORDS.items():
        hand.type(name, words)


def ask(hand: Hand, reading_s: float) -> None:
    """Check what will be sent, and ask a second person."""
    hand.press("Continue to check")
    hand.page.wait_for_url("**/check/**")
    hand.look(reading_s)
    hand.press("Ask a second person to approve")
    hand.page.wait_for_url("**/approve/**")


def approve(
    hand: Hand,
    demo: Demo,
    reference: str,
    reading_s: float,
    *,
    is_one_look: bool = False,
) -> int:
    """The second person looks, ticks and approves; return the number on the button.

    Words that were approved beforehand ask for no second reading: `is_one_look`.
    """
    hand.page.goto(f"{demo.web}/desk/incidents/{reference}/approve/")
    hand.look(reading_s)
    button = hand.page.locator("button[value=approve]")
    people = int(re.sub(r"\D", "", button.inner_text()))
    hand.tick("tick_zone")
    if hand.page.locator("[name=tick_text]").count():
        assert not is_one_look
        hand.tick("tick_text")
    hand.click(button)
    hand.page.wait_for_url("**/sending/**")
    return people


def released(hand: Hand) -> None:
    """Wait on the sending page until the hold is over."""
    went = re.compile("^(Sending|Sent) to ")
    expect(hand.page.locator("main h1")).to_have_text(went, timeout=90_000)


def reference_of(page: Page) -> str:
    """Return the incident that a page is of."""
    return page.url.split("/incidents/")[1].split("/")[0]
