"""Pages of officers, sign-in and audit in a browser: axe, 320 px, strict policy."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Browser, Page

from alerts.incidents.drafts import seeding
from consular import languages
from consular.missions import audit
from consular.missions.models import Officer, Posting, Role
from consular.missions.staff import rota
from tests import factories
from tests.incidents import path

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = (
    "sign-in/",
    "confirm/",
    "account/",
    "account/password/",
    "officers/",
    "officers/new/",
    "officers/surge/",
    "missions/",
    "missions/new/",
    "rota/",
    "audit/",
    "audit/break-glass/",
)


@pytest.fixture
def boss(transactional_db: None) -> Officer:
    """One officer with every role, so that every page opens; a rota, an incident."""
    now = timezone.now()
    mission = factories.make_mission()
    officer = factories.make_officer(role=Role.ADMINISTRATOR)
    for role in (Role.AUDITOR, Role.CONSULAR_OFFICER):
        Posting.objects.create(officer=officer, mission=None, role=role)
    stretch = rota.Stretch(
        officer=officer,
        mission=mission,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=9),
        channel="email",
        address="duty@example.org",
    )
    rota.add(stretch, officer, now)
    for number in range(12):
        audit.record("view_registration", officer, f"registration {number}", now)
    return officer


@pytest.fixture
def message_page(boss: Officer) -> str:
    """The page on which a message is written in all languages."""
    now = timezone.now()
    incident = path.declared(boss, now, title="Flood in all languages")
    path.zoned(incident, boss, now)
    texts = seeding.seed(
        incident,
        languages.LANGUAGES,
        phase="warning",
        next_word_at=seeding.next_word(now),
    )
    path.drafted(incident, boss, now, texts=tuple(texts))
    return f"incidents/{incident.reference}/message/"


@pytest.fixture
def draft_page(boss: Officer) -> str:
    """The page on which a lone officer breaks the glass."""
    now = timezone.now()
    incident = path.declared(boss, now)
    path.zoned(incident, boss, now)
    path.drafted(incident, boss, now)
    return f"incidents/{incident.reference}/break-glass/"


@pytest.fixture
def screen(
    browser: Browser, live_server: Any, boss: Officer, client: Any
) -> Iterator[Page]:
    """A narrow page that is signed in."""
    factories.sign_in(client, boss)
    context = browser.new_context(viewport={"width": 320, "height": 800})
    name = django_settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    yield context.new_page()
    context.close()


def problems(page: Page) -> list[str]:
    """Return what axe finds, what does not fit, and fields that no key reaches."""
    found = [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in Axe().run(page).response["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return found + ([f"{wide} px wide"] if wide > page.viewport_size["width"] else [])


def picture(page: Page, name: str, scheme: str) -> None:
    """Keep a picture where they are wanted."""
    if folder := os.environ.get("MUSTER_PICTURES"):
        width = page.viewport_size["width"]
        stem = name.strip("/").replace("/", "-")
        page.screenshot(
            path=Path(folder, f"{stem}-{width}-{scheme}.png"), full_page=True
        )


def test_pages_are_accessible_narrow_and_strict(
    screen: Page,
    live_server: Any,
    boss: Officer,
    draft_page: str,
    message_page: str,
) -> None:
    said: list[str] = []
    screen.on("console", lambda each: said.append(each.text))
    wrong = {}
    one = f"officers/{factories.make_officer().pk}/"
    for name in (*PAGES, one, draft_page, message_page):
        screen.goto(f"{live_server.url}/desk/{name}")
        for width, scheme in ((320, "light"), (1440, "dark")):
            screen.set_viewport_size({"width": width, "height": 900})
            screen.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            picture(screen, name, scheme)
            if found := problems(screen):
                wrong[f"{name} {width} {scheme}"] = found
    assert wrong == {}
    assert [each for each in said if "Content Security" in each] == []


def test_a_surge_account_is_made_with_keys_alone(
    screen: Page, live_server: Any, boss: Officer
) -> None:
    screen.goto(f"{live_server.url}/desk/officers/surge/")
    screen.focus("#id_full_name")
    for words in ("Ada Invented", "ada@example.org", "", "D", "Emb", "3"):
        screen.keyboard.type(words)
        screen.keyboard.press("Tab")
    screen.keyboard.press("Enter")
    screen.get_by_text("Hand these to Ada Invented").wait_for()
    made = Officer.objects.get(email="ada@example.org")
    assert Posting.objects.get(officer=made).until is not None


@pytest.mark.parametrize("mode", ["exercise", "live"])
def test_what_is_printed_of_an_exercise_says_so_across_the_sheet(
    screen: Page, live_server: Any, boss: Officer, mode: str
) -> None:
    incident = path.declared(boss, timezone.now())
    type(incident).objects.update(mode=mode)
    for name in ("", "zone/", "sending/", "board/", "reports/"):
        screen.goto(f"{live_server.url}/desk/incidents/{incident.reference}/{name}")
        screen.emulate_media(media="print")
        across = screen.locator(".watermark")
        assert across.is_visible() == (mode == "exercise"), name
        assert screen.locator(".exercise-bar").is_visible() == (mode == "exercise")
        screen.emulate_media(media="screen")
        assert not across.is_visible()
