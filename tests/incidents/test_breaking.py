"""A lone officer may send: few people, own country, held longer, others told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from alerts.dispatch.models import Cause, Message
from alerts.incidents.approving import breaking, release
from alerts.incidents.audiences import audience
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import Alert, BreakGlass, Draft
from consular.missions.models import AuditEntry, Duty, Officer, Posting, Role
from consular.missions.sign_in import stepping
from tests import factories
from tests.incidents import path
from tests.incidents.test_approval import LIVE_ACCOUNTS

WHY = "The second officer on the rota does not answer the phone."


@pytest.fixture(autouse=True)
def _live(settings: Any) -> None:
    settings.MODE = "live"
    settings.ACCOUNTS = LIVE_ACCOUNTS


@pytest.fixture
def lone(db: None) -> Officer:
    """A consular officer of an embassy that looks after Nicaragua only."""
    mission = factories.make_mission(country="NI", serves=["NI"])
    officer = factories.make_officer(role=Role.CONSULAR_OFFICER)
    Posting.objects.filter(officer=officer).update(mission=mission)
    return officer


@pytest.fixture
def others(db: None) -> list[Officer]:
    return [factories.make_officer(role=Role.APPROVER) for _ in range(2)]


@pytest.fixture
def draft(lone: Officer, others: list[Officer], now: datetime) -> Draft:
    """A live draft for a circle of 20 km around Managua, with three people inside."""
    path.enrolled(now, phone="+12025550101", persons=3, entry={"mode": "live"})
    incident = path.declared(lone, now, mode="live")
    outline = path.Outline(
        shape="circle", given={"lon": -86.25, "lat": 12.14, "radius_m": 20_000.0}
    )
    path.zoned(incident, lone, now, outline=outline)
    return path.drafted(incident, lone, now)


def broken(draft: Draft, by: Officer, now: datetime, **changes: Any) -> Alert:
    said: dict[str, Any] = {"reason": WHY, "revision": draft.revision} | changes
    return breaking.break_glass(
        draft, by, said["reason"], now, revision=said["revision"]
    )


def test_it_is_held_for_a_minute_by_the_server(
    draft: Draft, lone: Officer, now: datetime
) -> None:
    alert = broken(draft, lone, now)
    audience.settle(alert, now)
    alert.refresh_from_db()
    assert alert.state == Alert.State.HELD
    assert alert.opens_at == now + timedelta(seconds=60)
    assert Cause.objects.get(key=alert.cause_key).opens_at == alert.opens_at
    release.tick(now + timedelta(seconds=59))
    alert.refresh_from_db()
    assert alert.state == Alert.State.HELD


def test_two_others_are_told_at_once(
    draft: Draft, lone: Officer, others: list[Officer], now: datetime
) -> None:
    alert = broken(draft, lone, now)
    glass = BreakGlass.objects.get()
    notices = Message.objects.filter(purpose="break-glass")
    assert {m.address.address for m in notices} == {each.email for each in others}
    assert set(notices.values_list("cause__opens_at", flat=True)) == {now}
    assert set(glass.told.all()) == set(others)
    assert alert.incident.reference in notices[0].text.body


def test_it_is_written_down_with_its_reason(
    draft: Draft, lone: Officer, now: datetime
) -> None:
    alert = broken(draft, lone, now)
    entry = AuditEntry.objects.get(action="break_glass")
    assert (entry.officer, entry.facts["people"], entry.facts["told"]) == (lone, 3, 2)
    assert WHY in alert.incident.log.all()[0].body
    assert BreakGlass.objects.get(reviewed_by=None).reason == WHY


def test_more_people_than_the_cap_are_not_warned_alone(
    draft: Draft, lone: Officer, now: datetime, settings: Any
) -> None:
    settings.BREAK_GLASS_PEOPLE = 2
    with pytest.raises(ForbiddenError, match="2 people alone; this is 3"):
        broken(draft, lone, now)
    assert not Alert.objects.exists()
    assert not Message.objects.exists()


def test_who_came_meanwhile_does_not_lift_it_over_the_cap(
    draft: Draft, lone: Officer, now: datetime, settings: Any
) -> None:
    settings.BREAK_GLASS_PEOPLE = 3
    alert = broken(draft, lone, now)
    path.enrolled(now, phone="+12025550102", entry={"mode": "live"})
    Draft.objects.filter(pk=draft.pk).update(preview={"people": 4})
    alert.draft.refresh_from_db()
    audience.settle(alert, now)
    alert.refresh_from_db()
    assert alert.state == Alert.State.STOPPED


SOUTH = path.Outline(
    shape="circle", given={"lon": -86.25, "lat": 11.6, "radius_m": 20_000.0}
)


def settled(draft: Draft, by: Officer, at: datetime) -> Alert:
    alert = broken(draft, by, at)
    audience.settle(alert, at)
    alert.refresh_from_db()
    return alert


@pytest.fixture
def beside(draft: Draft, lone: Officer, now: datetime) -> Draft:
    """Another incident's draft, for three people 60 km to the south."""
    path.enrolled(
        now, phone="+12025550103", persons=3, lat=11.6, entry={"mode": "live"}
    )
    incident = path.declared(lone, now, mode="live", lat=11.6)
    path.zoned(incident, lone, now, outline=SOUTH)
    return path.drafted(incident, lone, now)


def test_a_zone_is_not_warned_alone_piece_by_piece(
    draft: Draft, beside: Draft, lone: Officer, now: datetime, settings: Any
) -> None:
    settings.BREAK_GLASS_PEOPLE = 5
    assert settled(draft, lone, now).state == Alert.State.HELD
    release.tick(now + timedelta(minutes=2))
    second = settled(beside, lone, now + timedelta(hours=1))
    assert second.state == Alert.State.STOPPED
    assert not Message.objects.filter(cause__key=second.cause_key).exclude(
        state="stopped"
    )
    assert "5 people alone within a day; with this it would be 6" in (
        second.incident.log.all()[0].body
    )


def test_what_was_stopped_in_time_does_not_count_towards_the_day(
    draft: Draft, beside: Draft, lone: Officer, now: datetime, settings: Any
) -> None:
    settings.BREAK_GLASS_PEOPLE = 5
    release.stop(settled(draft, lone, now), lone, now + timedelta(seconds=30))
    second = settled(beside, lone, now + timedelta(minutes=1))
    assert second.state == Alert.State.HELD


def test_a_day_later_one_officer_may_warn_others_alone(
    draft: Draft, beside: Draft, lone: Officer, now: datetime, settings: Any
) -> None:
    settings.BREAK_GLASS_PEOPLE = 5
    settled(draft, lone, now)
    release.tick(now + timedelta(minutes=2))
    second = settled(beside, lone, now + timedelta(hours=25))
    assert second.state == Alert.State.HELD


def test_the_same_people_may_be_told_more_alone(
    draft: Draft, lone: Officer, now: datetime, settings: Any
) -> None:
    settings.BREAK_GLASS_PEOPLE = 3
    settled(draft, lone, now)
    release.tick(now + timedelta(minutes=2))
    update = path.drafted(draft.incident, lone, now, phase="update")
    assert settled(update, lone, now + timedelta(hours=1)).state == Alert.State.HELD


def test_a_zone_that_reaches_a_neighbour_is_not_for_one_alone(
    draft: Draft, lone: Officer, now: datetime
) -> None:
    wide = path.Outline(
        shape="circle", given={"lon": -86.25, "lat": 12.8, "radius_m": 120_000.0}
    )
    path.zoned(draft.incident, lone, now, outline=wide)
    draft.refresh_from_db()
    with pytest.raises(ForbiddenError, match="HN"):
        broken(draft, lone, now)


def test_who_has_no_mission_of_their_own_does_not_send_alone(
    draft: Draft, officer: Officer, now: datetime
) -> None:
    with pytest.raises(ForbiddenError, match="no mission of your own"):
        broken(draft, officer, now)


def test_a_public_post_is_never_sent_alone(
    draft: Draft, lone: Officer, now: datetime
) -> None:
    Draft.objects.filter(pk=draft.pk).update(channels=["sms", "email", "social"])
    draft.refresh_from_db()
    with pytest.raises(ForbiddenError, match="to the public"):
        broken(draft, lone, now)


def test_without_two_others_to_tell_nothing_is_sent(
    draft: Draft, lone: Officer, others: list[Officer], now: datetime
) -> None:
    Officer.objects.filter(pk=others[0].pk).update(email="")
    with pytest.raises(ForbiddenError, match="cannot tell two others"):
        broken(draft, lone, now)


def test_who_is_on_duty_is_told_as_the_rota_says(
    draft: Draft, lone: Officer, now: datetime
) -> None:
    on_duty = factories.make_officer(role=Role.DUTY_OFFICER)
    Duty.objects.create(
        officer=on_duty,
        starts_at=now,
        ends_at=now + timedelta(hours=8),
        channel="sms",
        address="+12025550177",
    )
    ways = breaking.others(draft.incident, lone, now)
    assert (ways[0].officer, ways[0].address) == (on_duty, "+12025550177")


def test_a_reason_is_needed(draft: Draft, lone: Officer, now: datetime) -> None:
    with pytest.raises(FieldsError, match="Say why"):
        broken(draft, lone, now, reason="urgent")


def test_what_was_changed_meanwhile_is_not_sent(
    draft: Draft, lone: Officer, now: datetime
) -> None:
    with pytest.raises(ConflictError):
        broken(draft, lone, now, revision=draft.revision + 1)


def test_it_may_be_switched_off(
    draft: Draft, lone: Officer, now: datetime, settings: Any
) -> None:
    settings.BREAK_GLASS_PEOPLE = 0
    with pytest.raises(ForbiddenError, match="lets nobody"):
        broken(draft, lone, now)


def test_a_review_is_another_persons(
    draft: Draft, lone: Officer, now: datetime
) -> None:
    broken(draft, lone, now)
    glass = BreakGlass.objects.get()
    Posting.objects.create(officer=lone, role=Role.AUDITOR)
    with pytest.raises(ForbiddenError, match="Somebody else"):
        breaking.review(glass, lone, "All was well.", now)
    auditor = factories.make_officer(role=Role.AUDITOR)
    breaking.review(glass, auditor, "All was well.", now)
    glass.refresh_from_db()
    assert (glass.reviewed_by, glass.finding) == (auditor, "All was well.")
    with pytest.raises(ConflictError):
        breaking.review(glass, auditor, "Again.", now)


def test_the_page_sends_after_ticks_reason_and_a_fresh_factor(
    client: Any, draft: Draft, lone: Officer
) -> None:
    factories.sign_in(client, lone)
    address = reverse("incidents:break_glass", args=[draft.incident.reference])
    assert "Send LIVE, alone, to" in client.get(address).content.decode()
    form = {"revision": draft.revision, "reason": WHY}
    assert "tick_alone" in client.post(address, form).context["errors"]
    form |= {"tick_alone": "on", "tick_text": "on"}
    session = client.session
    session[stepping.KEY] = 0
    session.save()
    assert "code" in client.post(address, form).context["errors"]
    assert not Alert.objects.exists()
    factories.sign_in(client, lone)
    assert client.post(address, form).status_code == 302
    assert BreakGlass.objects.get().officer == lone


def test_the_auditors_page_keeps_it_until_it_is_reviewed(
    client: Any, draft: Draft, lone: Officer, now: datetime
) -> None:
    broken(draft, lone, now)
    glass = BreakGlass.objects.get()
    factories.sign_in(client, factories.make_officer(role=Role.AUDITOR))
    page = client.get(reverse("incidents:reviews"))
    assert WHY in page.content.decode()
    form = {"glass": glass.pk, "finding": "The rota had a gap; it is mended."}
    client.post(reverse("incidents:reviews"), form)
    page = client.get(reverse("incidents:reviews"))
    assert not page.context["waiting"]
    assert "The rota had a gap" in page.content.decode()


def test_the_api_sends_alone_only_with_a_fresh_factor(
    client: Any, draft: Draft, lone: Officer
) -> None:
    factories.sign_in(client, lone)
    address = f"/api/v1/incidents/{draft.incident.reference}/break-glass/"
    said: dict[str, Any] = {"reason": WHY, "revision": draft.revision}
    session = client.session
    session[stepping.KEY] = 0
    session.save()
    stale = client.post(address, said, content_type="application/json")
    assert stale.status_code == 403
    factories.sign_in(client, lone)
    answer = client.post(address, said, content_type="application/json")
    assert (answer.status_code, answer.json()["hold_s"]) == (201, 60)
