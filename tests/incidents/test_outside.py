"""An all-clear outside the zone: for who was warned and is outside, nobody else."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alerts.dispatch.models import Lane
from alerts.incidents import promising
from alerts.incidents.approving import approval, release
from alerts.incidents.audiences import audience, explaining, inforce, joining, outside
from alerts.incidents.drafts import drafting
from alerts.incidents.errors import FieldsError
from alerts.incidents.models import Alert, AlertKind, Draft, Incident
from alerts.incidents.publication import publishing
from alerts.incidents.zones import previewing, zoning
from consular.missions.models import Officer
from consular.people.models import Registration
from tests.incidents import path
from tests.incidents.test_revising import HOUR, followed, revised, written_to

LEFT, BOTH, NEW = -85.9, -86.25, -86.85  # only in the zone before, in both, in the new


@pytest.fixture
def first(officer: Officer, approver: Officer, now: datetime) -> Alert:
    """A settled alert for 50 km around Managua, with a party on each side."""
    path.enrolled(now, lon=BOTH, phone="+12025550100", persons=2)
    path.enrolled(now, lon=LEFT, phone="+12025550101", persons=2)
    path.enrolled(now, lon=NEW, phone="+12025550102")
    alert = path.approved(officer, approver, now)
    assert audience.settle(alert, now)
    return alert


def updated(first: Alert, officer: Officer, approver: Officer, at: datetime) -> Alert:
    revised(first.incident, officer, at)
    return followed(first.incident, "update", officer, approver, at)


def freed(incident: Incident, officer: Officer, at: datetime) -> Draft:
    return path.drafted(incident, officer, at, phase="outside")


def test_only_those_outside_now_are_told_and_the_alert_goes_on(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    update = updated(first, officer, approver, now + HOUR)
    late = now + 2 * HOUR
    clear = followed(first.incident, "outside", officer, approver, late)
    assert (clear.kind, clear.people, clear.state) == (AlertKind.OUTSIDE, 2, "held")
    assert written_to(clear) == {"1"}
    assert approval.lane_of(clear) == Lane.URGENT
    assert [alert.pk for alert in inforce.alerts(late)] == [update.pk]
    path.enrolled(late, lon=NEW, phone="+12025550103")
    assert joining.tick(late) == 1
    assert written_to(update) == {"0", "2", "3"}
    assert written_to(clear) == {"1"}
    came = Registration.objects.order_by("pk").last()
    assert came is not None
    assert explaining.explain(clear, came).reason == "warned_later"


def test_who_is_told_once_waits_for_nothing_until_the_next_warning(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    updated(first, officer, approver, now + HOUR)
    followed(first.incident, "outside", officer, approver, now + 2 * HOUR)
    late = now + 3 * HOUR
    assert previewing.count_outside(first.incident, late)["people"] == 0
    draft = path.drafted(first.incident, officer, late, phase="update")
    assert previewing.of_draft(draft, late)["now_outside"] == 0
    end = followed(first.incident, "all_clear", officer, approver, late)
    assert written_to(end) == {"0", "1", "2"}


def test_who_is_warned_again_can_be_told_again(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    updated(first, officer, approver, now + HOUR)
    followed(first.incident, "outside", officer, approver, now + 2 * HOUR)
    first.incident.zones.all().delete()
    zoning.save(first.incident, path.CIRCLE, officer, now + 3 * HOUR)
    followed(first.incident, "update", officer, approver, now + 3 * HOUR)
    updated(first, officer, approver, now + 4 * HOUR)
    again = followed(first.incident, "outside", officer, approver, now + 5 * HOUR)
    assert written_to(again) == {"1"}


def test_a_party_with_one_of_them_inside_is_not_told(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    party = Registration.objects.get(stays__lon=LEFT)
    stay = party.stays.get()
    stay.persons.set([party.persons.first()])
    other = path.enrolled(now, lon=BOTH).stays.get()
    type(other).objects.filter(pk=other.pk).update(registration=party)
    updated(first, officer, approver, now + HOUR)
    clear = followed(first.incident, "outside", officer, approver, now + 2 * HOUR)
    assert written_to(clear) == set()
    why = explaining.explain(clear, party)
    assert (why.is_included, why.reason) == (False, "still_inside")


def test_who_may_be_inside_as_only_the_country_is_known_is_not_told(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    party = Registration.objects.get(stays__lon=LEFT)
    updated(first, officer, approver, now + HOUR)
    party.stays.update(precision="country")
    counts = previewing.count_outside(first.incident, now + 2 * HOUR)
    assert (counts["people"], counts["still_inside"]) == (0, 5)


def test_who_should_have_left_and_is_known_nowhere_else_is_not_told(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    updated(first, officer, approver, now + HOUR)
    late = now + timedelta(days=20)  # all stays are over
    counts = previewing.count_outside(first.incident, late)
    assert (counts["people"], counts["still_inside"]) == (2, 3)
    stay = Registration.objects.get(stays__lon=BOTH).stays.get()
    stay.pk, stay.lon = None, 20.0
    stay.starts_on, stay.ends_on = late.date(), late.date() + timedelta(days=3)
    stay.save()
    assert previewing.count_outside(first.incident, late)["people"] == 4


def test_a_phone_that_also_serves_somebody_inside_is_told_nothing(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    party = Registration.objects.get(stays__lon=LEFT)
    path.enrolled(now, lon=BOTH, phone="+12025550101")
    updated(first, officer, approver, now + HOUR)
    counts = previewing.count_outside(first.incident, now + 2 * HOUR)
    assert (counts["people"], counts["shared_address"]) == (0, 2)
    clear = followed(first.incident, "outside", officer, approver, now + 2 * HOUR)
    assert written_to(clear) == set()
    assert explaining.explain(clear, party).reason == "shared"


def test_without_an_update_for_the_zone_as_it_is_nobody_is_told(
    first: Alert, officer: Officer, now: datetime
) -> None:
    revised(first.incident, officer, now + HOUR)
    draft = freed(first.incident, officer, now + HOUR)
    with pytest.raises(FieldsError) as refused:
        approval.submit(draft, officer, now + HOUR)
    assert "update" in refused.value.errors["zone"]


def test_a_zone_that_moves_before_the_second_yes_needs_its_update_first(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    updated(first, officer, approver, now + HOUR)
    draft = freed(first.incident, officer, now + 2 * HOUR)
    draft = approval.submit(draft, officer, now + 2 * HOUR)
    first.incident.zones.all().delete()
    zoning.save(first.incident, path.CIRCLE, officer, now + 2 * HOUR)
    draft.refresh_from_db()
    with pytest.raises(FieldsError):
        approval.submit(draft, officer, now + 2 * HOUR)


def test_nothing_of_it_is_for_the_public(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    updated(first, officer, approver, now + HOUR)
    clear = followed(first.incident, "outside", officer, approver, now + 2 * HOUR)
    release.tick(now + 3 * HOUR)
    assert {said["channel"] for said in clear.texts} == {"sms", "email"}
    public = publishing.alerts(now + 3 * HOUR)
    assert AlertKind.OUTSIDE not in {alert.kind for alert in public}
    said = path.content(phase="outside", channels=("sms", "social"))
    draft = path.drafted(first.incident, officer, now + 3 * HOUR, phase="update")
    with pytest.raises(FieldsError) as refused:
        drafting.save(draft, said, officer, now)
    assert "channels" in refused.value.errors


def test_the_next_word_that_the_update_promised_is_still_due(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    revised(first.incident, officer, now + HOUR)
    draft = path.drafted(
        first.incident,
        officer,
        now + HOUR,
        phase="update",
        next_word_at=now + 4 * HOUR,
    )
    draft = approval.submit(draft, officer, now + HOUR)
    audience.settle(approval.approve(draft, approver, now + HOUR), now + HOUR)
    followed(first.incident, "outside", officer, approver, now + 2 * HOUR)
    release.tick(now + 3 * HOUR)
    found = promising.promise(first.incident, now + 3 * HOUR)
    assert found is not None
    assert found.at == now + 4 * HOUR


def test_settling_again_after_a_crash_finds_the_same_people(
    first: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    updated(first, officer, approver, now + HOUR)
    path.enrolled(now, lon=LEFT + 0.01, phone="+12025550107")
    late = now + 2 * HOUR
    draft = freed(first.incident, officer, late)
    clear = approval.approve(approval.submit(draft, officer, late), approver, late)
    next(audience.steps(clear, late, most_rows=5))
    assert audience.settle(clear, late + timedelta(minutes=2))
    assert (clear.people, written_to(clear)) == (2, {"1"})
    assert clear.audience_hash == audience.digest(clear)


def test_the_sending_page_offers_it_with_the_number_and_the_check_page_says_to_whom(
    first: Alert, officer: Officer, approver: Officer, desk: Client, now: datetime
) -> None:
    updated(first, officer, approver, now)
    release.tick(now + HOUR)
    reference = first.incident.reference
    html = desk.get(reverse("incidents:sending", args=[reference])).content.decode()
    assert "2 people were warned and are outside now" in html
    url = reverse("incidents:message", args=[reference])
    html = desk.get(f"{url}?phase=outside").content.decode()
    assert "you are OUTSIDE it now" in html
    assert "Public words" not in html
    freed(first.incident, officer, now)
    html = desk.get(reverse("incidents:check", args=[reference])).content.decode()
    assert "3 people were warned and may still be inside" in html


def test_the_api_counts_them(
    first: Alert, officer: Officer, approver: Officer, desk: Client, now: datetime
) -> None:
    updated(first, officer, approver, now)
    url = f"/api/v1/incidents/{first.incident.reference}/outside/"
    said = desk.get(url).json()
    assert (said["people"], said["registrations"], said["still_inside"]) == (2, 1, 3)


def test_of_an_incident_without_a_warning_nobody_is_outside(
    officer: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now)
    question = previewing.question(
        previewing.outline(incident), incident.mode, previewing.window(incident, now)
    )
    assert outside.people(incident, question) == 0
