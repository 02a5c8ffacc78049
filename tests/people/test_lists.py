"""Lists of groups and of other systems: read, looked at, taken in, asked."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from alerts.checkins import groups
from alerts.checkins.answers import checking
from alerts.checkins.answers.checking import Said
from alerts.checkins.models import Basis, Status
from alerts.dispatch.models import Message
from alerts.incidents.audiences import audience
from consular.missions.models import AuditEntry, Officer
from consular.people.lists import columns, grouping, lines, reading, structured, taking
from consular.people.lists.lines import Settings
from consular.people.managing import errands
from consular.people.models import Group, Registration, Upload
from consular.people.registering import enrolling
from geo import cells
from tests.checkins.conftest import make_alert, make_incident
from tests.incidents import path

HEADINGS = "Vorname;Nachname;Geburtsjahr;Handy;E-Mail;Ort;Land;Von;Bis;Buchung"
ADA = "Ada;Example;1985;+353 20 910 0000;ada@example.org;León;Nicaragua"
HOW = Settings(mode="exercise", language="de", country="IE", today=date(2026, 11, 2))
FIRST, LAST = "05.11.2026", "2026-11-20"


def read(*rows: str, headings: str = HEADINGS) -> list[lines.Party]:
    table = reading.table("\n".join([headings, *rows]).encode())
    return list(lines.parties(table, columns.guessed(table.columns), HOW))


def problems(*rows: str) -> list[tuple[int, str]]:
    return [(p.line, p.column) for party in read(*rows) for p in party.problems]


def test_a_row_is_a_party_with_place_days_and_addresses() -> None:
    (party,) = read(f"{ADA};{FIRST};{LAST};")
    assert party.problems == []
    entry = party.entry
    assert entry is not None
    assert (entry.kind, entry.language) == ("trip", "de")
    assert [c.address for c in entry.contacts] == ["+353209100000", "ada@example.org"]
    stay = entry.stays[0]
    assert (stay.country, stay.precision) == ("NI", "town")
    assert (stay.arrives_on, stay.departs_on) == (date(2026, 11, 5), date(2026, 11, 20))


def test_rows_with_one_booking_are_one_party_and_know_who_is_where() -> None:
    row = "{};Example;;;;{};NI;2026-11-05;2026-11-20;B1"
    (party,) = read(
        "Ada;Example;;+353209100000;;Managua;NI;2026-11-05;2026-11-20;B1",
        row.format("Ben", "Managua"),
        row.format("Cleo", "León"),
    )
    assert party.entry is not None
    assert [p.given_name for p in party.entry.persons] == ["Ada", "Ben", "Cleo"]
    assert [stay.persons for stay in party.entry.stays] == [(0, 1), (2,)]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (";;1985;+353209100000;;León;NI;;;", "given_name"),
        ("Ada;;85;+353209100000;;León;NI;;;", "birth_year"),
        ("Ada;;;12;;León;NI;;;", "phone"),
        ("Ada;;;;no address;León;NI;;;", "email"),
        ("Ada;;;;;León;NI;;;", "phone"),
        ("Ada;;;+353209100000;;León;Atlantis;;;", "country"),
        ("Ada;;;+353209100000;;León;;;;", "country"),
        ("Ada;;;+353209100000;;León;NI;11/31/2026;;", "arrives_on"),
        ("Ada;;;+353209100000;;León;NI;2026-11-09;2026-11-08;", "departs_on"),
        ("Ada;;;+353209100000;;León;NI;2026-10-01;2026-10-08;", "departs_on"),
    ],
)
def test_what_is_wrong_is_said_at_its_line_and_column(row: str, column: str) -> None:
    assert problems(f"{ADA};;;", row) == [(3, column)]
    assert [party.is_usable for party in read(f"{ADA};;;", row)] == [True, False]


def test_a_town_that_is_not_found_leaves_the_country_with_a_remark() -> None:
    (party,) = read("Ada;;;+353209100000;;Qwertyville;NI;;;")
    assert party.is_usable
    assert party.entry is not None
    assert party.entry.stays[0].precision == "country"
    assert not party.problems[0].is_error


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "no rows"),
        (b"only,headings\n", "no rows"),
        (b"PK\x03\x04", "spreadsheet"),
        (b"\x81\x8d\x8f", "no text"),
        (b"a,b\n1,2,3\n", "Line 2 has 3 cells"),
        (b"a\n" + b"x\n" * 20_001, "20,000 rows"),
        (b"a" * 5_000_001, "5 MB"),
    ],
)
def test_a_document_that_cannot_be_read_says_why(document: bytes, words: str) -> None:
    with pytest.raises(reading.ListError, match=words):
        reading.table(document)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_of_office_programs_are_read(encoding: str) -> None:
    assert reading.table("Name\tOrt\nZoë\tLeón".encode(encoding)).rows == [
        ["Zoë", "León"]
    ]


def test_the_documented_json_is_read_and_refused_by_registration() -> None:
    good = {
        "language": "fr",
        "persons": [{"given_name": "Ada", "birth_year": 1985}],
        "contacts": [{"kind": "email", "address": "ada@example.org"}],
        "stays": [{"country": "NI", "lon": -86.25, "lat": 12.14, "place": "Managua"}],
    }
    bad = good | {"stays": [{"country": "NI", "lon": 500, "lat": "x"}], "persons": []}
    document = json.dumps({"registrations": [good, bad, {"x": [1]}]}).encode()
    found = list(structured.parties(reading.parties(document), HOW))
    assert [party.is_usable for party in found] == [True, False, False]
    entry = found[0].entry
    assert entry is not None
    assert (entry.language, entry.stays[0].precision) == ("fr", "exact")
    assert {p.column for p in found[1].problems} >= {"persons", "lat"}


@pytest.fixture
def upload(officer: Officer, now: datetime) -> Upload:
    rows = [f"P{n};Example;;;p{n}@example.org;León;NI;;2027-01-01;" for n in range(9)]
    rows[4] = "P4;Example;;;wrong;León;NI;;2027-01-01;"
    document = "\n".join([HEADINGS, *rows]).encode()
    return taking.keep(document, now, officer=officer)


@pytest.mark.django_db
def test_a_list_comes_in_once_however_often_it_is_run(
    upload: Upload, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 4)
    assert taking.run(now) == 0
    assert taking.want(upload, now)
    assert not taking.want(upload, now)
    assert [taking.run(now) for _ in range(4)] == [4, 4, 1, 0]
    upload.refresh_from_db()
    assert (upload.taken, upload.refused, upload.document) == (9, [6], "")
    assert Registration.objects.count() == 8
    assert Registration.objects.filter(confirmed_at=None).count() == 8
    assert AuditEntry.objects.filter(action="import").count() == 1


@pytest.mark.django_db
def test_a_run_that_dies_leaves_nothing_half_done(
    upload: Upload, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise OSError

    taking.want(upload, now)
    with monkeypatch.context() as patch:
        patch.setattr(errands, "confirm_all_later", die)
        with pytest.raises(OSError):  # noqa: PT011
            taking.run(now)
    assert Registration.objects.count() == 0
    taking.run(now)
    assert Registration.objects.count() == 8


@pytest.mark.django_db
def test_who_agreed_before_counts_at_once_and_others_are_asked(
    upload: Upload, now: datetime
) -> None:
    taking.want(upload, now, agreed="form of the old register, 2025")
    taking.run(now)
    assert not Registration.objects.filter(confirmed_at=None).exists()
    assert errands.run(now) == 0
    consents = Registration.objects.values_list("consents", flat=True)
    assert all(each == {"warn": now.date().isoformat()} for each in consents)


@pytest.mark.django_db
def test_an_officer_maps_columns_and_takes_a_list_in(desk: Any, now: datetime) -> None:
    document = b"Wer,Wohin,Erreichbar\nAda,NI,ada@example.org\n"
    sent = SimpleUploadedFile("x.csv", document)
    answer = desk.post(reverse("people:lists"), {"list": sent})
    page = desk.get(answer.url).content.decode()
    assert "Say which column is given_name and country" in page
    said = {"column-given_name": "0", "column-country": "1", "column-email": "2"}
    assert "<b>1</b> people" in desk.post(answer.url, said).content.decode()
    desk.post(answer.url, said | {"do": "take", "agreed": "yes, by letter"})
    taking.run(now)
    assert Registration.objects.get().persons.get().given_name == "Ada"
    assert "Done" in desk.get(answer.url).content.decode()


@pytest.fixture
def group(officer: Officer, now: datetime) -> Group:
    return grouping.open_group("Example School", "c@example.org", "en", officer, now)


def uploaded(client: Any, group: Group, now: datetime) -> None:
    document = "\n".join([HEADINGS, f"{ADA};;2027-01-01;"]).encode()
    url = reverse("checkins:group", args=[grouping.token(group)])
    sent = SimpleUploadedFile("people.csv", document)
    page = client.post(url, {"list": sent}).content.decode()
    assert "1 person can be registered." in page
    number = Upload.objects.get().pk
    assert client.post(url, {"take": str(number)}).status_code == 302
    taking.run(now)


@pytest.mark.django_db
def test_the_coordinator_gets_the_link_once(group: Group, now: datetime) -> None:
    assert [grouping.tell(now), grouping.tell(now)] == [1, 0]
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_a_coordinator_registers_people_who_are_asked_themselves(
    client: Any, group: Group, now: datetime
) -> None:
    uploaded(client, group, now)
    registration = Registration.objects.get()
    assert registration.confirmed_at is None
    errands.run(now)
    assert Message.objects.filter(purpose="confirmation").count() == 2
    (member,) = groups.members(group)
    assert (member.name, member.is_confirmed, member.state) == (
        "Ada Example",
        False,
        "",
    )


@pytest.mark.django_db
def test_a_coordinator_sees_answers_of_those_who_agreed_and_nothing_else(
    client: Any, group: Group, officer: Officer, approver: Officer, now: datetime
) -> None:
    uploaded(client, group, now)
    registration = Registration.objects.get()
    enrolling.confirm(registration, now)
    registration.stays.update(
        lon=-86.25, lat=12.14, starts_on=now.date() - timedelta(days=1)
    )
    cell = int(cells.cells_of(np.array([-86.25]), np.array([12.14]))[0])
    registration.stays.update(cell=cell)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    assert groups.members(group)[0].state == ""
    said = Said(
        incident=alert.incident,
        persons=list(registration.persons.all()),
        status=Status.NEEDS_HELP,
        basis=Basis.SELF_LINK,
        stated_at=now,
        request_key="one",
    )
    checking.state(said, now)
    assert groups.members(group)[0].state == ""
    grouping.agree(registration, now)
    assert groups.members(group)[0].state == "needs_help"
    flood = make_incident(reference="FL-2", opened_at=now + timedelta(hours=1))
    row = make_alert(flood).audience.create(
        registration=registration, is_included=True, reason="inside"
    )
    for person in registration.persons.all():
        row.persons.create(person=person, level="danger")
    assert groups.members(group)[0].state == "needs_help"
    url = reverse("checkins:group", args=[grouping.token(group)])
    page = client.get(url).content.decode()
    assert "needs help; the ministry knows" in page
    assert "León" not in page
    assert "910" not in page


@pytest.mark.django_db
def test_a_closed_group_s_link_opens_nothing(
    client: Any, group: Group, officer: Officer, now: datetime
) -> None:
    url = reverse("checkins:group", args=[grouping.token(group)])
    assert client.get(url).status_code == 200
    grouping.close_group(group, officer, now)
    assert client.get(url).status_code == 404


@pytest.mark.django_db
def test_one_group_cannot_take_in_another_s_list(
    client: Any, group: Group, upload: Upload, now: datetime
) -> None:
    url = reverse("checkins:group", args=[grouping.token(group)])
    assert client.post(url, {"take": str(upload.pk)}).status_code == 404
    upload.refresh_from_db()
    assert upload.wanted_at is None
