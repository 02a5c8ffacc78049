"""Codes, lost links and questions: who is written to, and what gives nobody away."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from alerts.dispatch.models import Message
from consular.people.managing import confirming, errands, linking
from consular.people.models import Contact, Errand, Link, Registration
from consular.people.protecting import retention
from tests import factories
from tests.people import forms_of
from tests.people.test_crisis import plain

pytestmark = pytest.mark.django_db
PHONE, EMAIL = "+12025550101", "invented@example.org"


def bodies() -> list[str]:
    errands.run(timezone.now())
    return [message.text.body for message in Message.objects.order_by("pk")]


def path_of(registration: Registration) -> str:
    return f"/confirm/{linking.token(registration, Link.Purpose.CONFIRM)}/"


def test_the_code_confirms_its_own_address_and_no_other(client: Client) -> None:
    forms_of.register(client)
    row = Registration.objects.get()
    phone, email = row.contacts.order_by("-kind")
    code = linking.code_of(phone)
    assert sum(code in body for body in bodies()) == 1
    typed = f" {code[:3].lower()} {code[3:]}"
    assert client.post(path_of(row), {"code": typed}).status_code == 302
    for contact in (phone, email):
        contact.refresh_from_db()
    assert phone.verified_at
    assert email.verified_at is None
    assert Registration.objects.get().confirmed_at


def test_a_code_is_guessed_ten_times_at_most(client: Client) -> None:
    row = factories.make_registration(phone=PHONE, confirmed=False)
    for _ in range(confirming.MOST_TRIES):
        answer = client.post(path_of(row), {"code": "AAAAAA"})
        assert answer.status_code == 400
    right = linking.code_of(row.contacts.get())
    assert client.post(path_of(row), {"code": right}).status_code == 400
    assert not Registration.objects.exclude(confirmed_at=None)


def test_a_lost_link_is_sent_to_the_address_on_record(client: Client) -> None:
    row = factories.make_registration(phone=PHONE)
    assert client.post("/my-link/", {"address": PHONE}).status_code == 200
    (body,) = bodies()
    assert linking.link(row, Link.Purpose.MANAGE) in body
    assert not Errand.objects.exists()


def test_nobody_learns_whether_an_address_is_known(client: Client) -> None:
    factories.make_registration(phone=PHONE, email=EMAIL)
    for known, unknown in (
        (PHONE, "+12025550188"),
        (EMAIL, "nobody@example.org"),
    ):
        first = client.post("/my-link/", {"address": known})
        second = client.post("/my-link/", {"address": unknown})
        assert plain(first) == plain(second)
    assert len(bodies()) == 2


def test_an_address_that_was_never_proven_gets_no_link(client: Client) -> None:
    row = factories.make_registration(phone=PHONE)
    Contact.objects.update(verified_at=None)
    client.post("/my-link/", {"address": PHONE})
    (body,) = bodies()
    assert linking.link(row, Link.Purpose.MANAGE) not in body
    assert linking.code_of(row.contacts.get()) in body


@pytest.mark.parametrize("typed", ["", "12", "nope@", "\x00", "+19002345678"])
def test_what_is_no_address_is_said(client: Client, typed: str) -> None:
    assert client.post("/my-link/", {"address": typed}).status_code == 400
    assert not Errand.objects.exists()


def test_an_emergency_contact_cannot_fetch_the_link(client: Client) -> None:
    row = factories.make_registration(phone=PHONE)
    row.contacts.update(role=Contact.Role.EMERGENCY)
    client.post("/my-link/", {"address": PHONE})
    assert bodies() == []


def test_a_deletion_takes_notices_and_errands_along(client: Client) -> None:
    row = factories.make_registration(phone=PHONE, confirmed=False)
    errands.confirm_later(row, timezone.now())
    assert len(bodies()) == 1
    errands.confirm_later(row, timezone.now() + timedelta(seconds=1))
    token = linking.token(row, Link.Purpose.MANAGE)
    client.post(f"/r/{token}/", {"do": "delete", "sure": "1"})
    assert bodies() == []
    assert not Errand.objects.exists()


@pytest.fixture
def school(settings) -> list[Registration]:
    """Five of a school, whose country may get two messages an hour."""
    settings.NOTICES_A_COUNTRY = 2
    numbers = [f"+5052555010{last}" for last in range(5)]
    return [
        factories.make_registration(phone=number, confirmed=False) for number in numbers
    ]


def written_to() -> list[str]:
    rows = Message.objects.filter(purpose="confirmation").order_by("pk")
    return [message.address.address for message in rows]


def test_what_is_over_the_hour_s_limit_waits_and_goes_out_in_order(
    school: list[Registration], now: datetime
) -> None:
    errands.confirm_all_later(school, now)
    errands.run(now)
    assert written_to() == ["+50525550100", "+50525550101"]
    assert errands.waiting().count() == 3
    late = factories.make_registration(phone="+50525550109", confirmed=False)
    hour = timedelta(hours=1, seconds=1)
    errands.confirm_later(late, now + hour)
    errands.run(now + hour)  # a free hour, but others have waited for it
    assert [errands.resume(now + hour), errands.resume(now + hour)] == [2, 0]
    assert written_to()[2:] == ["+50525550102", "+50525550103"]
    for _ in range(2):
        errands.resume(now + 2 * hour)
    assert written_to()[4:] == ["+50525550104", "+50525550109"]
    assert not Errand.objects.exists()


def test_who_needs_no_question_any_more_does_not_hold_up_the_others(
    school: list[Registration], now: datetime
) -> None:
    errands.confirm_all_later(school, now)
    errands.run(now)
    school[2].delete()
    Contact.objects.filter(registration=school[3]).update(verified_at=now)
    errands.resume(now + timedelta(hours=2))
    assert written_to()[2:] == ["+50525550104"]
    assert not Errand.objects.exists()


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_what_waits_ends_when_a_registration_nobody_confirmed_would(
    school: list[Registration], now: datetime, is_confirmed: bool
) -> None:
    errands.confirm_all_later(school, now)
    errands.run(now)
    if is_confirmed:  # by another address of theirs
        Registration.objects.update(confirmed_at=now)
    retention.purge(now + timedelta(days=6))
    assert errands.waiting().count() == 3
    retention.purge(now + timedelta(days=7))
    assert not Errand.objects.exists()
    assert Registration.objects.count() == (5 if is_confirmed else 0)


def test_one_country_s_limit_holds_up_no_other(
    school: list[Registration], now: datetime
) -> None:
    abroad = factories.make_registration(phone="+6797654321", confirmed=False)
    errands.confirm_all_later([*school, abroad], now)
    errands.run(now)
    assert "+6797654321" in written_to()


def test_an_address_that_is_asked_too_often_is_owed_no_more(now: datetime) -> None:
    for _ in range(7):
        row = factories.make_registration(phone="+50525550100", confirmed=False)
        errands.confirm_later(row, now)
    errands.run(now)
    assert len(written_to()) == 5
    assert not Errand.objects.exists()


def test_an_officer_sees_how_many_wait(
    school: list[Registration], desk: Client, now: datetime
) -> None:
    errands.confirm_all_later(school, now)
    errands.run(now)
    page = desk.get("/desk/registrations/").content.decode()
    assert "<b>3</b> registrations wait to be asked whether they are right" in page
