"""One watched send: what its page says, what the ledger says, pictures of both."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page

from tests.flows import demos, stories
from tests.flows.demos import Demo
from tests.flows.stories import Hand

LOOK_S = 3.0
INTERRUPTED = ("ERR_ABORTED", "interrupted by another navigation")
CORNERS = "72, -130\n72, 60\n-55, 60\n-55, -130"
SHOWN = ("waiting", "accepted", "delivered", "unclear", "failed", "stopped")


def go(page: Page, url: str) -> None:
    """Open a page, also in the moment in which the one before looks again by itself."""
    for _ in range(5):
        try:
            page.goto(url)
        except Error as error:
            if not any(word in str(error) for word in INTERRUPTED):
                raise
        else:
            return


def warn(
    browser: Browser, demo: Demo, title: str, *, is_posted: bool = True
) -> tuple[str, int, Hand, Hand]:
    """Warn everyone between Asia and America by hand, as two people do it.

    Returns
    -------
    tuple
        The incident's reference, the people on the button, and both officers, the
        second on the page of what is sent.
    """
    officer = Hand(demos.sign_in(browser, demo, "officer"))
    reference = stories.declare_from_nothing(officer, demo, title)
    officer.page.check("[name=shape][value=polygon]")
    officer.page.locator("[name=corners]").evaluate(
        "(field, said) => { field.value = said }", CORNERS
    )
    stories.to_message(officer)
    if not is_posted:
        officer.page.uncheck("[name=channels][value=social]")
    stories.ask(officer, 0)
    second = Hand(demos.sign_in(browser, demo, "approver"))
    people = stories.approve(second, demo, reference, 0)
    stories.released(second)
    return reference, people, officer, second


@dataclass
class Watch:
    """One watched send: its pages, its pictures, what did not agree."""

    demo: Demo
    reference: str
    page: Page
    shots: Path
    cause: int = 0
    count: int = 0
    wrong: list[str] = field(default_factory=list)
    looks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cause_page(self) -> str:
        """The address of the alert's messages in the mail room."""
        return f"{self.demo.web}/desk/sending/{self.cause}/"

    @property
    def incident_page(self) -> str:
        """The address of the incident's own page of what is sent."""
        return f"{self.demo.web}/desk/incidents/{self.reference}/sending/"

    def ledger(self) -> Counter[str]:
        """Count the alert's messages by what the page calls them."""
        from django.db.models import Count  # noqa: PLC0415 - Django is set up later

        from alerts.dispatch.models import Message  # noqa: PLC0415
        from alerts.dispatch.watching.progress import PART_OF  # noqa: PLC0415

        rows = Message.objects.filter(cause=self.cause).order_by()
        found: Counter[str] = Counter(dict.fromkeys(SHOWN, 0))
        for state, number in rows.values_list("state").annotate(n=Count("id")):
            found[PART_OF[state]] += number
        return found

    def journal(self) -> set[str]:
        """Return the ids of this alert's messages that the provider has taken."""
        from alerts.dispatch.models import Message  # noqa: PLC0415
        from alerts.exercises import journal  # noqa: PLC0415

        ours = Message.objects.filter(cause=self.cause).values_list("uid", flat=True)
        taken = journal.read(self.demo.journal_path).references()
        return {str(uid) for uid in ours} & set(taken)

    def stories(self, uids: Iterable[str]) -> list[str]:
        """Say of some messages what was tried and what came of it; no address."""
        from alerts.dispatch.models import Message  # noqa: PLC0415

        return [
            f"{row.channel} {row.state} {row.provider_code} x{row.repeats}: "
            + ", ".join(
                f"{each.outcome or 'begun'} by {each.account} {each.detail}".strip()
                for each in row.attempts.order_by("number")
            )
            for row in Message.objects.filter(uid__in=list(uids)[:20])
        ]

    def shoot(self, name: str) -> None:
        """Keep a picture of the page."""
        self.count += 1
        path = self.shots / f"{self.count:03}-{name}.png"
        self.page.screenshot(path=path, full_page=True)

    def look(self, name: str) -> Counter[str]:
        """Compare the cause's page with the ledger; return what the page says."""
        before = self.ledger()
        go(self.page, self.cause_page)
        after = self.ledger()
        said = self.parts()
        for part in (each for each in SHOWN if each != "unclear"):  # comes and goes
            low, high = sorted((before[part], after[part]))
            slack = abs(high - low) + 400 * (low != high)  # what moves both ways
            if not low - slack <= said[part] <= high + slack:
                self.wrong.append(f"{name}: {part} {said[part]}, not {low} to {high}")
        if said.total() != after.total() and before.total() == after.total():
            self.wrong.append(f"{name}: {said.total()} messages, not {after.total()}")
        lead = self.page.locator("main .muted.small").first.inner_text()
        self.looks.append({"look": name, "lead": lead, **said})
        self.shoot(name)
        return said

    def parts(self) -> Counter[str]:
        """Add up the table by country, as a reader would."""
        found: Counter[str] = Counter(dict.fromkeys(SHOWN, 0))
        for row in self.page.locator("[data-countries] tbody tr").all_inner_texts():
            cells = row.split("\t")
            numbers = [int(cell.replace(",", "")) for cell in cells[2:]]
            for part, number in zip(SHOWN, numbers, strict=False):
                found[part] += number
            if sum(numbers[:-1]) != numbers[-1]:
                self.wrong.append(f"a row does not add up: {cells}")
        return found

    def at_rest(self, name: str) -> None:
        """Compare page, ledger and journal when nothing moves any more."""
        self.settle()
        said = self.look(name)
        ledger = self.ledger()
        if said != ledger:
            self.wrong.append(f"{name}: the page says {said}, the ledger {ledger}")
        lost = self.known_left() - self.journal()
        if lost:
            words = "; ".join(self.stories(lost))
            self.wrong.append(f"{name}: {len(lost)} never arrived: {words}")

    def known_left(self) -> set[str]:
        """Return the ids of those that have left for sure, by the ledger."""
        from alerts.dispatch.models import Message  # noqa: PLC0415
        from alerts.dispatch.watching.progress import LEFT  # noqa: PLC0415

        rows = Message.objects.filter(cause=self.cause, state__in=LEFT)
        return {str(uid) for uid in rows.values_list("uid", flat=True)}

    def settle(self, longest_s: float = 90.0) -> None:
        """Wait until two looks at the ledger say the same, and nothing is unclear."""
        by_s, before = time.monotonic() + longest_s, None
        while time.monotonic() < by_s:
            now = self.ledger()
            if now == before and not now["unclear"]:
                return
            before = now
            time.sleep(LOOK_S)

    def sending(self, name: str) -> None:
        """Take a picture of the incident's own page of it."""
        go(self.page, self.incident_page)
        self.shoot(name)
