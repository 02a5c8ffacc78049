"""Why somebody was, or was not, warned."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from alerts.dispatch.models import Message, State
from alerts.incidents.approving import correcting, release
from alerts.incidents.audiences import audience, explaining, joining
from alerts.incidents.models import Alert
from consular.missions.models import AuditEntry, Officer
from consular.people.managing import recalling
from consular.people.models import Registration
from consular.people.registering import enrolling, entries
from tests.incidents import path

LATER = timedelta(minutes=3)


@pytest.fixture
def settle(officer: Officer, approver: Officer, now: datetime) -> Any:
    """Settle an alert for 50 km around Managua."""

    def settled() -> Alert:
        alert = path.approved(officer, approver, now)
        assert audience.settle(alert, now)
        return alert

    return settled


def test_each_reason_is_told(settle: Any, now: datetime) -> None:
    gone = {
        "arrives_on": now.date() - timedelta(days=40),
        "departs_on": now.date() - timedelta(days=30),
    }
    parties = {
        "inside": path.enrolled(now, phone="+12025550101"),
        "no_contact": path.enrolled(now),
        "nearby": path.enrolled(now, lon=-86.25 + 0.6),
        "dates": path.enrolled(now, **gone),
        "country_only": path.enrolled(now, precision="country"),
        "elsewhere": path.enrolled(now, lon=20),
    }
    alert = settle()
    parties["later"] = path.enrolled(now + LATER, lon=20)
    told = {
        reason: explaining.explain(alert, party).reason
        for reason, party in parties.items()
    }
    assert told == {reason: reason for reason in parties}


def test_who_is_in_another_region_is_known_to_be_elsewhere(
    settle: Any, now: datetime
) -> None:
    bilwi = {"lon": -83.39, "lat": 14.03}  # on the other coast, 350 km away
    far = path.enrolled(now, precision="region", **bilwi)
    near = path.enrolled(now, precision="region")
    alert = settle()
    told = [explaining.explain(alert, party) for party in (far, near)]
    assert [why.reason for why in told] == ["elsewhere", "country_only"]
    assert [why.traces[0].shares_area for why in told] == [False, True]


def test_who_gives_an_address_later_is_told_to_have_been_written_to(
    settle: Any, now: datetime
) -> None:
    party = path.enrolled(now)
    alert = settle()
    assert explaining.explain(alert, party).reason == "no_contact"
    entry = recalling.entry_of(party)
    said: dict[str, Any] = {
        "contacts": [entries.ContactEntry(kind="phone", address="+12025550101")]
    }
    enrolling.change(party, entries.Entry(**(vars(entry) | said)), now + LATER)
    joining.tick(now + LATER)
    why = explaining.explain(alert, Registration.objects.get())
    assert (why.reason, len(why.messages)) == ("reached_later", 1)
    assert why.decided_by == explaining.SENTENCES["reached_later"]


def test_nobody_is_said_to_be_elsewhere_before_the_list_is_written(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    party = path.enrolled(now, phone="+12025550101")
    alert = path.approved(officer, approver, now)
    assert explaining.explain(alert, party).reason == "settling"
    release.stop(alert, approver, now)
    assert explaining.explain(Alert.objects.get(), party).reason == "unwritten"


def test_who_was_inside_and_is_not_on_the_list_is_not_said_to_be_elsewhere(
    settle: Any, now: datetime
) -> None:
    party = path.enrolled(now, phone="+12025550101")
    alert = settle()
    alert.audience.all().delete()
    assert explaining.explain(alert, party).reason == "not_listed"


def test_every_reason_has_a_sentence() -> None:
    from_rows = {reason.value for reason in explaining.Audience.Reason}
    assert from_rows <= explaining.SENTENCES.keys()


def test_distance_dates_and_messages_are_told(settle: Any, now: datetime) -> None:
    inside = path.enrolled(now, phone="+12025550101", email="a@example.org")
    far = path.enrolled(now, lon=-84)
    alert = settle()
    why = explaining.explain(alert, inside)
    assert (why.is_included, why.traces[0].is_inside, len(why.messages)) == (
        True,
        True,
        2,
    )
    assert why.addresses == {"email": 1, "phone": 1}
    (trace,) = explaining.explain(alert, far).traces
    assert trace.distance_m == pytest.approx(195_000, rel=0.02)
    assert trace.is_on_days


def test_what_became_known_only_later_does_not_rewrite_the_past(
    settle: Any, now: datetime
) -> None:
    party = path.enrolled(now, lon=20, phone="+12025550101")
    alert = settle()
    entry = recalling.entry_of(party)
    here = {"lon": path.MANAGUA[0], "lat": path.MANAGUA[1]}
    stays = [entries.StayEntry(**(vars(entry.stays[0]) | here))]
    said: dict[str, Any] = {"stays": stays}
    enrolling.change(party, entries.Entry(**(vars(entry) | said)), now + LATER)
    why = explaining.explain(alert, party)
    assert (why.reason, [each.was_known for each in why.traces]) == (
        "moved",
        [False, True],
    )
    joining.tick(now + LATER)
    joined = explaining.explain(alert, Registration.objects.get())
    assert (joined.reason, joined.as_of) == ("joined", now + LATER)


def test_the_page_and_the_api_say_the_same_and_are_logged(
    desk: Any, settle: Any, now: datetime
) -> None:
    party = path.enrolled(now, lon=-86.25 + 0.6)
    alert = settle()
    asked = {"registration": party.reference, "alert": alert.pk}
    page = desk.get(reverse("incidents:why", args=[alert.incident.reference]), asked)
    assert explaining.SENTENCES["nearby"] in page.content.decode()
    said = desk.get(f"/api/v1/alerts/{alert.pk}/why/", asked).json()
    assert (said["reason"], said["is_included"]) == ("nearby", False)
    assert AuditEntry.objects.filter(action="why").count() == 2


def test_a_reference_that_is_not_there_says_so(
    desk: Any, settle: Any, now: datetime
) -> None:
    alert = settle()
    url = reverse("incidents:why", args=[alert.incident.reference])
    page = desk.get(url, {"registration": "ZZZZ"})
    assert "There is no registration with this reference" in page.content.decode()


def test_a_correction_is_explained_by_the_alert_that_it_takes_back(
    settle: Any, officer: Officer, now: datetime
) -> None:
    numbers = {"corrected": "+12025550101", "not_reached": "+12025550102"}
    parties = {word: path.enrolled(now, phone=tel) for word, tel in numbers.items()}
    parties["elsewhere"] = path.enrolled(now, lon=20)
    alert = settle()
    release.tick(now + LATER)
    reached = Message.objects.order_by("pk").first()
    assert reached is not None
    Message.objects.filter(pk=reached.pk).update(state=State.DELIVERED)
    correction = correcting.correct(alert, officer, now + LATER)
    correcting.settle(correction, now + LATER)
    told = {
        reason: explaining.explain(correction, party)
        for reason, party in parties.items()
    }
    assert {reason: why.reason for reason, why in told.items()} == {
        reason: reason for reason in parties
    }
    assert [why.is_included for why in told.values()] == [True, False, False]
    assert [m.cause.key for m in told["corrected"].messages] == [correction.cause_key]
    before = explaining.explain(alert, parties["corrected"])
    assert (before.reason, before.messages) == ("inside", [reached])
