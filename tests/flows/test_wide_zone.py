"""A zone that is drawn wider than half the world is the one that is counted."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from alerts.incidents.zones import coordinates
from consular.missions.models import Officer
from geo import shapes
from geo.cells import contains
from tests.flows.test_session_end import signed_in
from tests.incidents import path

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FARTHEST_OUT = 8  # presses


def draw_box(page: Page, right: float, down: float) -> None:
    page.locator("[data-tool=polygon]").click()
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for across, below in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)):
        page.mouse.click(x + across * right, y + below * down)


def test_a_box_around_most_of_the_world_holds_what_is_in_its_middle(
    browser: Browser, live_server: Any, client: Any, officer: Officer
) -> None:
    incident = path.declared(officer, timezone.now())
    url = f"{live_server.url}/desk/incidents/{incident.reference}/zone/"
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = signed_in(context, url, client, officer)
    page.goto(url)
    for _ in range(FARTHEST_OUT):
        page.locator("[data-zoom='-1']").click()
        page.locator(".leaflet-zoom-anim").wait_for(state="detached")
    draw_box(page, 240, 60)
    ring = coordinates.ring(page.locator("[name=corners]").input_value())
    drawn = shapes.from_ring(ring)
    assert contains(drawn, [path.MANAGUA[0]], [path.MANAGUA[1]]).all()
    context.close()
