"""Two families, three stops each, in Arabic and German, from the page alone.

They register on a phone with what the pages tell them and nothing else, confirm, are
found in a preview, warned in their language, and answer. Then they delete everything,
and all that there is is searched for them: as it is stored, as the keys open it, for
what stood there sealed, and in the files beside the database.
"""

import os
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from alerts.exercises import journal
from tests.flows import stories
from tests.flows.demos import Demo, sign_in, until
from tests.flows.stories import Hand

pytestmark = [pytest.mark.browser, pytest.mark.journey]
OUTSIDE = "provider.jsonl"  # other people's phones: not ours to erase
SEARCH = """
from tests import whole
stored, opened, files = whole.stored(), whole.opened(), whole.files("{outside}")
answer = {{
    "as stored": [value for value in {sealed} + {plain} if value.lower() in stored],
    "opened": [value for value in {plain} if value.lower() in opened],
    "files": [value for value in {typed} if value.lower() in files],
}}
"""
SEALED = """
from consular.people.models import Registration
from tests import whole
answer = whole.sealed_of(Registration.objects.get(reference="{0}").pk)
"""


@dataclass(frozen=True)
class Family:
    """What a family knows: its names, its journey, its phone; not our pages."""

    language: str
    locale: str
    members: tuple[tuple[str, str, str], ...]
    need: str
    stops: tuple[str, str, str]
    first: str
    phone: str
    home: tuple[str, str]
    says: str
    is_rtl: bool = False

    @property
    def email(self) -> str:
        """An address by mail, unlike any other."""
        return f"family.{self.language}.{self.phone[-4:]}@example.org"

    def values(self) -> list[str]:
        """What must be nowhere in the end."""
        names = [name for given, family, _ in self.members for name in (given, family)]
        words = (self.need, self.email, self.phone[1:], *self.home, self.home[1][1:])
        return sorted({*names, *words})


ARABIC = Family(
    language="ar",
    locale="ar-EG",
    members=(
        ("ليلىمخترعة", "زخرفانيوس", "1986"),
        ("ساميمخترع", "زخرفانيوس", "1984"),
        ("نورمخترع", "زخرفانيوس", "2015"),
    ),
    need="إنسولين مخترع",
    stops=("القاهرة", "الأقصر", "أسوان"),
    first="Cairo, Muhafazat al Qahirah, Egypt – مصر",
    phone="+12025550171",
    home=("جدةمخترعة", "+12025550173"),
    says="نحن بأمان",
    is_rtl=True,
)
GERMAN = Family(
    language="de",
    locale="de-DE",
    members=(
        ("Jörgenfried", "Prüferquist", "1980"),
        ("Annelieswind", "Prüferquist", "1982"),
        ("Maximilianus", "Prüferquist", "2014"),
    ),
    need="Insulin, erfunden",
    stops=("Kairo", "Luxor", "Assuan"),
    first="Cairo, Muhafazat al Qahirah, Egypt – Ägypten",
    phone="+12025550172",
    home=("Omawilhelmine", "+12025550174"),
    says="Wir brauchen Hilfe",
)


def picture(page: Page, name: str) -> None:
    """Look for what keeps people out; keep pictures, light and dark, where wanted."""
    found = [each["id"] for each in Axe().run(page).response["violations"]]
    assert (name, found) == (name, [])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if folder := os.environ.get("MUSTER_PICTURES"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            path = Path(folder, f"family-{name}-{scheme}.png")
            page.screenshot(path=path, full_page=True)
        page.emulate_media(color_scheme="light")


def register(page: Page, demo: Demo, family: Family) -> None:
    """Begin at the start page, in the language of the phone, and walk four pages."""
    page.goto(f"{demo.web}/")
    direction = "rtl" if family.is_rtl else "ltr"
    assert page.evaluate("document.documentElement.dir") == direction
    picture(page, f"{family.language}-home")
    press(page, page.locator("main a.go"))
    for index, (given, name, born) in enumerate(family.members):
        if index:
            press(page, page.locator("[value=add-person]"))
        page.fill(f"[name=person-{index}-given_name]", given)
        page.fill(f"[name=person-{index}-family_name]", name)
        page.fill(f"[name=person-{index}-birth_year]", born)
    page.fill("[name=person-0-needs]", family.need)
    go(page)
    page.get_by_role("radio", name=family.members[1][0]).check()
    picture(page, f"{family.language}-who")
    go(page)
    today = date.today()  # noqa: DTZ011 - the day on the traveller's own phone
    for index, stop in enumerate(family.stops):
        if index:
            press(page, page.locator("[value=add-stay]"))
        begins = today + timedelta(days=4 * index - 2)
        page.fill(f"[name=stay-{index}-place]", stop)
        page.fill(f"[name=stay-{index}-arrives_on]", str(begins))
        page.fill(f"[name=stay-{index}-departs_on]", str(begins + timedelta(days=4)))
    go(page)
    picture(page, f"{family.language}-where")
    page.get_by_role("radio", name=family.first, exact=True).check()
    go(page)
    page.fill("[name=phone]", family.phone)
    page.fill("[name=email]", family.email)
    page.locator("summary").click()
    page.fill("[name=emergency_name]", family.home[0])
    page.fill("[name=emergency_phone]", family.home[1])
    picture(page, f"{family.language}-reach")
    go(page)
    said = page.locator("dl").inner_text()
    assert all(given in said for given, _, _ in family.members)
    assert said.count("Egypt – ") == len(family.stops)
    for box in page.locator("main input[type=checkbox]").all():
        box.check()
    picture(page, f"{family.language}-check")
    go(page)
    picture(page, f"{family.language}-registered")


def go(page: Page) -> None:
    press(page, page.locator("button.go"))


def press(page: Page, button: Locator) -> None:
    """Press a button and see the page that it leads to."""
    with page.expect_navigation():
        button.click()


def on_phone(demo: Demo, family: Family, path: str) -> str:
    """Wait for the one text on the family's phone with such a link; return the link."""

    def bodies() -> list[str]:
        rows = journal.read(demo.journal_path).accepted("sms")
        mine = [str(row["body"]) for row in rows if row["to"] == family.phone]
        return [body for body in mine if path in body]

    until(bodies, f"the text with {path} on a phone")
    assert len(bodies()) == 1
    return re.search(rf"http\S+{path}\S+", bodies()[0])[0]


def confirm(page: Page, demo: Demo, family: Family) -> str:
    """Open the link in the text and press its button; return the own page's address."""
    page.goto(on_phone(demo, family, "/confirm/"))
    picture(page, f"{family.language}-confirm")
    press(page, page.locator("button.big"))
    expect(page.locator("main dl")).to_contain_text("Cairo")
    assert page.evaluate("document.documentElement.lang") == family.language
    picture(page, f"{family.language}-own")
    return page.url


def declare(officer: Hand, demo: Demo) -> str:
    """Declare where they will be, with a circle of 20 km; return the reference."""
    reference = stories.declare_from_nothing(
        officer, demo, "Unrest in the centre", "Cairo, Egypt"
    )
    officer.page.check("[name=shape][value=circle]")
    for name, words in (("lat", "30.05"), ("lon", "31.24"), ("radius_km", "20")):
        officer.type(name, words)
    officer.press("Continue to message")
    officer.page.wait_for_url("**/message/**")
    return reference


def preview(page: Page, demo: Demo, reference: str) -> dict[str, int]:
    """Return how many the preview counts: in all, and of the two languages."""
    page.goto(f"{demo.web}/desk/incidents/{reference}/zone/")
    counted = {"all": number(page.locator(".hero b").first)}
    for name in ("Arabic", "German"):
        bar = page.locator(".br", has=page.get_by_text(name, exact=True))
        counted[name] = number(bar.locator("b")) if bar.count() else 0
    return counted


def number(where: Locator) -> int:
    return int(re.sub(r"\D", "", where.inner_text()))


def warn(officer: Hand, second: Hand, demo: Demo, reference: str) -> int:
    """Write in both languages, have it approved, and see it go."""
    page = officer.page
    stories.to_message(officer)
    for code in ("ar", "de"):
        if not page.locator(f"[name=sms-{code}]").count():
            page.select_option("[name=language]", code)
            officer.press("Add")
    page.uncheck("[name=channels][value=social]")
    stories.ask(officer, 0)
    return stories.approve(second, demo, reference, 0)


def delete(page: Page, own: str, family: Family) -> str:
    """Delete everything by the personal link; return the reference on the receipt."""
    page.goto(own)
    page.check("[name=sure]")
    press(page, page.locator("[value=delete]"))
    picture(page, f"{family.language}-deleted")
    receipt = page.locator("main").inner_text()
    page.goto(own)
    expect(page.locator("main dl")).to_have_count(0)
    return receipt


def test_two_families_register_are_warned_answer_and_are_forgotten(
    browser: Browser, demo: Demo
) -> None:
    officer = Hand(sign_in(browser, demo, "officer"))
    reference = declare(officer, demo)
    before = preview(officer.page, demo, reference)
    owns, pages = {}, {}
    for family in (ARABIC, GERMAN):
        context = browser.new_context(
            viewport={"width": 390, "height": 844},
            locale=family.locale,
            is_mobile=True,
            has_touch=True,
        )
        pages[family] = page = context.new_page()
        register(page, demo, family)
        owns[family] = confirm(page, demo, family)

    after = preview(officer.page, demo, reference)
    found = {name: after[name] - before[name] for name in after}
    assert found == {"all": 6, "Arabic": 3, "German": 3}
    second = Hand(sign_in(browser, demo, "approver"))
    assert warn(officer, second, demo, reference) == after["all"]
    for family, page in pages.items():
        page.goto(on_phone(demo, family, "/c/"))
        assert page.evaluate("document.documentElement.lang") == family.language
        picture(page, f"{family.language}-asked")
        press(page, page.get_by_role("button", name=family.says))
        picture(page, f"{family.language}-answered")
    duty = sign_in(browser, demo, "duty officer")
    duty.goto(f"{demo.web}/desk/incidents/{reference}/board/")
    assert number(duty.locator(".tile.total span")) >= 6
    case = duty.locator(".case", has_text="Jörgenfried Prüferquist")
    expect(case).to_contain_text("+2, with a child")
    duty.goto(f"{demo.web}/desk/incidents/{reference}/people/?show=safe")
    for given, _, _ in ARABIC.members:
        expect(duty.locator("main")).to_contain_text(given)

    sealed, codes = [], []
    for family, page in pages.items():
        page.goto(owns[family])
        code = page.locator("main dl bdi").first.inner_text()
        theirs = demo.ask(SEALED.format(code))
        assert len(theirs) > 12
        assert code in delete(page, owns[family], family)
        sealed += theirs
        codes.append(code)
    typed = [*ARABIC.values(), *GERMAN.values()]
    search = {"sealed": sealed, "typed": typed, "plain": [*typed, *codes]}
    left = demo.ask(SEARCH.format(**search, outside=OUTSIDE))
    assert left == {"as stored": [], "opened": [], "files": []}
