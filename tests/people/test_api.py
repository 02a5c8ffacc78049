"""Registrations at /api/v1/: hostile input is refused with words, never a crash."""

import copy
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts.dispatch.models import Message
from consular.missions.models import AuditEntry
from consular.people.managing import errands
from consular.people.models import Registration
from tests import factories

PATH = "/api/v1/registrations/"
GOOD: dict[str, Any] = {
    "kind": "trip",
    "persons": [{"given_name": "Invented"}, {"given_name": "Second"}],
    "contacts": [{"kind": "phone", "address": "+1 202 555 0101", "person": 1}],
    "stays": [
        {
            "country": "NI",
            "lon": -86.25,
            "lat": 12.13,
            "arrives_on": "2026-12-01",
            "departs_on": "2026-12-09",
            "persons": [1, 1],
        }
    ],
}


def send(desk: Client, body: Any) -> Any:
    return desk.post(PATH, json.dumps(body), content_type="application/json")


def test_a_registration_is_entered_and_shown(desk: Client) -> None:
    answer = send(desk, GOOD)
    assert answer.status_code == 201, answer.content
    shown = desk.get(f"{PATH}{answer.json()['reference']}/").json()
    assert shown == answer.json()
    assert shown["contacts"][0]["address"] == "+12025550101"
    assert shown["contacts"][0]["person"] == 1
    assert shown["stays"][0]["persons"] == [1]
    assert shown["confirmed_at"] is None
    errands.run(timezone.now())
    assert Message.objects.get().purpose == "confirmation"


def test_a_country_alone_is_enough(desk: Client) -> None:
    body = copy.deepcopy(GOOD)
    body["stays"][0] = {"country": "NI", "arrives_on": "2026-12-01"}
    body["kind"] = "residence"
    stay = send(desk, body).json()["stays"][0]
    assert stay["precision"] == "country"
    assert stay["place"] == "Nicaragua"


def test_a_list_tells_neither_who_nor_where(desk: Client) -> None:
    factories.make_registration(phone="+12025550101", party=3)
    rows = desk.get(PATH).json()["results"]
    assert rows[0]["people"] == 3
    assert not {"persons", "contacts", "stays"} & set(rows[0])


def test_a_deleted_registration_is_gone_and_logged(desk: Client) -> None:
    row = factories.make_registration()
    assert desk.delete(f"{PATH}{row.reference}/").status_code == 204
    assert not Registration.objects.exists()
    assert AuditEntry.objects.get(action="erase").officer is not None


def test_looking_at_one_is_logged(desk: Client) -> None:
    desk.get(f"{PATH}{factories.make_registration().reference}/")
    assert AuditEntry.objects.filter(action="view_registration").exists()


@pytest.mark.parametrize("path", ["", "AAAA-AAAA/"])
def test_a_stranger_is_refused(client: Client, db: None, path: str) -> None:
    assert client.get(PATH + path).status_code == 401


def changed(where: str, value: Any) -> dict[str, Any]:
    body = copy.deepcopy(GOOD)
    *path, last = where.split(".")
    at: Any = body
    for part in path:
        at = at[int(part)] if part.isdigit() else at[part]
    at[last] = value
    return body


HOSTILE = [
    ("kind", "planet"),
    ("kind", {"a": 1}),
    ("language", "tlh"),
    ("agreed", ["all"]),
    ("persons", []),
    ("persons", "Invented"),
    ("persons", [{"given_name": "x"}] * 13),
    ("persons.0.given_name", "\x00"),
    ("persons.0.given_name", "\ud800"),
    ("persons.0.given_name", {"a": 1}),
    ("persons.0.birth_year", 10**30),
    ("persons.0.birth_year", "²"),
    ("contacts", []),
    ("contacts.0.address", "nope"),
    ("contacts.0.address", "\x00"),
    ("contacts.0.kind", "fax"),
    ("contacts.0.person", 5),
    ("stays", [None]),
    ("stays.0.country", "XX"),
    ("stays.0.country", "\x00"),
    ("stays.0.lon", 10**400),
    ("stays.0.lon", "nan"),
    ("stays.0.lon", 181),
    ("stays.0.lat", "-inf"),
    ("stays.0.lat", [1]),
    ("stays.0.radius_m", 1e300),
    ("stays.0.arrives_on", "9999-12-31"),
    ("stays.0.arrives_on", "0001-01-01"),
    ("stays.0.arrives_on", 7),
    ("stays.0.departs_on", "2026-11-30"),
    ("stays.0.departs_on", None),
    ("stays.0.persons", [2]),
    ("stays.0.persons", [10**30]),
]


@pytest.mark.parametrize(("where", "value"), HOSTILE)
def test_hostile_values_are_refused_at_their_field(
    desk: Client, where: str, value: Any
) -> None:
    answer = send(desk, changed(where, value))
    assert answer.status_code == 400
    assert where.split(".")[0] in answer.json()
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"7", b"{", b"\xff\xfe", b'{"kind": NaN}', b"[" * 100_000],
)
def test_a_hostile_document_is_refused(desk: Client, body: bytes) -> None:
    answer = desk.post(PATH, body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["lon", "lat"])
def test_half_a_point_is_refused(desk: Client, name: str) -> None:
    body = copy.deepcopy(GOOD)
    del body["stays"][0][name]
    assert send(desk, body).status_code == 400
