"""What two do in the same moment counts once, and loses nothing.

On PostgreSQL, where they really do it at once; SQLite has one writer at a time.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from alerts.checkins import duplicates
from alerts.checkins.models import SamePerson
from alerts.incidents.audiences import audience
from alerts.incidents.models import Audience
from consular.missions.models import Officer
from consular.people.lists import taking
from consular.people.managing import erasing, linking
from consular.people.models import Link, Person, Registration
from consular.people.registering import crisis
from tests import factories
from tests.incidents import path
from tests.people import forms_of

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = "given_name,email,country\n"


@pytest.fixture(autouse=True)
def _at_once(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")


def together(*works: Callable[[], Any]) -> list[Any]:
    """Do all of it at once, each with a connection of its own; return what came."""
    ready = threading.Barrier(len(works))
    came: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        ready.wait(60)
        try:
            came[place] = works[place]()
        except Exception as error:  # the test says what it expects
            came[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return came


def wrong(came: list[Any]) -> list[Any]:
    return [each for each in came if isinstance(each, Exception)]


def test_one_crisis_form_sent_twenty_times_at_once_counts_once(
    officer: Officer,
) -> None:
    form = crisis.open_form("Earthquake", ["NI"], officer, timezone.now())
    typed = {"given_name": "Ada", "place": "Managua, Nicaragua", "warn": "on"}
    typed |= {"key": "a" * 32, "phone": "+12025550101"}
    came = together(
        *[lambda: Client().post(f"/now/{form.code}/", typed).status_code] * 20
    )
    assert came == [200] * 20
    assert Registration.objects.count() == 1
    form.refresh_from_db()
    assert form.entries == 1


def test_a_link_confirmed_on_two_devices_at_once_confirms_once(client: Client) -> None:
    forms_of.register(client)
    row = Registration.objects.get()
    code = linking.code_of(row.contacts.get(kind="email"))
    where = f"/confirm/{linking.token(row, Link.Purpose.CONFIRM)}/"
    sent = {"code": code}
    came = together(*[lambda: Client().post(where, sent).status_code] * 4)
    assert came == [302] * 4
    before = row.revision
    row.refresh_from_db()
    assert row.confirmed_at is not None
    assert row.revision == before + 1


def test_two_officers_who_merge_crosswise_make_one_person(
    officer: Officer, approver: Officer
) -> None:
    one, two = two_persons()
    now = timezone.now()
    came = together(
        lambda: duplicates.merge(one, two, officer, now),
        lambda: duplicates.merge(two, one, approver, now),
    )
    assert wrong(came) == []
    assert came.count(None) == 1
    assert SamePerson.objects.filter(undone_at=None).count() == 1


def test_a_merge_while_another_is_taken_back_leaves_one_or_none(
    officer: Officer, approver: Officer
) -> None:
    one, two = two_persons()
    row, now = duplicates.merge(one, two, officer, timezone.now()), timezone.now()
    assert row
    came = together(
        lambda: duplicates.unmerge(row, officer, now),
        lambda: duplicates.merge(two, one, approver, now),
        lambda: duplicates.unmerge(row, approver, now),
    )
    assert wrong(came) == []
    assert sorted([came[0], came[2]]) == [False, True]
    assert SamePerson.objects.filter(undone_at=None).count() <= 1


def two_persons() -> tuple[Person, Person]:
    rows = [factories.make_registration(phone=f"+1202555010{n}") for n in range(2)]
    first, second = (row.persons.first() for row in rows)
    assert first
    assert second
    return first, second


def test_who_deletes_while_being_merged_is_gone(officer: Officer) -> None:
    one, two = two_persons()
    gone, now = two.registration, timezone.now()
    came = together(
        lambda: erasing.erase(gone, now),
        lambda: duplicates.merge(one, two, officer, now),
    )
    assert wrong(came) == []
    assert Person.objects.get() == one
    assert not SamePerson.objects.exists()


def test_who_deletes_while_a_warning_is_addressed_is_gone_and_others_are_warned(
    officer: Officer, approver: Officer
) -> None:
    today = timezone.localdate()
    stay = factories.make_stay_entry(
        -86.25, 12.14, arrives_on=today, departs_on=today + timedelta(days=9)
    )
    rows = [
        factories.make_registration(phone=f"+1202555{n:04}", stays=[stay])
        for n in range(12)
    ]
    alert, now = path.approved(officer, approver, timezone.now()), timezone.now()
    came = together(
        lambda: audience.settle(alert, now),
        *[lambda row=row: erasing.erase(row, now) for row in rows[:4]],
    )
    assert wrong(came) == []
    for _ in range(3):
        audience.settle(alert, timezone.now())
    left = {row.pk for row in rows[4:]}
    assert set(Registration.objects.values_list("pk", flat=True)) == left
    found = Audience.objects.filter(alert=alert, is_included=True)
    assert set(found.values_list("registration_id", flat=True)) == left


def test_who_deletes_while_a_list_comes_in_is_gone_and_the_list_is_whole(
    officer: Officer,
) -> None:
    now = timezone.now()
    lines = [f"P{n},p{n}@example.org,NI" for n in range(250)]
    upload = taking.keep((ROWS + "\n".join(lines)).encode(), now, officer=officer)
    taking.want(upload, now, agreed="by letter")
    gone = factories.make_registration(email="p3@example.org")
    came = together(
        lambda: taking.run(now),
        lambda: taking.run(now),
        lambda: erasing.erase(gone, now),
    )
    assert wrong(came) == []
    while taking.run(now):
        pass
    upload.refresh_from_db()
    assert (upload.taken, upload.refused, upload.document) == (250, [], "")
    assert Registration.objects.count() == 250
