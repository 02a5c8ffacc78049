"""Every form of every page, filled with what no form expects, refuses; none crashes."""

import os
import re
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from lxml import html

from alerts.hazards.models import Hazard, Level
from consular.missions.models import Posting, Role
from consular.people import keying
from consular.people.lists import grouping
from consular.people.managing import linking
from consular.people.models import Link
from consular.people.registering import crisis
from tests import factories
from tests.checkins import conftest as checkins
from tests.incidents import path

pytestmark = pytest.mark.django_db
EVERYTHING = os.environ.get("MUSTER_BAD_WORDS") == "all"
BAD = (
    "\x00",
    "x" * 5_000,
    "9" * 40,
    "-1",
    "9223372036854775808",
    "2147483648",
    "1e999",
    "NaN",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "2026-13-45",
    "%s {x} {{ y }} {% now %}",
    "[[{}]]",
    '{"type": "Polygon", "coordinates": [[[1e400, 0], null]]}',
    "\u202e\U0001f9e8\ufeff" * 40,
)
FIXED = {"submit", "button", "image", "reset", "file"}
OURS = ("", urlsplit(settings.PUBLIC_URL).netloc)
LEAVE_OUT = re.compile(r"/sign-out/|/static/|/lang|^/api/")


@pytest.fixture
def seeds(client: Client, db: None) -> list[str]:
    """A world with one of most things, and the pages from which others are found."""
    now = factories.NOON
    officer = factories.make_officer(role=Role.ADMINISTRATOR)
    for role in (Role.AUDITOR, Role.CONSULAR_OFFICER, Role.APPROVER):
        Posting.objects.create(officer=officer, mission=None, role=role)
    factories.make_mission()
    factories.sign_in(client, officer)
    Hazard.objects.create(
        mode="exercise",
        kind="earthquake",
        title="M 6.1",
        lon=-86.0,
        lat=12.0,
        level=Level.SEVERE,
        happened_at=now,
        first_heard_at=now,
        changed_at=now,
    )
    alert = checkins.make_alert(checkins.make_incident())
    sent = checkins.send(alert, "+12025550101")
    draft = path.submitted(officer, now)
    group = grouping.open_group("Tours", "tours@example.org", "en", officer, now)
    form = crisis.open_form("Earthquake", ["NI"], officer, now)
    ours = factories.make_registration(phone="+12025550177", party=2)
    keying.run(now)
    return [
        "/",
        "/desk/",
        "/ask/",
        "/my-link/",
        "/register/",
        f"/now/{form.code}/",
        grouping.link(group),
        sent.path,
        f"{sent.path}/details",
        linking.link(ours, Link.Purpose.MANAGE),
        linking.link(ours, Link.Purpose.CONFIRM),
        *(
            f"/desk/incidents/{one.reference}/{page}"
            for one in (alert.incident, draft.incident)
            for page in ("", "zone/", "message/", "break-glass/", "board/", "people/")
        ),
    ]


def shape(address: str) -> str:
    """Return an address with its numbers left out: pages of one kind look alike."""
    parts = urlsplit(address)
    names = re.findall(r"(\w+)=", parts.query)
    return re.sub(r"\d+", "0", parts.path) + "?" + "&".join(sorted(set(names)))


def pages(client: Client, seeds: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield each kind of page that can be reached, once, with its document."""
    waiting, seen = list(seeds), set()
    while waiting:
        address = waiting.pop(0)
        if shape(address) in seen or LEAVE_OUT.search(urlsplit(address).path):
            continue
        seen.add(shape(address))
        answer = client.get(address)
        assert answer.status_code < 500, address
        if answer.status_code in (301, 302):
            waiting.append(urljoin(address, answer["Location"]))
        kind = answer.get("Content-Type", "")
        if answer.status_code != 200 or not kind.startswith("text/html"):
            continue
        document = html.fromstring(answer.content)
        yield address, document
        for link in document.xpath("//a/@href"):
            there = urlsplit(urljoin(address, link))
            if there.scheme in ("", "http") and there.netloc in OURS:
                waiting.append(there._replace(fragment="").geturl())


def typed(form: Any) -> dict[str, list[str]]:
    """Return what a form would send untouched; each radio and box that is on."""
    found: dict[str, list[str]] = {}
    for name, value in form.form_values():
        found.setdefault(name, []).append(value)
    for field in form.inputs:
        if field.name and getattr(field, "type", "") not in FIXED:
            found.setdefault(field.name, [""])
    for button in form.xpath(".//button[@name]")[:1]:
        found.setdefault(button.get("name"), [button.get("value", "")])
    return found


def bad_ones(address: str, name: str) -> tuple[str, ...]:
    """Return what to put in a field: all of it, or what the field's name picks."""
    start = zlib.crc32(f"{shape(address)} {name}".encode()) % len(BAD)
    return BAD if EVERYTHING else (BAD[start], "\x00")


def test_no_form_breaks_on_bad_words(client: Client, seeds: list[str]) -> None:
    broken: dict[str, str] = {}
    tried = set()
    client.raise_request_exception = False
    for address, document in pages(client, seeds):
        for form in document.forms:
            there = urljoin(address, form.get("action") or address)
            words = typed(form)
            if LEAVE_OUT.search(there) or (key := (shape(there), *words)) in tried:
                continue
            tried.add(key)
            send = client.post if form.method == "POST" else client.get
            for name in words:
                for bad in bad_ones(there, name):
                    with transaction.atomic():
                        answer = send(there, words | {name: [bad]})
                        transaction.set_rollback(True)
                    if answer.status_code >= 500:
                        broken[f"{shape(there)} {name}"] = repr(bad[:40])
    print(len(tried), "forms", sum(len(key) - 1 for key in tried), "fields")
    assert not broken
    assert len(tried) > 40
