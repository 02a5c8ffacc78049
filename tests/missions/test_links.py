"""No page offers what its reader may not open: every link and form, by every role."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve
from lxml import html

from alerts.checkins.answers import checking
from alerts.checkins.board import counting
from alerts.checkins.models import Case
from alerts.incidents.approving import approval, release
from alerts.incidents.audiences import audience
from alerts.incidents.drafts import drafting
from alerts.incidents.models import Incident
from consular.missions import audit
from consular.missions.access import MAY
from consular.missions.models import Officer, Role
from tests import factories
from tests.incidents import path
from tests.missions.routes import PUBLIC, ROUTES

DEEPEST = 200  # pages a role


@pytest.fixture
def incident(officer: Officer, approver: Officer, now: datetime) -> Incident:
    """An incident whose alert has left: a call for help, a report, a next draft."""
    party = path.enrolled(now, phone="+12025550101", persons=2)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    release.tick(now + timedelta(seconds=settings.HOLD_S))
    said = checking.Said(
        incident=alert.incident,
        persons=list(party.persons.all()[:1]),
        status="needs_help",
        basis="self-link",
        stated_at=now,
        request_key="test",
    )
    checking.state(said, now)
    counting.current(alert.incident, now)
    draft = drafting.begin(alert.incident, officer, now)
    drafting.save(draft, path.content(), officer, now)
    approval.submit(draft, officer, now)
    audit.record("view", officer, alert.incident.key, now)
    assert Case.objects.exists()
    return alert.incident


def needed(where: str, *, writes: bool) -> Any:
    """Return the verb that a path asks for; `PUBLIC` for what is no page of ours."""
    try:
        name = resolve(where).view_name
    except Resolver404:
        return PUBLIC
    row = ROUTES.get(name, PUBLIC)
    return row[writes] if isinstance(row, tuple) else row


def offered(tree: Any) -> list[tuple[str, bool]]:
    """Return where a page leads, and whether that is a form that is posted."""
    links = [(link, False) for link in tree.xpath("//a/@href")]
    for form in tree.xpath("//form"):
        writes = form.get("method", "get").lower() == "post"
        links.append((form.get("action", ""), writes))
        links += [(to, writes) for to in form.xpath(".//@formaction")]
    links += [(to, False) for to in tree.xpath("//@data-live | //@data-progress")]
    links += [(to, True) for to in tree.xpath("//@data-preview | //@data-here")]
    return links


def dead_ends(client: Any, role: Role, start: list[str]) -> set[tuple[str, str]]:
    """Follow what each page offers; return pages with what they should not offer."""
    seen, waiting, wrong = set(start), list(start), set()
    while waiting and len(seen) < DEEPEST:
        page = waiting.pop(0)
        answer = client.get(page, follow=True)
        assert answer.status_code in (200, 404), (page, answer.status_code)
        if "html" not in answer.headers["Content-Type"]:
            continue
        at = answer.request["PATH_INFO"]
        for link, writes in offered(html.fromstring(answer.content)):
            to = urlsplit(urljoin(at, link))
            if to.netloc or to.scheme not in ("", "http") or "sign-out" in to.path:
                continue
            verb = needed(to.path, writes=writes)
            if verb is not PUBLIC and verb not in MAY[role]:
                wrong.add((resolve(at).view_name, resolve(to.path).view_name))
            elif not writes and to.path not in seen and to.path.startswith("/desk/"):
                seen.add(to.path)
                waiting.append(to.path)
    return wrong


@pytest.mark.parametrize("role", Role.values)
def test_every_link_leads_where_its_reader_may_go(
    role: str, client: Any, incident: Incident
) -> None:
    factories.sign_in(client, factories.make_officer(role=Role(role)))
    start = ["/desk/"]
    if role != Role.AUDITOR:
        one = f"/desk/incidents/{incident.reference}/"
        start += [one, one + "board/", one + "approve/", one + "sending/"]
    assert dead_ends(client, Role(role), start) == set()
