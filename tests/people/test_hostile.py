"""What is typed or uploaded by a slip or with ill will is kept plainly, or refused."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.core.files.uploadhandler import UploadFileException
from django.test import Client, RequestFactory
from django.utils import timezone

from consular import uploads
from consular.missions.models import Officer
from consular.people import ticking
from consular.people.lists import lines, reading, taking
from consular.people.models import Person, Registration, Upload
from consular.people.registering import crisis
from consular.people.registering.addresses import AddressError, normalise_phone
from tests.factories import NOON
from tests.people import forms_of
from tests.people.test_lists import read

HALF = "\ud800"
TURNED = "Ada\u202egnp.exe\u2066"
ROW = "Ada;{};{};+353209100000;;León;NI;;2027-01-01;"


def document(**person: str) -> bytes:
    """One party as JSON."""
    contacts = [{"kind": "email", "address": "ada@example.org"}]
    found = {"persons": [person], "contacts": contacts, "stays": [{"country": "NI"}]}
    return json.dumps({"registrations": [found]}).encode()


@pytest.mark.django_db
def test_half_a_letter_in_a_list_holds_up_no_list(desk: Client) -> None:
    sent = SimpleUploadedFile("x.json", document(given_name=f"Ada{HALF}"))
    answer = desk.post("/desk/lists/", {"list": sent})
    assert desk.get(answer.url).status_code == 200
    taking.want(Upload.objects.get(), timezone.now())
    ticking.tick(timezone.now())
    assert Person.objects.get().given_name == "Ada\ufffd"


@pytest.mark.django_db
def test_half_a_letter_from_a_desk_holds_up_no_entry(desk: Client) -> None:
    typed = {"given_name": f"Ada{HALF}", "place": "Managua, Nicaragua", "warn": "on"}
    typed |= {"phone": "+12025550101", "language": "en"}
    body = json.dumps({"entries": [{"key": uuid.uuid4().hex, "typed": typed}]})
    where = "/desk/registrations/offline/sync/"
    answer = desk.post(where, body, content_type="application/json")
    assert answer.json()["entries"][0]["state"] == "saved"


@pytest.mark.django_db
def test_signs_that_turn_words_around_are_not_kept(client: Client) -> None:
    forms_of.register(client, who={"person-0-given_name": TURNED})
    assert Person.objects.get().given_name == "Adagnp.exe"


def test_a_name_of_unseen_signs_is_none() -> None:
    (party,) = read("\u200b\u200f;;;+353209100000;;León;NI;;2027-01-01;")
    assert [problem.column for problem in party.problems] == ["given_name"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed", ["\u200b\u200f", "A" * 10_000, "\x00", " \r\n "], ids=repr
)
def test_a_name_that_is_none_or_a_book_is_refused(client: Client, typed: str) -> None:
    page = client.get("/register/")
    who = forms_of.WHO | {"person-0-given_name": typed}
    assert forms_of.send(client, page, who).status_code == 400


@pytest.mark.django_db
def test_nobody_is_born_in_the_future(client: Client) -> None:
    page = client.get("/register/")
    born = str(timezone.localdate().year + 1)
    who = forms_of.WHO | {"person-0-birth_year": born}
    assert "Is the year right?" in forms_of.send(client, page, who).content.decode()


@pytest.mark.django_db
def test_a_trip_that_is_over_is_not_registered_anew(client: Client) -> None:
    page = forms_of.send(client, client.get("/register/"), forms_of.WHO)
    over = {"stay-0-arrives_on": forms_of.day(-20), "stay-0-departs_on": "2020-01-09"}
    page = forms_of.send(client, page, forms_of.WHERE | over)
    assert "This is before the first day." in page.content.decode()
    over["stay-0-departs_on"] = forms_of.day(-2)
    page = forms_of.send(client, page, forms_of.WHERE | over)
    assert "This stay is over." in page.content.decode()
    over["stay-0-departs_on"] = forms_of.day(-1)  # it is today somewhere
    assert forms_of.send(client, page, forms_of.WHERE | over).status_code == 200


@pytest.mark.parametrize(
    "number",
    [
        "+1 900 555 0101",  # premium rate
        "+44 844 000 0000",  # shared cost
        "112",
        "+353 112",
        "+44 7700 900123 ext. 55",
        "+12025550101;ext=9",
    ],
)
def test_numbers_that_no_text_may_go_to_are_refused(number: str) -> None:
    with pytest.raises(AddressError):
        normalise_phone(number, "IE")


def test_lists_of_old_programs_are_read() -> None:
    found = reading.table(b"sep=;\r\ngiven_name;email\r\nAda, Maria;a@example.org\r\n")
    assert (found.columns, found.rows) == (
        ["given_name", "email"],
        [["Ada, Maria", "a@example.org"]],
    )
    assert found.lines == [3]
    assert reading.table(b"a,b\rc,d\re,f").rows == [["c", "d"], ["e", "f"]]
    assert reading.table(b'a,b\n"c\nd",e\nf,g\n').lines == [2, 4]


def test_a_cell_is_refused_rather_than_cut() -> None:
    (party,) = read(ROW.format("B" * 121, ""))
    assert [problem.words for problem in party.problems] == ["At most 120 letters."]
    (party,) = read(ROW.format("B" * 120, "١٩٨٥"))
    assert party.entry
    assert party.entry.persons[0].birth_year == 1985
    assert len(party.entry.persons[0].family_name) == 120


def test_a_formula_is_a_name_like_others() -> None:
    (party,) = read("=cmd|' /C calc'!A0;;;+353209100000;;@SUM(1+1);NI;;2027-01-01;")
    assert isinstance(party, lines.Party)
    assert party.entry
    assert party.entry.persons[0].given_name == "=cmd|' /C calc'!A0"


@pytest.mark.django_db
def test_a_large_list_is_refused_and_stands_in_no_file(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise UploadFileException("a file was begun")

    monkeypatch.setattr(TemporaryUploadedFile, "__init__", refuse)
    line = b"A" * (uploads.MOST_BYTES + 1_000_000)
    sent = SimpleUploadedFile("x.csv", b"given_name,country\n" + line)
    answer = desk.post("/desk/lists/", {"list": sent})
    assert "The file is larger than 5 MB." in answer.content.decode()
    request = RequestFactory().post("/", {"list": SimpleUploadedFile("x.csv", line)})
    assert request.FILES["list"].size <= uploads.MOST_BYTES + 100_000


@pytest.mark.django_db
def test_what_is_typed_in_a_crisis_stays_one_address(
    client: Client, officer: Officer
) -> None:
    form = crisis.open_form("Earthquake", ["NI"], officer, NOON - timedelta(days=1))
    typed = {"given_name": "Ada", "place": "Nicaragua", "warn": "on"}
    typed |= {"key": "a" * 32, "email": "ada@example.org\r\nBcc: all@example.org"}
    answer = client.post(f"/now/{form.code}/", typed)
    assert answer.status_code == 400
    assert not Registration.objects.exists()
