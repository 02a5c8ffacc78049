"""Two people for a live alert, one yes, no change under an approver's hands."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from alerts.incidents.approving import approval
from alerts.incidents.drafts import drafting
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import Alert, Draft
from alerts.incidents.zones import zoning
from consular.missions.models import Officer, Posting, Role
from tests import factories
from tests.incidents import path

LIVE_ACCOUNTS = {
    "sms": {"transport": "x", "channel": "sms", "mode": "live"},
    "email": {"transport": "x", "channel": "email", "mode": "live"},
}


@pytest.fixture
def live(settings: Any) -> None:
    settings.MODE = "live"
    settings.ACCOUNTS = LIVE_ACCOUNTS


@pytest.mark.usefixtures("live")
def test_nobody_approves_their_own_live_alert(officer: Officer, now: datetime) -> None:
    Posting.objects.create(officer=officer, role=Role.APPROVER)
    draft = path.submitted(officer, now, mode="live")
    with pytest.raises(ForbiddenError, match="second person"):
        approval.approve(draft, officer, now)
    assert not Alert.objects.exists()


@pytest.mark.usefixtures("live")
def test_who_wrote_last_does_not_approve_what_another_handed_over(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    Posting.objects.create(officer=approver, role=Role.CONSULAR_OFFICER)
    incident = path.declared(officer, now, mode="live")
    path.zoned(incident, officer, now)
    draft = path.drafted(incident, officer, now)
    drafting.save(draft, path.content(valid_hours=6), approver, now)
    approval.submit(draft, officer, now)
    with pytest.raises(ForbiddenError, match="second person"):
        approval.approve(draft, approver, now)


@pytest.mark.usefixtures("live")
def test_another_officer_without_the_verb_does_not_approve(
    officer: Officer, duty_officer: Officer, now: datetime
) -> None:
    draft = path.submitted(officer, now, mode="live")
    with pytest.raises(ForbiddenError):
        approval.approve(draft, duty_officer, now)


@pytest.mark.usefixtures("live")
def test_a_second_person_approves_a_live_alert(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    alert = approval.approve(path.submitted(officer, now, mode="live"), approver, now)
    assert (alert.mode, alert.submitted_by, alert.approved_by) == (
        "live",
        officer,
        approver,
    )


@pytest.mark.usefixtures("live")
def test_the_table_itself_refuses_a_live_alert_of_one_person(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    alert = approval.approve(path.submitted(officer, now, mode="live"), approver, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(approved_by=officer)


def test_in_an_exercise_one_may_approve_alone(officer: Officer, now: datetime) -> None:
    alert = approval.approve(path.submitted(officer, now), officer, now)
    assert alert.approved_by == officer


def test_a_second_yes_counts_for_nothing(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    draft = path.submitted(officer, now)
    on_screen = Draft.objects.get(pk=draft.pk)
    approval.approve(draft, approver, now)
    with pytest.raises(ConflictError):
        approval.approve(on_screen, approver, now)
    assert Alert.objects.count() == 1


@pytest.mark.parametrize("edit", ["text", "zone", "include"])
def test_any_edit_withdraws_what_was_handed_over(
    edit: str, officer: Officer, approver: Officer, now: datetime
) -> None:
    draft = path.submitted(officer, now)
    on_screen = Draft.objects.get(pk=draft.pk)
    if edit == "text":
        drafting.save(draft, path.content(valid_hours=3), officer, now)
    elif edit == "zone":
        zoning.save(draft.incident, path.CIRCLE, officer, now)
    else:
        drafting.set_include(draft, {"trip": False}, officer, now)
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.DRAFT
    with pytest.raises(ConflictError):
        approval.approve(on_screen, approver, now)


def test_a_removed_zone_withdraws_too(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    draft = path.submitted(officer, now)
    zoning.remove(draft.incident.zones.get(), officer, now)
    with pytest.raises(ConflictError):
        approval.approve(draft, approver, now)


def test_a_draft_is_returned_with_a_reason_and_can_come_back(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    draft = path.submitted(officer, now)
    with pytest.raises(FieldsError):
        approval.send_back(draft, approver, "  ", now)
    approval.send_back(draft, approver, "Wrong phone number", now)
    assert (draft.state, draft.reason) == ("returned", "Wrong phone number")
    assert approval.submit(draft, officer, now).state == Draft.State.SUBMITTED


def test_a_rejected_draft_stays_rejected(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    draft = path.submitted(officer, now)
    approval.reject(draft, approver, "Not our citizens", now)
    with pytest.raises(ConflictError):
        approval.approve(draft, approver, now)
    assert drafting.begin(draft.incident, officer, now).pk != draft.pk


def test_a_draft_without_a_zone_cannot_be_handed_over(
    officer: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    draft = path.drafted(incident, officer, now)
    with pytest.raises(FieldsError) as refused:
        approval.submit(draft, officer, now)
    assert "zone" in refused.value.errors


def test_live_needs_a_provider_and_says_which_setting(
    officer: Officer, now: datetime, settings: Any
) -> None:
    settings.MODE = "live"
    settings.ACCOUNTS = {}
    with pytest.raises(FieldsError, match="TWILIO_ACCOUNT_SID"):
        path.declared(officer, now, mode="live")


def test_an_exercise_installation_declares_nothing_live(
    officer: Officer, now: datetime
) -> None:
    with pytest.raises(FieldsError, match="MUSTER_MODE"):
        path.declared(officer, now, mode="live")


def _yes(draft: Draft) -> dict[str, Any]:
    ticks = dict.fromkeys(("tick_zone", "tick_text", "tick_real"), "on")
    return {"revision": draft.revision, "action": "approve"} | ticks


def test_two_tabs_that_approve_the_same_message_write_one_alert(
    client: Any, officer: Officer, approver: Officer
) -> None:
    draft = path.submitted(officer, timezone.now())
    factories.sign_in(client, approver)
    address = reverse("incidents:approve", args=[draft.incident.reference])
    assert client.post(address, _yes(draft)).status_code == 302
    again = client.post(address, _yes(draft), follow=True)
    assert "decided or changed meanwhile" in again.content.decode()
    assert Alert.objects.count() == 1


def test_a_page_from_before_an_edit_approves_nothing(
    client: Any, officer: Officer, approver: Officer
) -> None:
    now = timezone.now()
    looked_at = path.submitted(officer, now)
    form = _yes(looked_at)
    factories.sign_in(client, approver)
    edited = drafting.save(looked_at, path.content(valid_hours=5), officer, now)
    approval.submit(edited, officer, now)
    address = reverse("incidents:approve", args=[edited.incident.reference])
    done = client.post(address, form, follow=True)
    assert "decided or changed meanwhile" in done.content.decode()
    assert not Alert.objects.exists()


def test_going_back_after_the_approval_and_sending_the_forms_again_begins_nothing(
    desk: Any, officer: Officer, approver: Officer
) -> None:
    now = timezone.now()
    draft = path.submitted(officer, now)
    approval.approve(draft, approver, now)
    reference = draft.incident.reference
    typed = {"languages": ["en"], "channels": ["sms"], "valid_hours": "12"}
    typed |= {"fallback": "en", "phase": "warning", "sms-en": "Go in. {link}"}
    typed |= {"revision": draft.revision, "action": "continue"}
    again = desk.post(reverse("incidents:message", args=[reference]), typed)
    assert "decided meanwhile" in again.content.decode()
    assert "Go in. {link}" in again.content.decode()
    for name, form in (("check", {}), ("approve", _yes(draft))):
        done = desk.post(reverse(f"incidents:{name}", args=[reference]), form)
        assert done.url == reverse("incidents:sending", args=[reference])
    assert (Draft.objects.count(), Alert.objects.count()) == (1, 1)
