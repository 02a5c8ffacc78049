"""What is over is deleted by itself, everywhere, and a deletion reaches everything."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.core import serializers

from alerts.checkins import retention
from alerts.checkins.models import (
    Basis,
    Case,
    CheckIn,
    Inbound,
    Standing,
    Status,
    Word,
)
from alerts.dispatch import addresses as known
from alerts.dispatch import outbox
from alerts.dispatch.models import Address, Cause, Message, Receipt, Text
from alerts.hazards.models import Kind
from alerts.incidents.models import Incident
from consular.missions.models import AuditEntry
from consular.people.lists import grouping, taking
from consular.people.managing import erasing, locating
from consular.people.models import Group, Membership, Registration, Stay, Upload
from consular.people.registering import addresses
from consular.people.registering.entries import PersonEntry
from tests import factories
from tests.checkins.conftest import Sent
from tests.factories import NOON

pytestmark = pytest.mark.django_db
PHONE = "+12025550177"
PLANTED = ("Plantedname", "Plantedneed", "Plantedplace", "Plantedanswer", PHONE)


def make_incident() -> Incident:
    """An open incident."""
    return Incident.objects.create(
        reference="2026-001",
        title="Storm",
        place="Managua",
        kind=Kind.choices[0][0],
        mode="exercise",
        lead_mission=factories.make_mission(),
        commander=factories.make_officer(),
        happened_at=NOON,
        opened_at=NOON,
    )


def make_inbound(incident: Incident) -> Inbound:
    """An answer by SMS that was read."""
    return Inbound.objects.create(
        provider="simulated",
        provider_id="1",
        channel="sms",
        from_address=PHONE,
        from_key=addresses.address_key("phone", PHONE),
        to_address="1",
        body="Plantedanswer",
        raw="Plantedanswer",
        received_at=NOON,
        state=Inbound.State.READ,
        incident=incident,
    )


def make_standing(incident: Incident, party: Registration) -> None:
    """The check-in that an answer led to, and what it says of the person."""
    who = party.persons.get()
    checkin = CheckIn.objects.create(
        incident=incident,
        person=who,
        status=Status.SAFE,
        basis=Basis.SELF_SMS,
        stated_at=NOON,
        received_at=NOON,
        inbound=make_inbound(incident),
        place="Plantedplace",
        lon=1.0,
        lat=1.0,
    )
    Standing.objects.create(
        incident=incident,
        person=who,
        status=Status.SAFE,
        since=NOON,
        checkin=checkin,
        changed_at=NOON,
    )


def make_everything() -> tuple[Registration, Incident]:
    """A party with an answer, a check-in and a notice, in an open incident."""
    person = PersonEntry(given_name="Plantedname", needs="Plantedneed")
    stay = factories.make_stay_entry(place="Plantedplace")
    party = factories.make_registration(phone=PHONE, persons=[person], stays=[stay])
    incident = make_incident()
    make_standing(incident, party)
    outbox.send_notice(
        "case:1",
        purpose="case answer",
        channel="sms",
        address=PHONE,
        language="en",
        subject="",
        body="To Plantedname",
        now=NOON,
    )
    return party, incident


def held() -> str:
    """Return all that the database holds, opened with its keys."""
    rows = [
        serializers.serialize("json", model.objects.all(), ensure_ascii=False)
        for model in apps.get_models()
        if model._meta.managed
    ]
    return json.dumps(rows, ensure_ascii=False)


def test_a_deletion_reaches_answers_and_notices() -> None:
    party, _ = make_everything()
    assert all(value in held() for value in PLANTED)
    erasing.erase(party, NOON)
    left = held()
    assert [value for value in PLANTED if value in left] == []
    assert addresses.address_key("phone", PHONE) not in Inbound.objects.values_list(
        "from_key", flat=True
    )


@pytest.mark.parametrize(("wish", "is_kept"), [("", False), ("all", True)])
def test_a_deleted_number_is_found_by_no_try_unless_it_wants_no_messages(
    wish: str, is_kept: bool
) -> None:
    party, _ = make_everything()
    key = addresses.address_key("phone", PHONE)
    Address.objects.filter(address_key=key).update(opt_out=wish)
    row = Message.objects.filter(address__address_key=key).first()
    assert row is not None
    Cause.objects.filter(pk=row.cause_id).update(key="alert:1")  # what an alert sent
    erasing.erase(party, NOON)
    row.refresh_from_db()
    assert (row.address.address, row.address.prefix_key == "") == ("", not is_kept)
    assert (row.address.address_key == key) == is_kept
    again = factories.make_registration(phone=PHONE)
    assert again.contacts.get().address_key == key


def test_after_400_days_nothing_personal_is_left() -> None:
    _, incident = make_everything()
    Incident.objects.filter(pk=incident.pk).update(closed_at=NOON + timedelta(days=9))
    for day in range(0, 400, 8):
        retention.run(NOON + timedelta(days=day))
    left = held()
    assert [value for value in PLANTED if value in left] == []
    assert not Registration.objects.exists()
    assert not Address.objects.exclude(address="").exists()
    assert not Text.objects.filter(body__contains="Planted").exists()


def test_a_month_after_an_incident_what_people_lacked_is_forgotten() -> None:
    party, incident = make_everything()
    closed = NOON + timedelta(days=2)
    locating.share(party, 1.0, 1.0, 10.0, NOON)
    row = CheckIn.objects.get()
    CheckIn.objects.update(needs=["trapped"], note="Plantednote")
    Case.objects.create(
        incident=incident,
        person=row.person,
        reasons=["trapped"],
        opened_at=NOON,
        changed_at=NOON,
    )
    Word.objects.create(
        incident=incident, person=row.person, words="Plantedword", agreed_at=NOON
    )
    Incident.objects.update(closed_at=closed)
    retention.run(closed + timedelta(days=29))
    assert "trapped" in held()
    retention.run(closed + timedelta(days=30))
    left = held()
    assert "trapped" not in left
    assert "Plantedword" not in left
    assert not Stay.objects.filter(is_shared=True).exists()
    assert CheckIn.objects.get().status == Status.SAFE


def test_who_an_open_incident_needs_is_kept() -> None:
    party, _ = make_everything()
    retention.run(NOON + timedelta(days=400))
    assert Registration.objects.get() == party


@pytest.mark.parametrize("confirmed", [True, False])
def test_who_was_warned_and_is_silent_is_kept_until_it_is_closed(
    sent: Sent, confirmed: bool
) -> None:
    party = Registration.objects.all()
    party.update(expires_on=NOON.date(), confirmed_at=NOON if confirmed else None)
    retention.run(NOON + timedelta(days=120))
    assert party.get() == sent.registration
    Incident.objects.update(closed_at=NOON + timedelta(days=120))
    retention.run(NOON + timedelta(days=121))
    assert not party.exists()


def test_receipts_go_with_the_notice_that_they_are_about() -> None:
    make_everything()
    Receipt.objects.create(
        account="simulated",
        message_uid=Message.objects.get().uid,
        provider_id="SM1",
        word="delivered",
        received_at=NOON,
    )
    retention.run(NOON + timedelta(days=6))
    assert Receipt.objects.exists()
    retention.run(NOON + timedelta(days=7))
    assert not Message.objects.exists()
    assert not Receipt.objects.exists()


def test_a_number_that_was_taken_out_is_forgotten_although_an_alert_used_it(
    sent: Sent,
) -> None:
    address = Address.objects.get()
    address_key = address.address_key
    retention.run(NOON + timedelta(days=40))
    address.refresh_from_db()
    assert address.address == "+12025550101"
    sent.registration.contacts.all().delete()
    retention.run(NOON + timedelta(days=41))
    address.refresh_from_db()
    assert address.address == ""
    assert address.address_key != address_key


@pytest.mark.parametrize("wish", ["all", "notices"])
def test_who_wanted_no_messages_for_a_while_can_be_reached_again(wish: str) -> None:
    party, _ = make_everything()
    Address.objects.update(opt_out=wish)
    retention.run(NOON + timedelta(days=60))
    known.start(PHONE, "sms", NOON)
    assert Address.objects.get().address == PHONE
    Address.objects.update(opt_out=wish)
    erasing.erase(party, NOON + timedelta(days=61))
    assert Address.objects.get().address == ""
    factories.make_registration(phone=PHONE)
    row = Address.objects.get()
    assert (row.address, row.condition, row.opt_out) == (PHONE, "good", wish)


def test_a_registration_that_nobody_confirmed_ends_after_a_week() -> None:
    factories.make_registration(phone=PHONE, confirmed=False)
    retention.run(NOON + timedelta(days=6))
    assert Registration.objects.exists()
    retention.run(NOON + timedelta(days=7))
    assert not Registration.objects.exists()


def test_a_list_nobody_took_in_and_a_group_without_members_end() -> None:
    officer = factories.make_officer()
    group = grouping.open_group("Example Tours", "c@example.org", "en", officer, NOON)
    taking.keep(b"given_name,family_name\nAda,Example\n", NOON, officer=officer)
    party = factories.make_registration()
    Membership.objects.create(group=group, registration=party)
    grouping.close_group(group, officer, NOON)
    retention.run(NOON + timedelta(days=2))
    assert not Upload.objects.exists()
    assert Group.objects.exists()
    erasing.erase(party, NOON + timedelta(days=3))
    retention.run(NOON + timedelta(days=4))
    assert not Group.objects.exists()


def test_each_day_has_one_report_in_the_audit_trail() -> None:
    factories.make_registration(confirmed=False)
    later = NOON + timedelta(days=8)
    assert retention.is_due(later)
    retention.run(later)
    assert not retention.is_due(later)
    assert AuditEntry.objects.get(action="retention").facts["registrations"] == 1
