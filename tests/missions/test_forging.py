"""Forms from elsewhere, sessions laid out beforehand, ids and accounts of others."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alerts.incidents.approving import approval
from alerts.incidents.models import Alert, Draft, Incident, Zone
from consular.missions.models import Officer, Posting, Role
from tests import factories
from tests.incidents import path
from tests.incidents.test_approval import _yes
from tests.missions.routes import PUBLIC, ROUTES
from tests.missions.test_routes import FOUND, address, posted
from tests.missions.test_sign_in import PASSWORD, code_for

# Views that take a form without our own token, and what stands in its place.
EXEMPT = {
    "push_events": "the sender's signature",
    "twilio_status": "the provider's signature",
    "telnyx_status": "the provider's signature",
    "mail_status": "the provider's signature",
    "twilio_sms": "the provider's signature",
    "twilio_voice": "the provider's signature",
    "telnyx_inbound": "the provider's signature",
    "mail_in": "our mail server's signature",
    "unsubscribe": "the link's token; mail programs press it",
    "checkins:answer": "the link's token; no session",
    "checkins:details": "the link's token; no session",
    "checkins:tell": "the link's token; no session",
    "checkins:group": "the link's token; no session",
    "people:confirm": "the link's token; no session",
    "people:confirm_code": "the link's token; no session",
    "people:manage": "the link's token; no session",
    "people:register": "no session: nothing to borrow",
    "people:crisis": "no session: nothing to borrow",
    "people:places": "no session: nothing to borrow",
    "people:recover": "no session: nothing to borrow",
    "checkins:ask": "no session: nothing to borrow",
    "public_incident": "no session: nothing to borrow",
}
API = re.compile(
    r"^(openapi|[a-z-]+-(list|detail|api|preview|outside|break-glass|stop|why))$"
)


def _is_exempt(name: str) -> bool:
    return bool(getattr(FOUND[name][1].callback, "csrf_exempt", False))


def test_what_takes_forms_without_our_token_is_named_with_its_reason() -> None:
    exempt = {name for name in FOUND if _is_exempt(name) and not API.match(name)}
    assert sorted(exempt) == sorted(EXEMPT)


def test_no_form_of_another_site_does_anything(officer: Officer, now: datetime) -> None:
    Officer.objects.filter(pk=officer.pk).update(is_superuser=True)
    reference = path.declared(officer, now).reference
    client = Client(enforce_csrf_checks=True)
    factories.sign_in(client, officer)
    taken = {}
    for name in set(FOUND) - set(EXEMPT):
        status = client.post(address(name, reference), {"action": "save"}).status_code
        if status not in (403, 405):
            taken[name] = status
    assert taken == {}


def test_a_session_laid_out_beforehand_is_worth_nothing(officer: Officer) -> None:
    officer.set_password(PASSWORD)
    officer.save()
    victim, thief, name = Client(), Client(), settings.SESSION_COOKIE_NAME
    victim.cookies[name] = thief.cookies[name] = "laid0out0beforehand0by0somebody0"
    form = {"username": officer.username, "password": PASSWORD}
    done = victim.post(reverse("missions:sign_in"), form | {"code": code_for(officer)})
    assert done.status_code == 302
    assert victim.get("/desk/account/").status_code == 200
    assert victim.cookies[name].value != thief.cookies[name].value
    assert thief.get("/desk/account/").status_code == 302


def _hidden(answer: Any, reference: str) -> tuple[int, str]:
    words = answer.content.decode(errors="replace").replace(reference, "<reference>")
    return answer.status_code, re.sub(r'(nonce|value)="[^"]+"', "", words)


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_out_of_reach_is_answered_as_what_is_not_there(
    client: Any, officer: Officer, now: datetime, method: str
) -> None:
    there, wrong = path.declared(officer, now).reference, {}
    elsewhere = factories.make_mission(country="FJ", serves=["FJ"])
    nosy = posted(Role.CONSULAR_OFFICER, elsewhere)
    for role in Role.values:
        Posting.objects.get_or_create(officer=nosy, mission=elsewhere, role=role)
    factories.sign_in(client, nosy)
    for name in ROUTES:
        if ROUTES[name] is PUBLIC or there not in address(name, there):
            continue
        answers = [
            _hidden(getattr(client, method)(address(name, each)), each)
            for each in (there, "XX-2026-AAA")
        ]
        if answers[0] != answers[1] or answers[0][0] not in (404, 405):
            wrong[name] = [status for status, _ in answers]
    assert wrong == {}


@pytest.mark.parametrize("ends", ["the posting ends", "it is disabled"])
def test_an_account_that_ends_in_the_middle_of_a_session_decides_nothing(
    client: Any, officer: Officer, approver: Officer, ends: str
) -> None:
    now = timezone.now()
    draft = path.submitted(officer, now)
    factories.sign_in(client, approver)
    page = reverse("incidents:approve", args=[draft.incident.reference])
    assert client.get(page).status_code == 200
    if ends == "it is disabled":
        Officer.objects.filter(pk=approver.pk).update(is_active=False)
    else:
        Posting.objects.filter(officer=approver).update(until=now)
    assert client.post(page, _yes(draft)).status_code in (302, 403)
    assert Draft.objects.get().state == Draft.State.SUBMITTED
    assert not Alert.objects.exists()


def test_the_rows_of_another_incident_are_not_reached_through_ones_own(
    desk: Any, officer: Officer, approver: Officer
) -> None:
    now = timezone.now()
    draft = path.submitted(officer, now)
    alert = approval.approve(draft, approver, now)
    zone, own = draft.incident.zones.get(), path.declared(officer, now).reference
    for name, words in (
        ("incidents:zone", {"action": f"remove-{zone.pk}"}),
        ("incidents:zone", {"action": f"keep-{zone.pk}", f"name-{zone.pk}": "Mine"}),
        ("incidents:zone", {"action": "save", "zone": zone.pk}),
        (f"incidents:sending?alert={alert.pk}", {"action": "stop"}),
    ):
        name, _, query = name.partition("?")
        where = f"{reverse(name, args=[own])}?{query}"
        assert desk.post(where, words).status_code == 404, words
    alert.refresh_from_db()
    assert alert.state == Alert.State.SETTLING
    assert Zone.objects.filter(pk=zone.pk).exists()


def test_what_no_form_asks_for_is_not_taken(
    desk: Any, officer: Officer, approver: Officer, now: datetime
) -> None:
    """An exercise installation makes nothing live, whatever else is sent along."""
    wish = {"mode": "live", "is_exercise": "false", "state": "approved", "live": "1"}
    wish |= {"approved_by": approver.pk, "commander": approver.pk, "closed_at": ""}
    form = {"title": "Flood", "kind": "flood", "place": "Managua, Nicaragua"}
    form |= {"happened_at": "2026-03-02T11:00"}
    desk.post("/desk/incidents/new/", form | wish)
    desk.post("/api/v1/incidents/", form | wish, content_type="application/json")
    assert not Incident.objects.filter(mode="live").exists()
    assert not Incident.objects.filter(commander=approver).exists()
    incident = path.declared(officer, now)
    given = {"lon": -86.2, "lat": 12.1, "radius_m": 5_000}
    zone = {"incident": incident.reference, "shape": "circle", "given": given}
    zone |= {"level": "danger"}
    saved = desk.post("/api/v1/zones/", zone | wish, content_type="application/json")
    assert saved.status_code == 201
    typed = {"languages": ["en"], "channels": ["sms"], "valid_hours": "12"}
    typed |= {"fallback": "en", "phase": "warning", "sms-en": "Go in. {link}"}
    where = reverse("incidents:message", args=[incident.reference])
    desk.post(where, typed | wish | {"action": "save"})
    draft = incident.drafts.get()
    assert (draft.state, draft.author, draft.decided_by) == ("draft", officer, None)
    assert not Alert.objects.exists()
