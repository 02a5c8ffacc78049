"""An officer at the board, and what is seen from there of a citizen who calls."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.flows.demos import Demo

SOON_S = 5.0
LONGEST_S = 60


@dataclass(frozen=True)
class Citizen:
    """Somebody inside who was written to by text and has not answered."""

    name: str
    number: str
    link: str


@dataclass
class Seat:
    """An officer at the board, and what was seen from there."""

    demo: Demo
    reference: str
    page: Page
    shots: Path
    wrong: list[str] = field(default_factory=list)
    waited: dict[str, list[float]] = field(default_factory=dict)

    @property
    def desk(self) -> str:
        """The address under which the incident's pages are."""
        return f"{self.demo.web}/desk/incidents/{self.reference}"

    def shoot(self, page: Page, name: str) -> None:
        """Keep a picture of what is seen, and of the whole page on a phone."""
        number = len(list(self.shots.iterdir())) + 1
        page.screenshot(path=self.shots / f"{number:03}-{name}.png", full_page=True)

    def timed(self, what: str, began: float) -> None:
        """Note how long something took; longer than it may is wrong."""
        taken_s = round(time.monotonic() - began, 2)
        self.waited.setdefault(what, []).append(taken_s)
        print(f"{what}: {taken_s} s", file=sys.stderr, flush=True)
        if taken_s > SOON_S:
            self.wrong.append(f"{what} after {taken_s} s")

    def case_of(self, citizen: Citizen, words: str, began: float, what: str) -> Any:
        """Wait until somebody's case with a reason is on the board; time it."""
        case = self.page.locator(".case[id]", has_text=citizen.name)
        case = case.filter(has_text=words).first
        try:
            expect(case).to_be_visible(timeout=LONGEST_S * 1000)
        except AssertionError:
            self.wrong.append(f"{what}: never on the board")
            self.shoot(self.page, "not-there")
            return None
        self.timed(what, began)
        return case

    def take(self, case: Any, citizen: Citizen) -> None:
        """Take a case on the board."""
        case.get_by_role("button", name="Take case").click()
        mine = self.page.locator(".case[id]", has_text=citizen.name)
        expect(mine.filter(has_text="With ").first).to_be_visible(
            timeout=LONGEST_S * 1000
        )
