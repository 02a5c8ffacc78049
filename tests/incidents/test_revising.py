"""A zone is revised by an update; who is left out hears of it from the all-clear."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alerts.dispatch.models import Message
from alerts.incidents.approving import approval, release
from alerts.incidents.audiences import audience, explaining, joining, warned
from alerts.incidents.models import Alert, AlertKind, Incident
from alerts.incidents.zones import previewing, zoning
from alerts.incidents.zones.zoning import Outline
from consular.missions.models import Officer
from consular.people.managing import recalling
from consular.people.models import Registration
from consular.people.registering import enrolling
from tests import factories
from tests.incidents import path

HOUR = timedelta(hours=1)
WEST = {"lon": -86.55, "lat": 12.14, "radius_m": 50_000.0}


@pytest.fixture
def parties(db: None, now: datetime) -> dict[str, Registration]:
    """In both zones, only in the first, only in the second, in none."""
    lons = {"both": -86.25, "left": -85.9, "new": -86.85, "far": -80.0}
    return {
        name: path.enrolled(now, lon=lon, phone=f"+1202555010{number}", persons=2)
        for number, (name, lon) in enumerate(lons.items())
    }


@pytest.fixture
def first(
    parties: dict[str, Registration], officer: Officer, approver: Officer, now: datetime
) -> Alert:
    """A settled alert for 50 km around Managua."""
    alert = path.approved(officer, approver, now)
    assert audience.settle(alert, now)
    return alert


def followed(
    incident: Incident, phase: str, officer: Officer, approver: Officer, at: datetime
) -> Alert:
    draft = approval.submit(
        path.drafted(incident, officer, at, phase=phase), officer, at
    )
    alert = approval.approve(draft, approver, at)
    assert audience.settle(alert, at)
    return alert


def revised(incident: Incident, officer: Officer, at: datetime) -> None:
    incident.zones.all().delete()
    zoning.save(incident, Outline(shape="circle", given=WEST), officer, at)


def written_to(alert: Alert) -> set[str]:
    rows = Message.objects.filter(cause__key=alert.cause_key)
    return {row.address.address[-1] for row in rows.select_related("address")}


def test_an_update_is_for_the_zone_as_it_is_now(
    first: Alert,
    parties: dict[str, Registration],
    officer: Officer,
    approver: Officer,
    now: datetime,
) -> None:
    assert written_to(first) == {"0", "1"}
    revised(first.incident, officer, now + HOUR)
    update = followed(first.incident, "update", officer, approver, now + HOUR)
    assert update.kind == AlertKind.UPDATE
    assert written_to(update) == {"0", "2"}
    rows = update.audience.values_list("registration", "is_included", "reason")
    assert set(rows) == {
        (parties["both"].pk, True, "inside"),
        (parties["new"].pk, True, "inside"),
        (parties["left"].pk, False, "outside"),
    }
    why = explaining.explain(update, parties["left"])
    assert "warned before" in why.decided_by


def test_the_draft_says_who_is_new_and_who_is_outside_now(
    first: Alert, officer: Officer, now: datetime
) -> None:
    revised(first.incident, officer, now + HOUR)
    draft = path.drafted(first.incident, officer, now + HOUR, phase="update")
    counts = previewing.of_draft(draft, now + HOUR)
    assert (counts["people"], counts["newly_inside"], counts["now_outside"]) == (
        4,
        2,
        2,
    )


def test_the_all_clear_is_for_everyone_who_was_warned_and_nobody_else(
    first: Alert,
    parties: dict[str, Registration],
    officer: Officer,
    approver: Officer,
    now: datetime,
) -> None:
    revised(first.incident, officer, now + HOUR)
    followed(first.incident, "update", officer, approver, now + HOUR)
    late = now + 2 * HOUR
    joined = path.enrolled(late, lon=-86.55, phone="+12025550104")
    assert joining.tick(late) == 1
    stranger = path.enrolled(late, lon=-86.55, phone="+12025550105")
    parties["both"].stays.update(lon=20)
    end = followed(first.incident, "all_clear", officer, approver, late)
    assert written_to(end) == {"0", "1", "2", "4"}
    assert (end.people, end.registrations, end.state) == (7, 4, "held")
    assert end.draft.preview["people"] == 7
    assert set(end.audience.values_list("reason", flat=True)) == {"warned"}
    why = explaining.explain(end, stranger)
    assert (why.reason, why.is_included) == ("not_warned", False)
    assert explaining.explain(end, joined).is_included
    assert joining.tick(late + HOUR) == 0


def test_who_was_erased_gets_no_all_clear(
    first: Alert,
    parties: dict[str, Registration],
    officer: Officer,
    approver: Officer,
    now: datetime,
) -> None:
    parties["left"].delete()
    end = followed(first.incident, "all_clear", officer, approver, now + HOUR)
    assert written_to(end) == {"0"}


def test_an_alert_stopped_before_anything_left_has_warned_nobody(
    first: Alert, approver: Officer, now: datetime
) -> None:
    release.stop(Alert.objects.get(), approver, now)
    assert not warned.rows(first.incident).exists()


def test_the_check_page_says_who_hears_nothing(
    first: Alert, officer: Officer, desk: Client, now: datetime
) -> None:
    revised(first.incident, officer, now)
    path.drafted(first.incident, officer, now, phase="update")
    page = desk.get(reverse("incidents:check", args=[first.incident.reference]))
    assert "people were warned and are outside now" in page.content.decode()


@pytest.mark.parametrize("phase", ["all_clear", "outside"])
def test_who_has_no_stay_any_more_counts_in_the_end_as_in_its_preview(
    officer: Officer, approver: Officer, now: datetime, phase: str
) -> None:
    far = -80.0 if phase == "outside" else -86.25
    stops = [
        factories.make_stay_entry(persons=(0,)),
        factories.make_stay_entry(persons=(1, 2)),
    ]
    party = factories.make_registration(phone="+12025550101", party=3, stays=stops)
    first = path.approved(officer, approver, now)
    assert audience.settle(first, now)
    entry = recalling.entry_of(party)
    alone = [replace(entry.stays[0], lon=far)]
    enrolling.change(party, replace(entry, stays=alone), now + HOUR)
    end = followed(first.incident, phase, officer, approver, now + HOUR)
    preview = end.draft.preview
    assert (end.people, end.registrations, end.state) == (3, 1, "held")
    assert (preview["people"], preview["registrations"]) == (3, 1)
    assert (preview["by_precision"]["exact"], preview["by_channel"]["sms"]) == (3, 3)
