"""Accounts, roles and the rota: who may change what, and what follows at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts.incidents.approving import approval
from alerts.incidents.errors import ForbiddenError
from consular.missions.errors import StaffingError
from consular.missions.models import (
    AuditEntry,
    Duty,
    Mission,
    Officer,
    Posting,
    Role,
)
from consular.missions.sign_in import stepping
from consular.missions.staff import rota, staffing
from consular.missions.staff.rota import Stretch
from consular.missions.staff.staffing import Newcomer
from tests import factories
from tests.incidents import path
from tests.incidents.test_approval import LIVE_ACCOUNTS
from tests.missions.test_sign_in import sign_in


@pytest.fixture
def boss(db: None) -> Officer:
    """An administrator for all missions."""
    return factories.make_officer(role=Role.ADMINISTRATOR)


@pytest.fixture
def mission(db: None) -> Mission:
    return factories.make_mission()


@pytest.fixture
def local_boss(mission: Mission) -> Officer:
    """An administrator for one mission only."""
    officer = factories.make_officer(role=Role.ADMINISTRATOR)
    Posting.objects.filter(officer=officer).update(mission=mission)
    return officer


def newcomer(mission: Mission | None = None, **changes: Any) -> Newcomer:
    said: dict[str, Any] = {
        "email": "Ada@example.org",
        "full_name": "Ada Invented",
        "role": Role.DUTY_OFFICER,
        "mission": mission,
    }
    return Newcomer(**(said | changes))


def form(mission: Mission, **changes: Any) -> dict[str, Any]:
    said = {
        "full_name": "Ada Invented",
        "email": "ada@example.org",
        "role": "duty_officer",
        "mission": mission.pk,
        "hours": 72,
    }
    return said | changes


def test_a_surge_account_signs_in_a_minute_later_and_ends_by_itself(
    client: Any, boss: Officer, mission: Mission
) -> None:
    factories.sign_in(client, boss)
    page = client.post(reverse("missions:add_surge"), form(mission))
    keys = page.context["keys"]
    client.logout()
    assert sign_in(client, keys.officer, password=keys.password).status_code == 302
    assert client.get(reverse("hazards:list")).status_code == 200
    assert client.get(reverse("incidents:new")).status_code == 403
    end = Posting.objects.get(officer=keys.officer).until
    assert end is not None
    assert staffing.expire(end) == 1
    assert client.get(reverse("hazards:list")).status_code == 302
    assert staffing.expire(end) == 0


def test_a_surge_account_cannot_approve_or_be_without_end(
    client: Any, boss: Officer, mission: Mission
) -> None:
    factories.sign_in(client, boss)
    wrong = form(mission, role="approver", hours="") | {"mission": ""}
    page = client.post(reverse("missions:add_surge"), wrong)
    assert set(page.context["form"].errors) == {"role", "hours", "mission"}
    assert Officer.objects.count() == 1


def test_what_changes_accounts_asks_for_a_fresh_factor(
    client: Any, boss: Officer, mission: Mission
) -> None:
    factories.sign_in(client, boss)
    session = client.session
    session[stepping.KEY] = 0
    session.save()
    client.post(reverse("missions:add_officer"), form(mission))
    other = factories.make_officer()
    client.post(reverse("missions:officer", args=[other.pk]), {"action": "disable"})
    assert not Officer.objects.filter(email="ada@example.org").exists()
    assert Officer.objects.get(pk=other.pk).is_active


def test_sessions_end_when_a_role_is_taken_away(
    client: Any, desk: Any, officer: Officer, boss: Officer, now: datetime
) -> None:
    assert desk.get(reverse("hazards:list")).status_code == 200
    Posting.objects.create(officer=officer, role=Role.DUTY_OFFICER)
    staffing.take(officer.postings.get(role=Role.DUTY_OFFICER), boss, now)
    assert desk.get(reverse("hazards:list")).status_code == 302


def test_sessions_end_when_a_person_is_disabled_through_the_page(
    client: Any, officer: Officer, boss: Officer
) -> None:
    theirs = type(client)()
    factories.sign_in(theirs, officer)
    factories.sign_in(client, boss)
    where = reverse("missions:officer", args=[officer.pk])
    client.post(where, {"action": "disable"})
    assert theirs.get(reverse("hazards:list")).status_code == 302
    client.post(where, {"action": "enable"})
    assert theirs.get(reverse("hazards:list")).status_code == 302


def test_nobody_gives_themselves_a_role(boss: Officer, now: datetime) -> None:
    with pytest.raises(StaffingError, match="Another administrator"):
        staffing.give(boss, Role.APPROVER, None, None, boss, now)


def test_nobody_disables_themselves_so_an_administrator_stays(
    boss: Officer, now: datetime
) -> None:
    with pytest.raises(StaffingError, match="Another administrator"):
        staffing.set_active(boss, False, boss, now)


def test_an_administrator_of_one_mission_gives_no_role_elsewhere(
    local_boss: Officer, mission: Mission, now: datetime
) -> None:
    elsewhere = factories.make_mission(country="FJ", serves=["FJ"])
    for wrong in (None, elsewhere):
        with pytest.raises(StaffingError, match="own missions"):
            staffing.add(newcomer(wrong), local_boss, now)
    assert staffing.add(newcomer(mission), local_boss, now).officer.pk


def test_an_administrator_of_one_mission_takes_over_no_wider_account(
    local_boss: Officer, mission: Mission, officer: Officer, now: datetime
) -> None:
    Posting.objects.create(officer=officer, mission=mission, role=Role.APPROVER)
    with pytest.raises(StaffingError, match="other missions too"):
        staffing.renew_keys(officer, local_boss, now)
    with pytest.raises(StaffingError, match="other missions too"):
        staffing.set_active(officer, False, local_boss, now)


def test_an_administrator_of_one_mission_does_not_widen_it(
    client: Any, local_boss: Officer, mission: Mission
) -> None:
    factories.sign_in(client, local_boss)
    page = client.get(reverse("missions:officers"))
    assert {each.pk for each in page.context["officers"]} == {local_boss.pk}
    address = reverse("missions:mission", args=[mission.pk])
    client.post(address, {"serves": "FJ"})
    mission.refresh_from_db()
    assert mission.serves == ["NI", "HN"]


def test_a_mission_is_changed_and_the_change_is_logged(
    client: Any, boss: Officer, mission: Mission
) -> None:
    factories.sign_in(client, boss)
    said = {"name": "Embassy", "place": "Managua", "country": "ni"}
    said |= {"serves": "ni, HN sv", "time_zone": "America/Managua"}
    client.post(reverse("missions:mission", args=[mission.pk]), said)
    mission.refresh_from_db()
    empty = client.get(reverse("missions:add_mission")).content.decode()
    assert 'value="[]"' not in empty
    assert (mission.country, mission.serves) == ("NI", ["NI", "HN", "SV"])
    assert AuditEntry.objects.get(action="mission").facts == {"serves": "NI,HN,SV"}


def test_who_made_an_account_is_not_approved_by_it_for_a_day(
    boss: Officer, now: datetime, settings: Any
) -> None:
    settings.MODE, settings.ACCOUNTS = "live", LIVE_ACCOUNTS
    Posting.objects.create(officer=boss, role=Role.CONSULAR_OFFICER)
    puppet = staffing.add(newcomer(role=Role.APPROVER), boss, now).officer
    draft = path.submitted(boss, now, mode="live")
    with pytest.raises(ForbiddenError, match="got its keys"):
        approval.approve(draft, puppet, now)
    assert approval.approve(draft, puppet, now + timedelta(hours=24))


def test_a_role_for_too_long_or_for_the_past_is_refused(
    boss: Officer, officer: Officer, now: datetime
) -> None:
    for until in (now, now + timedelta(days=91)):
        with pytest.raises(StaffingError, match="90 days"):
            staffing.give(officer, Role.APPROVER, None, until, boss, now)


def stretch(officer: Officer, mission: Mission | None, now: datetime) -> Stretch:
    return Stretch(
        officer=officer,
        mission=mission,
        starts_at=now + timedelta(hours=2),
        ends_at=now + timedelta(hours=10),
        channel="sms",
        address="+1 202 555 0101",
    )


def test_the_rota_says_when_nobody_is_on_duty(
    officer: Officer, mission: Mission, now: datetime
) -> None:
    duty = rota.add(stretch(officer, mission, now), officer, now)
    assert duty.address == "+12025550101"
    found = [(gap.starts_at, gap.ends_at) for gap in rota.gaps(officer, now)]
    week = now + timedelta(days=7)
    assert found == [(now, duty.starts_at), (duty.ends_at, week)]


def test_the_rota_names_the_way_and_not_its_code(
    client: Any, officer: Officer, mission: Mission
) -> None:
    today = timezone.now()
    for channel, address in (
        ("sms", "+1 202 555 0101"),
        ("voice", "+1 202 555 0102"),
        ("email", "on.duty@example.org"),
    ):
        one = replace(stretch(officer, None, today), channel=channel, address=address)
        rota.add(one, officer, today)
    factories.sign_in(client, officer)
    page = client.get(reverse("missions:rota")).content.decode()
    for way in ("Text message", "Call", "E-mail"):
        assert f"{way}: <bdi" in page


def test_a_stretch_for_all_missions_closes_the_gaps_of_each(
    officer: Officer, mission: Mission, now: datetime
) -> None:
    rota.add(stretch(officer, None, now), officer, now)
    assert len(rota.gaps(officer, now)) == 2 * Mission.objects.count()


def test_the_rota_of_another_mission_is_neither_seen_nor_kept(
    local_boss: Officer, officer: Officer, now: datetime
) -> None:
    elsewhere = factories.make_mission(country="FJ", serves=["FJ"])
    duty = rota.add(stretch(officer, elsewhere, now), officer, now)
    assert not rota.duties(local_boss, now)
    with pytest.raises(StaffingError, match="own missions"):
        rota.remove(duty, local_boss, now)


def test_somebody_without_a_role_for_a_mission_is_not_put_on_duty(
    officer: Officer, local_boss: Officer, now: datetime
) -> None:
    elsewhere = factories.make_mission(country="FJ", serves=["FJ"])
    with pytest.raises(StaffingError, match="no role"):
        rota.add(stretch(local_boss, elsewhere, now), officer, now)


def test_the_page_puts_on_duty_in_the_ministrys_time(
    desk: Any, officer: Officer, mission: Mission
) -> None:
    day = datetime.now(UTC).date() + timedelta(days=200 - datetime.now(UTC).day)
    said = {"add": "1", "mission": mission.pk, "officer": officer.pk}
    said |= {"starts_at": f"{day}T08:00", "ends_at": f"{day}T20:00"}
    said |= {"channel": "email", "address": "duty@example.org"}
    answer = desk.post(reverse("missions:rota"), said)
    assert answer.status_code == 302, answer.context["form"].errors
    duty = Duty.objects.get()
    assert (duty.ends_at - duty.starts_at) == timedelta(hours=12)
    assert desk.post(reverse("missions:rota"), {"remove": duty.pk}).status_code == 302
    assert not Duty.objects.exists()


def test_a_wrong_stretch_is_explained_at_its_field(desk: Any, mission: Mission) -> None:
    said = {"add": "1", "mission": mission.pk, "starts_at": "soon"}
    page = desk.post(reverse("missions:rota"), said)
    assert {"starts_at", "officer", "address"} <= set(page.context["form"].errors)


def test_notices_go_to_who_looks_after_the_country_or_to_all_when_nobody_does(
    officer: Officer, mission: Mission, now: datetime
) -> None:
    elsewhere = factories.make_mission(country="FJ", serves=["FJ"])
    here = rota.add(stretch(officer, mission, now), officer, now)
    there = rota.add(stretch(officer, elsewhere, now), officer, now)
    then = here.starts_at
    assert rota.on_duty(then, ["NI"]) == [here]
    assert rota.on_duty(then, ["DE"]) == [here, there]
    assert rota.on_duty(now, ["NI"]) == []
