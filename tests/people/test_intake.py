"""By phone: an officer types what a caller says, and the caller counts at once."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from alerts.dispatch.models import Message
from consular.missions.models import AuditEntry
from consular.people.managing import errands
from consular.people.models import Registration
from tests import factories

PATH = "/desk/registrations/by-phone/"
SAID = {
    "given_name": "Invented",
    "family_name": "Caller",
    "place": "Managua, Nicaragua",
    "phone": "+1 202 555 0101",
    "language": "es",
    "warn": "on",
}


def call(desk: Client, **changes: str):
    page = desk.get(PATH).content.decode()
    key = re.search(r'name="key" value="(\w+)"', page)[1]
    return desk.post(PATH, SAID | {"key": key} | changes)


def test_a_caller_counts_at_once_and_gets_a_link(desk: Client) -> None:
    answer = call(desk)
    row = Registration.objects.get()
    assert answer.headers["Location"] == f"/desk/registrations/{row.reference}/"
    assert (row.kind, row.language) == ("crisis", "es")
    assert row.confirmed_at
    errands.run(timezone.now())
    assert Message.objects.get().text.language == "es"
    entry = AuditEntry.objects.get(action="enter_registration")
    assert entry.subject == f"registration {row.pk}"


def test_who_is_registered_already_is_not_entered_twice(desk: Client) -> None:
    known = factories.make_registration(phone="+12025550101", stays=[])
    known.persons.update(given_name="Invented", family_name="Caller")
    call(desk)
    assert Registration.objects.get() == known
    assert known.stays.count() == 1


@pytest.mark.parametrize("missing", ["given_name", "place", "phone", "warn"])
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    desk: Client, missing: str
) -> None:
    answer = call(desk, **{missing: ""})
    assert answer.status_code == 400
    body = answer.content.decode()
    assert 'role="alert"' in body
    assert "Caller" in body
    assert not Registration.objects.exists()
