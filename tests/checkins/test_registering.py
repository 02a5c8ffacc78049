"""REGISTER by text message: who has no data connection counts all the same."""

from typing import Any

import pytest
from django.utils import timezone

from alerts.checkins.answers import inbox
from alerts.checkins.models import Inbound
from alerts.dispatch.models import Message
from alerts.incidents.audiences import audience, joining
from consular.missions.models import Officer
from consular.people.managing import errands
from consular.people.models import Registration
from consular.people.registering import crisis
from tests import factories
from tests.incidents import path

pytestmark = pytest.mark.django_db
PHONE = "+12025550101"


@pytest.fixture
def form() -> Any:
    officer = factories.make_officer()
    return crisis.open_form("Storm", ["NI"], officer, timezone.now())


def text(body: str, number: str = "1", sender: str = PHONE) -> Inbound:
    said = {"MessageSid": f"SM{number}", "From": sender, "Body": body}
    inbox.store("simulated", said, "sms", timezone.now())
    row = Inbound.objects.latest("id")
    inbox.read_new(timezone.now())
    row.refresh_from_db()
    return row


def test_who_texts_register_counts_and_gets_a_link(form: Any) -> None:
    row = text("REGISTER Ada Testwell, León")
    party = Registration.objects.get()
    person, stay = party.persons.get(), party.stays.get()
    assert (person.given_name, person.family_name) == ("Ada", "Testwell")
    assert stay.place.startswith("León")
    assert stay.country == "NI"
    assert party.confirmed_at
    assert party.contacts.get().verified_at is None
    assert (row.state, row.reason) == ("read", "registered by text message")
    errands.run(timezone.now())
    assert "/confirm/" in Message.objects.get().text.body


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("تسجيل آدا، ماناغوا", "ar"),
        ("Registro Ada Ejemplo, Managua", "es"),
        ("anmelden Ada Muster; Managua", "de"),
        ("РЕГИСТРАЦИЯ Ада, Managua", "ru"),
        ("登记 艾达，Managua", "zh"),
    ],
)
def test_each_language_has_its_word(form: Any, body: str, language: str) -> None:
    text(body)
    party = Registration.objects.get()
    assert party.language == language
    assert party.stays.get().country == "NI"


def test_the_same_person_twice_is_one_registration(form: Any) -> None:
    text("REGISTER Ada Testwell, León")
    text("register ada testwell, leon", "2")
    assert Registration.objects.count() == 1


def test_no_place_that_is_known_is_the_country_of_the_crisis(form: Any) -> None:
    text("REGISTER Ada Testwell")
    assert Registration.objects.get().stays.get().precision == "country"


def test_what_cannot_be_read_is_answered_with_how(form: Any) -> None:
    row = text("REGISTER")
    assert not Registration.objects.exists()
    assert row.reason == "wants to register: was told how"
    assert "REGISTER Ada Example" in Message.objects.get().text.body


def test_without_a_crisis_it_is_said_where_to_register() -> None:
    text("REGISTER Ada Testwell, León")
    assert not Registration.objects.exists()
    assert "/register/" in Message.objects.get().text.body


def test_a_call_for_help_in_it_reaches_an_officer(form: Any) -> None:
    row = text("REGISTER Ada Testwell, León. Help, we are trapped")
    assert Registration.objects.exists()
    assert row.state == "inbox"


def test_other_texts_are_read_as_ever(form: Any) -> None:
    assert text("registered letter has come, we are fine").state == "inbox"
    assert not Registration.objects.exists()


def test_one_number_registers_five_an_hour_at_most(form: Any) -> None:
    for number in range(7):
        text(f"REGISTER Person Number{number}, León", str(number))
    assert Registration.objects.count() == 5


def test_who_texts_register_joins_the_alert_in_force(
    form: Any, officer: Officer, approver: Officer
) -> None:
    now = timezone.now()
    audience.settle(path.approved(officer, approver, now), now)
    text("REGISTER Ada Testwell, Managua")
    assert joining.tick(timezone.now()) == 1
