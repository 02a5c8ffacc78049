"""Plant values in every flow, and search for them wherever they must not be.

Also in what `pg_dump` writes of the database, and in a backup of it, opened or not.
Some hundred in the tests; `MUSTER_PLANTED=5000` for the long run (`make torture`).
"""

import io
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from alerts.checkins.answers import inbox
from alerts.checkins.casework import cases
from alerts.checkins.models import Case
from alerts.dispatch import links
from alerts.dispatch.models import Message
from alerts.incidents.audiences import audience, joining
from alerts.incidents.models import Audience
from consular import vault
from consular.missions.models import Officer
from consular.people.lists import grouping, taking
from consular.people.managing import errands, linking
from consular.people.models import Link, Registration, Upload
from consular.people.registering import crisis
from tests import factories, whole
from tests.incidents import path
from tests.people import forms_of

pytestmark = pytest.mark.django_db(transaction=True)  # a dump holds what is committed
WANTED = int(os.environ.get("MUSTER_PLANTED", "200"))
A_PARTY = 12  # values of each


@dataclass
class Watched:
    """A client that keeps what could be kept by others: addresses and headers."""

    client: Client
    seen: list[str] = field(default_factory=list)

    def get(self, where: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._kept(where, self.client.get(where, *args, **kwargs))

    def post(self, where: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._kept(where, self.client.post(where, *args, **kwargs))

    def _kept(self, where: str, answer: HttpResponse) -> HttpResponse:
        self.seen += [where, *map(str, answer.headers.items()), str(answer.cookies)]
        if answer.headers.get("Cache-Control") is None:
            assert "Planted" not in answer.content.decode(), where
        return answer


@dataclass
class Party:
    """One party's planted values."""

    number: int

    def __post_init__(self) -> None:
        mark = f"Planted{self.number:05}q"
        self.given, self.family, self.needs = mark + "gn", mark + "fn", mark + "nd"
        self.guardian, self.home, self.note = mark + "gu", mark + "hm", mark + "nt"
        self.said, self.member, self.sought = mark + "sd", mark + "mb", mark + "sg"
        self.asker = mark + "ak"
        self.phone = f"+1202555{self.number % 10_000:04}"
        self.email = f"{mark.lower()}@example.org"

    @property
    def values(self) -> list[str]:
        """All of them, as they might be found."""
        words = (self.given, self.family, self.needs, self.guardian, self.home)
        words += (self.note, self.said, self.member, self.sought, self.asker)
        return [*words, self.phone[1:], self.email]

    def pages(self) -> dict[str, dict[str, str]]:
        """What they type on the pages of the form."""
        return {
            "who": {
                "persons": "3",
                "person-0-given_name": self.given,
                "person-0-family_name": self.family,
                "person-0-needs": self.needs,
                "person-1-given_name": "Second",
                "person-2-given_name": "Child",
                "person-2-birth_year": "2019",
                "person-2-guardian_name": self.guardian,
            },
            "where": {
                "stay-0-arrives_on": str(timezone.localdate() - timedelta(days=1)),
                "stay-0-departs_on": str(timezone.localdate() + timedelta(days=9)),
            },
            "reach": {
                "phone": self.phone,
                "email": self.email,
                "emergency_name": self.home,
                "emergency_phone": "+12025550000",
                "emergency_told": "all",
            },
        }


@pytest.fixture
def logs() -> Iterator[list[str]]:
    """Every line that an installation would log, and debugging ones of our own."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Keep()
    root, ours = logging.getLogger(), logging.getLogger("consular")
    levels = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    ours.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def register(web: Watched, party: Party) -> Registration:
    """Go through the pages, confirm by code, and look at what there is."""
    pages = forms_of.walk(web, **party.pages())
    forms_of.send(web, pages, {"warn": "on", "needs": "on", "emergency": "on"})
    errands.run(timezone.now())
    row = Registration.objects.order_by("-pk")[0]
    code = linking.code_of(row.contacts.get(kind="email"))
    confirm = f"/confirm/{linking.token(row, Link.Purpose.CONFIRM)}/"
    web.get(confirm)
    web.post(confirm, {"code": "WRONG2"})
    own = web.post(confirm, {"code": code}).headers["Location"]
    own = "/" + own.split("/", 3)[3]
    web.get(own)
    until = timezone.localdate() + timedelta(days=20)
    for do in ("right", "download", "change", "extend"):
        web.post(own, {"do": do, "until": str(until)})
    web.post("/my-link/", {"address": party.phone})
    web.post("/my-link/", {"address": party.email + " "})
    return row


def answer(web: Watched, party: Party, officer: Officer, row: Registration) -> None:
    """Answer by link and by SMS; an officer takes the case."""
    message = Message.objects.filter(
        audiences__audience=Audience.objects.get(registration=row), channel="sms"
    ).get()
    page = f"/c/{links.token(message.uid)}"
    web.get(page)
    web.post(page, {"status": "help"})
    details = {"note": party.note, "place": party.note, "callback": party.phone}
    web.post(f"{page}/details", details | {"need": ["trapped"]})
    said = {"MessageSid": f"SM{party.number}", "From": party.phone}
    inbox.store("simulated", said | {"Body": party.said}, "sms", timezone.now())
    inbox.read_new(timezone.now())
    case = Case.objects.filter(person__registration=row).first()
    if case:
        cases.log(case, "note", f"Spoke with {party.given}", officer, timezone.now())


def stand_in(web: Watched, desk: Watched, party: Party, code: str) -> None:
    """Do what else there is: a crisis form, mistakes, searches, the API."""
    page = web.get(f"/now/{code}/").content.decode()
    key = re.search(r'name="key" value="(\w+)"', page)[1]
    typed = {"given_name": party.family, "place": "Managua, Nicaragua", "warn": "on"}
    web.post(f"/now/{code}/", typed | {"key": key, "phone": "12", "needs": party.needs})
    web.post(f"/now/{code}/", typed | {"key": key, "phone": party.phone})
    web.post("/register/", {"state": party.given, "do": party.family})
    web.get(f"/r/{party.number}/")
    for words in (party.phone, party.email, party.given):
        desk.post("/desk/registrations/", {"q": words})
    broken = {"persons": [{"given_name": party.given}], "contacts": [party.email]}
    desk.post("/api/v1/registrations/", broken, content_type="application/json")
    asked = {"given_name": party.sought, "asker": party.asker, "do": "send"}
    asked |= {"relation": "mother", "contact": party.email, "key": key}
    web.post("/ask/", asked)


def bring(web: Watched, party: Party, group: str) -> None:
    """Register somebody by a coordinator's list; a line of it cannot be read."""
    lines = (
        "Vorname,E-Mail,Land",
        f"{party.member},{party.email},NI",
        f"{party.member},{party.number} {party.member},NI",
    )
    sent = SimpleUploadedFile("people.csv", "\n".join(lines).encode())
    web.post(group, {"list": sent})
    web.post(group, {"take": str(Upload.objects.latest("pk").pk)})
    taking.run(timezone.now())
    web.get(group)


def backup(settings: Any, path: Path) -> str:
    """Return a backup as it lies there, and as its own key alone opens it."""
    settings.BACKUP_KEY = "secret of the backup"
    call_command("backup", str(path), stdout=io.StringIO())
    with path.open("rb") as file:
        opened = b"\n".join(vault.read(file, settings.BACKUP_KEY))
    return (path.read_bytes() + opened).decode("utf-8", "replace").lower()


def search(
    parties: list[Party], rows: list[Registration], kept: str, seen: dict[str, str]
) -> None:
    """See that all is there for who has the keys, and for nobody else."""
    values = [value for party in parties for value in party.values]
    assert len(values) >= WANTED
    plain = whole.opened()
    assert [value for value in values if value.lower() not in plain] == []
    dump = whole.dumped()
    known = [row.reference.lower() for row in rows]
    assert all(each in dump and each in kept for each in known)
    places = seen | {"database": whole.stored(), "dump": dump, "backup": kept}
    places["string of a row"] = "\n".join(map(str, rows))
    for name, text in places.items():
        small = text.lower()
        leaked = [value for value in values if value.lower() in small]
        assert (name, leaked) == (name, [])


def test_no_planted_value_is_where_it_must_not_be(
    client: Client,
    officer: Officer,
    approver: Officer,
    logs: list[str],
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.FREE_FORMS = settings.FREE_TEXTS = 10_000
    now = timezone.now()
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    web, desk = Watched(client), Watched(Client())
    factories.sign_in(desk.client, officer)
    code = crisis.open_form("Earthquake", ["NI"], officer, now).code
    school = grouping.open_group("School", "school@example.org", "en", officer, now)
    group = f"/g/{grouping.token(school)}/"
    parties = [Party(number) for number in range(1, WANTED // A_PARTY + 2)]
    rows = [register(web, party) for party in parties]
    while joining.tick(timezone.now()):
        pass
    for party, row in zip(parties, rows, strict=True):
        answer(web, party, officer, row)
        stand_in(web, desk, party, code)
        bring(web, party, group)
        desk.get(f"/desk/registrations/{row.reference}/")
    kept = backup(settings, tmp_path / "muster.backup")
    seen = {"logs": "\n".join(logs), "pages": "\n".join(web.seen + desk.seen)}
    search(parties, rows, kept, seen)
