"""What a desk kept without a connection comes in once, and overwrites nobody's word."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consular.missions.models import AuditEntry, Officer, Posting
from consular.people.models import DeskEntry, Errand, Registration
from consular.people.protecting import retention
from tests import factories

pytestmark = pytest.mark.django_db
SYNC = "/desk/registrations/offline/sync/"
SAID = {
    "given_name": "Invented",
    "family_name": "Guest",
    "place": "Managua, Nicaragua",
    "phone": "+1 202 555 0101",
    "email": "",
    "needs": "insulin",
    "language": "es",
    "warn": "on",
}


def entry(**changes: Any) -> dict[str, Any]:
    typed = SAID | changes.pop("typed", {})
    return {"key": uuid.uuid4().hex, "typed": typed} | changes


def sent(desk: Client, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    body = json.dumps({"entries": entries})
    answer = desk.post(SYNC, body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()["entries"]


def test_an_entry_comes_in_once_however_often_it_is_sent(desk: Client) -> None:
    one = entry()
    first, second = sent(desk, one)[0], sent(desk, one, one)
    assert (first["state"], first["revision"]) == ("saved", 1)
    assert second == [first, first]
    row = Registration.objects.get()
    assert (row.reference, row.language) == (first["reference"], "es")
    assert (row.confirmed_at is not None, Errand.objects.count()) == (True, 1)
    assert AuditEntry.objects.filter(action="enter_registration").count() == 1


def test_five_hundred_entries_come_in_without_loss(desk: Client) -> None:
    entries = [
        entry(typed={"given_name": f"Guest {n}", "phone": f"+1202555{n:04}"})
        for n in range(500)
    ]
    for begin in range(0, 500, 25):
        sent(desk, *entries[begin : begin + 25])
    assert Registration.objects.count() == 500
    assert {row["state"] for row in sent(desk, *entries[:25])} == {"saved"}
    assert Registration.objects.count() == DeskEntry.objects.count() == 500


def known_person() -> Registration:
    known = factories.make_registration(phone="+12025550101", stays=[])
    known.persons.update(given_name="Invented", family_name="Guest")
    return known


@pytest.mark.parametrize(("decided", "parties"), [("add", 1), ("apart", 2)])
def test_who_is_on_record_already_is_shown_and_the_officer_decides(
    desk: Client, decided: str, parties: int
) -> None:
    known, one = known_person(), entry()
    (answer,) = sent(desk, one)
    assert (answer["state"], answer["reference"]) == ("conflict", known.reference)
    assert answer["theirs"]["reached by"] == "+12025550101"
    looks = AuditEntry.objects.filter(action="view_registration")
    assert looks.get().subject == f"registration {known.pk}"
    assert not DeskEntry.objects.exists()
    (answer,) = sent(desk, one | {"decided": decided})
    assert Registration.objects.count() == parties
    assert sent(desk, one | {"decided": decided}) == [answer]
    assert Registration.objects.count() == parties


def test_a_change_is_written_unless_somebody_changed_it_meanwhile(desk: Client) -> None:
    (first,) = sent(desk, entry())
    moved = {"place": "León, Nicaragua"}
    to_leon = entry(typed=moved, reference=first["reference"], revision=1)
    (second,) = sent(desk, to_leon)
    assert (second["state"], second["revision"]) == ("saved", 2)
    assert sent(desk, to_leon) == [second]
    row = Registration.objects.get()
    assert row.stays.current().get().place == "León, Nicaragua"
    late = entry(reference=first["reference"], revision=1)
    (conflict,) = sent(desk, late)
    assert conflict["state"] == "conflict"
    assert conflict["theirs"]["where"] == "León, Nicaragua"
    assert row.stays.current().get().place == "León, Nicaragua"
    (mine,) = sent(desk, late | {"decided": "mine"})
    assert (mine["state"], mine["revision"]) == ("saved", 3)
    assert row.stays.current().get().place == "Managua, Nicaragua"


def test_nobody_changes_what_another_desk_entered(desk: Client) -> None:
    (first,) = sent(desk, entry())
    other = Client()
    factories.sign_in(other, factories.make_officer())
    (answer,) = sent(other, entry(reference=first["reference"], revision=0))
    assert answer["state"] == "refused"


def test_what_is_to_be_mended_is_said_and_nothing_is_written(desk: Client) -> None:
    typed = {"place": "Nowhere at all", "phone": "12"}
    (answer,) = sent(desk, entry(typed=typed))
    assert answer["state"] == "refused"
    assert len(answer["problems"]) == 2
    assert not Registration.objects.exists()


def test_an_officer_elsewhere_learns_nothing_of_who_is_on_record(now: Any) -> None:
    known = factories.make_registration(phone="+12025550101")
    known.persons.update(given_name="Invented", family_name="Guest")
    officer = factories.make_officer()
    fiji = factories.make_mission(country="FJ", serves=["FJ"])
    Posting.objects.filter(officer=officer).update(mission=fiji)
    desk = Client()
    factories.sign_in(desk, officer)
    (answer,) = sent(desk, entry())
    assert (answer["state"], answer["theirs"]) == ("added", {})


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"entries": [1]}', '{"entries": [{"key": "x"}]}']
)
def test_what_is_no_entry_is_refused(desk: Client, body: str) -> None:
    answer = desk.post(SYNC, body, content_type="application/json")
    assert answer.status_code == 400


def test_a_form_in_place_of_entries_is_refused(desk: Client) -> None:
    assert desk.post(SYNC, {"entries": "[]"}).status_code == 400


def test_keys_are_forgotten_after_two_days(desk: Client) -> None:
    sent(desk, entry())
    retention.purge(timezone.now())
    assert DeskEntry.objects.exists()
    DeskEntry.objects.update(taken_at=timezone.now() - timezone.timedelta(days=3))
    retention.purge(timezone.now())
    assert not DeskEntry.objects.exists()
    assert Registration.objects.exists()


def test_signing_out_has_the_browser_erase_what_it_kept(
    desk: Client, officer: Officer
) -> None:
    answer = desk.post("/desk/sign-out/")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
