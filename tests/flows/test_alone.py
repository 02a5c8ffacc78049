"""One person tries every route, action and command, and releases nothing live alone.

The routes come from the resolver, the forms from the pages themselves, and the commands
from the apps: what is added later is tried too.
"""

import contextlib
import inspect
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import (
    CommandError,
    call_command,
    get_commands,
    load_command_class,
)
from django.db import IntegrityError, transaction
from django.utils import timezone
from lxml import html

from alerts.dispatch.models import Message, Publication
from alerts.incidents.approving import approval, release
from alerts.incidents.audiences import audience
from alerts.incidents.drafts import drafting
from alerts.incidents.models import Alert, Incident
from consular.missions.models import AuditEntry, Officer, Posting, Role
from tests import factories
from tests.incidents import path
from tests.incidents.test_approval import LIVE_ACCOUNTS
from tests.missions.test_routes import FOUND, address

SOCIAL = {"transport": "x", "channel": "social", "mode": "live"}
WORDS = "There is nobody else here tonight, and it is urgent."
# What a command is called with; a text says why it is not called. One that is not here
# must not name what approves or releases.
COMMANDS: dict[str, list[str] | str] = {
    "add_officer": ["second@example.org", "--full-name", "No One", "--role=approver"],
    "check_translations": "reads files of words",
    "compile_translations": "writes files of words",
    "demo": "makes an installation of its own, for exercises",
    "dispatch": ["--once"],
    "dispatch_status": [],
    "extract_translations": "writes files of words",
    "load_sources": [],
    "read_feed": "reads one document and prints it",
    "recorded_feeds": "serves recorded files",
    "rehearse": "makes an installation of its own, for exercises",
    "retention": [],
    "serve": "starts the web, the queue and `dispatch`",
    "simulated_provider": "stands for a provider of exercises",
    "understand": "reads a file of replies and prints it",
    "verify_audit": [],
}


@pytest.fixture(autouse=True)
def _live(settings: Any) -> None:
    settings.MODE = "live"
    settings.ACCOUNTS = LIVE_ACCOUNTS | {"post": SOCIAL}


@pytest.fixture
def alone(db: None) -> Officer:
    """One person who has every role there is, everywhere and for a mission."""
    mission = factories.make_mission(country="NI", serves=["NI", "HN"])
    officer = factories.make_officer(role=Role.CONSULAR_OFFICER)
    for role in Role.values:
        Posting.objects.get_or_create(officer=officer, mission=None, role=role)
        Posting.objects.create(officer=officer, mission=mission, role=role)
    return officer


@pytest.fixture
def incident(alone: Officer) -> Incident:
    """A live incident with its zone and three people inside."""
    now = timezone.now()
    path.enrolled(now, phone="+12025550101", persons=3, entry={"mode": "live"})
    found = path.declared(alone, now, mode="live")
    path.zoned(found, alone, now)
    return found


def prepare(client: Any, alone: Officer, incident: Incident) -> int:
    """Sign in anew, with a draft of one's own that waits for a second person."""
    Officer.objects.filter(pk=alone.pk).update(is_active=True)
    alone.refresh_from_db()
    client.logout()
    factories.sign_in(client, alone)
    Incident.objects.filter(pk=incident.pk).update(closed_at=None)
    now = timezone.now()
    draft = drafting.open_draft(incident) or path.drafted(incident, alone, now)
    if draft.state != draft.State.SUBMITTED:
        if not draft.texts.exists() or not incident.zones.exists():
            incident.drafts.filter(state__in=draft.OPEN).update(state="rejected")
            path.zoned(incident, alone, now)
            draft = path.drafted(incident, alone, now)
        approval.submit(draft, alone, now)
    return draft.pk


def filled(form: Any) -> Iterator[dict[str, Any]]:
    """Fill a form in as one who wants it to pass; yield it once for each button."""
    fields: dict[str, Any] = {}
    for each in form.xpath(".//input[@name]|.//textarea[@name]|.//select[@name]"):
        kind = each.get("type", "text")
        if kind in ("submit", "file", "radio") and "checked" not in each.attrib:
            fields.setdefault(each.get("name"), each.get("value") or "")
        elif each.tag == "select":
            chosen = each.xpath("./option[@selected]") or each.xpath("./option")
            fields[each.get("name")] = chosen[0].get("value", "") if chosen else ""
        elif kind == "checkbox":
            fields[each.get("name")] = each.get("value") or "on"
        else:
            fields[each.get("name")] = each.get("value") or each.text or WORDS
    for button in [None, *form.xpath(".//button[@name]")]:
        more = {button.get("name"): button.get("value")} if button is not None else {}
        yield fields | more


def try_all(client: Any, where: str, draft: int, officer: Officer) -> None:
    """Send a page's own forms, then everything that any form was ever asked for."""
    page = client.get(where)
    is_page = page.status_code == 200 and "html" in page.headers["Content-Type"]
    tree: Any = html.fromstring(page.content) if is_page else None
    for form in tree.xpath("//form") if is_page else ():
        if "sign-out" not in form.get("action", ""):
            for fields in filled(form):
                client.post(form.get("action") or where, fields)
    wish: dict[str, Any] = dict.fromkeys(
        ("tick_zone", "tick_text", "tick_real", "tick_alone", "confirmed"), "on"
    )
    wish |= {"reason": WORDS, "revision": 1, "mode": "live", "state": "approved"}
    wish |= {"approved_by": officer.pk, "draft": draft, "to": "resume"}
    wish |= {
        "corrects": 1,
        "glass": 1,
        "kind": "correction",
        "corrected_by": officer.pk,
    }
    for action in ("approve", "release", "send", "publish", "resume"):
        client.post(where, wish | {"action": action})
    for method in ("post", "put", "patch", "delete"):
        getattr(client, method)(where, wish, content_type="application/json")


def released_alone() -> list[str]:
    """Let time pass; return what is live, of one person, and not broken glass."""
    later = timezone.now() + timedelta(minutes=10)
    for alert in Alert.objects.filter(state=Alert.State.SETTLING):
        audience.settle(alert, later)
    release.tick(later + timedelta(minutes=10))
    live = Alert.objects.filter(mode="live")
    logged = AuditEntry.objects.filter(action="break_glass").count()
    glass = live.exclude(glass=None)
    wrong = [str(alert) for alert in live.filter(glass=None)]
    wrong += [str(each) for each in glass if each.glass and each.glass.told.count() < 2]
    wrong += [] if logged == glass.count() else ["break-glass without its entry"]
    wrong += [str(post) for post in Publication.objects.filter(mode="live")]
    keys = {alert.cause_key for alert in glass}
    sent = Message.objects.filter(mode="live").exclude(cause__key__startswith="notice:")
    return wrong + [str(each) for each in sent.exclude(cause__key__in=keys)]


@pytest.mark.parametrize("kind", ["every role", "superuser"])
def test_one_person_releases_nothing_live_through_any_route(
    client: Any, alone: Officer, incident: Incident, kind: str
) -> None:
    if kind == "superuser":
        Posting.objects.all().delete()
        Officer.objects.filter(pk=alone.pk).update(is_superuser=True)
        alone.refresh_from_db()
    client.raise_request_exception = False
    found = {}
    for name in FOUND:
        draft = prepare(client, alone, incident)
        where = address(name, incident.reference).replace("999999999", str(draft))
        try_all(client, where, draft, alone)
        if wrong := released_alone():
            found[name] = wrong
            break
    assert found == {}


def test_the_same_clicks_by_a_second_person_do_release(
    client: Any, alone: Officer, incident: Incident
) -> None:
    draft = prepare(client, alone, incident)
    second = factories.make_officer(role=Role.APPROVER)
    factories.sign_in(client, second)
    where = address("incidents:approve", incident.reference)
    try_all(client, where, draft, second)
    assert str(Alert.objects.get()) in released_alone()


def test_broken_glass_is_the_one_way_for_one_person(
    client: Any, alone: Officer, incident: Incident
) -> None:
    near = path.Outline(shape="circle", given=path.CIRCLE.given | {"radius_m": 20_000})
    path.zoned(incident, alone, timezone.now(), outline=near)
    others = [factories.make_officer(role=Role.APPROVER) for _ in range(2)]
    draft = prepare(client, alone, incident)
    where = address("incidents:break_glass", incident.reference)
    try_all(client, where, draft, alone)
    assert released_alone() == []
    alert = Alert.objects.get()
    assert alert.state == Alert.State.RELEASED
    assert alert.glass is not None
    assert set(alert.glass.told.all()) == set(others)


def test_no_command_releases_anything(alone: Officer, incident: Incident) -> None:
    ours = {app.name for app in apps.get_app_configs() if app.name[0] in "ac"}
    ours = {name for name in ours if name.startswith(("alerts.", "consular."))}
    found = {name: app for name, app in get_commands().items() if app in ours}
    assert set(COMMANDS) <= set(found)
    for name in set(found) - set(COMMANDS):  # what has no row may not even know how
        load_command_class(found[name], name)
        module = sys.modules[f"{found[name]}.management.commands.{name}"]
        code = inspect.getsource(module)
        assert not re.search(r"approval|breaking|release|correct|Alert\b", code), name
    path.drafted(incident, alone, timezone.now())
    for name, words in sorted(COMMANDS.items()):
        if isinstance(words, list):
            with contextlib.suppress(CommandError):
                call_command(name, *words, stdout=StringIO(), stderr=StringIO())
        assert released_alone() == [], name


def test_the_table_refuses_what_goes_around_the_code(
    alone: Officer, incident: Incident
) -> None:
    draft = path.drafted(incident, alone, timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        approval.write(draft, alone, timezone.now())


def test_there_is_no_other_administration() -> None:
    assert not apps.is_installed("django.contrib.admin")
