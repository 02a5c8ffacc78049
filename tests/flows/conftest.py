"""A real browser and the whole of Muster, started as its users start it."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import chromium
from tests.flows import demos
from tests.flows.demos import Demo

# Playwright runs a loop of its own, in which Django would refuse its database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as it is installed here."""
    path = chromium.find()
    if not path:
        pytest.skip("no Chromium here, and none could be had")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=path, args=chromium.ARGUMENTS
        )
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile; a page that asks another host for anything fails its test."""
    made = browser.new_context(viewport={"width": 1440, "height": 900})
    asked: list[str] = []
    made.on("request", lambda request: asked.append(request.url))
    yield made
    made.close()
    strange = [
        url for url in asked if not url.startswith(("http://127.0.0.1", "data:"))
    ]
    assert strange == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """One page of that profile."""
    return context.new_page()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`manage.py demo --hands-on` on a database of its own."""
    with demos.running(tmp_path_factory.mktemp("demo"), speed=30) as found:
        yield found
