"""Every page of the desk from top to bottom by the tabulator alone."""

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page

from consular.missions.models import Officer, Posting, Role
from tests import factories
from tests.incidents import path
from tests.missions.routes import PUBLIC, ROUTES
from tests.missions.test_routes import address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST = 40  # tabs on a page; a list goes on alike
PARTS = 7  # of a field for date and time, each of them a stop
# Notes what gets the focus, whether that is seen, and whether something lies over it.
LISTEN = """
() => {
  const wanted = "a[href],button,input,select,textarea,summary,[tabindex]";
  const isStop = each => each.checkVisibility({visibilityProperty: true})
    && !each.matches(":disabled,[tabindex='-1'],[type=hidden]");
  const isChosen = each => each.type !== "radio" || each.checked
    || !document.querySelector(`[type=radio][name="${each.name}"]:checked`);
  const name = each => each.outerHTML.slice(0, 90);
  const hits = (each, box, share) => {
    const {left, top, width, height} = box, label = each.labels?.[0];
    const hit = document.elementFromPoint(left + width * share, top + height * share);
    return hit && (each.contains(hit) || hit.contains(each) || label?.contains(hit));
  };
  const isClear = each => {
    const boxes = [each, each.labels?.[0] ?? each].map(e => e.getBoundingClientRect());
    return boxes.some(box => [0.1, 0.5, 0.9].some(share => hits(each, box, share)));
  };
  const isSeen = each => {
    const style = getComputedStyle(each), label = each.labels?.[0];
    const around = label ? getComputedStyle(label).outlineStyle : "none";
    return [style.outlineStyle, style.boxShadow, around].some(each => each !== "none");
  };
  const went = [], unseen = [], covered = [];
  document.body.tabIndex = -1;
  document.body.focus();  // the first step leads to the top then
  document.addEventListener("focusin", ({target}) => {
    went.push(target);
    if (!isSeen(target)) unseen.push(name(target));
    if (!isClear(target)) covered.push(name(target));
  });
  window.stops = () => [...document.querySelectorAll(wanted)].filter(
    each => isStop(each) && isChosen(each));
  window.walked = () => {
    const all = stops();
    const order = went.map(each => all.indexOf(each));
    return {stops: all.map(name), order, unseen, covered};
  };
  return [stops().length, document.querySelectorAll("[type^=date]").length];
}
"""


@pytest.fixture
def boss(transactional_db: None) -> Officer:
    """One officer with every role, so that every page opens."""
    officer = factories.make_officer(role=Role.ADMINISTRATOR)
    for role in Role.values:
        Posting.objects.get_or_create(officer=officer, mission=None, role=role)
    return officer


@pytest.fixture
def addresses(boss: Officer, client: Any) -> list[str]:
    """Every page that opens for an incident with a zone and a message."""
    now = timezone.now()
    factories.make_mission()
    path.enrolled(now, phone="+12025550142")
    incident = path.submitted(boss, now).incident
    factories.sign_in(client, boss)
    found = []
    for name in ROUTES:
        if ROUTES[name] is PUBLIC and not name.startswith(("people:", "missions:")):
            continue
        where = address(name, incident.reference)
        answer = client.get(where)
        is_page = "html" in answer.headers.get("Content-Type", "")
        if answer.status_code == 200 and is_page:
            found.append(where)
    return found


def problems(page: Page) -> list[str]:
    """Go through a page; return what no key reaches, and what is not seen."""
    stops, dates = page.evaluate(LISTEN)
    for _ in range(min(stops, MOST) + PARTS * dates + 2):
        page.keyboard.press("Tab")
    walked = page.evaluate("walked()")
    names = walked["stops"]
    order = [place for place in walked["order"] if place >= 0]  # -1 is a scrolling part
    wrong = [f"not seen: {each}" for each in walked["unseen"]]
    wrong += [f"covered: {each}" for each in walked["covered"]]
    again = (
        order.index(0, 1) if 0 in order[1:] else len(order)
    )  # from the top once more
    if order[:again] != sorted(set(order)):
        wrong.append(f"out of order: {order}")
    missed = set(range(min(len(names), MOST))) - set(order)
    return wrong + [f"not reached: {names[place]}" for place in sorted(missed)]


def test_every_page_is_walked_by_the_tabulator(
    browser: Browser, live_server: Any, client: Any, addresses: list[str]
) -> None:
    name = settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    page, wrong = context.new_page(), {}
    for where in addresses:
        page.goto(live_server.url + where)
        if found := problems(page):
            wrong[where] = found
    context.close()
    assert len(addresses) > 40
    assert wrong == {}
