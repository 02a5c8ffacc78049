"""What the tables refuse, whoever asks: the ORM, a shell, another program."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, models, transaction

from alerts.incidents.approving import approval, breaking, correcting, release
from alerts.incidents.audiences import audience
from alerts.incidents.models import Alert, BreakGlass, Draft
from consular import carrying
from consular.missions.models import Officer, Posting, Role
from tests import factories
from tests.incidents import path
from tests.incidents.test_approval import LIVE_ACCOUNTS

WHY = "The second officer on the rota does not answer the phone."
NEAR = path.Outline(shape="circle", given=path.CIRCLE.given | {"radius_m": 20_000.0})


@pytest.fixture(autouse=True)
def _live(settings: Any) -> None:
    settings.MODE = "live"
    settings.ACCOUNTS = LIVE_ACCOUNTS


@pytest.fixture
def alert(officer: Officer, approver: Officer, now: datetime) -> Alert:
    """A live alert of two people that has left."""
    path.enrolled(now, phone="+12025550101", entry={"mode": "live"})
    draft = path.submitted(officer, now, mode="live")
    alert = approval.approve(draft, approver, now)
    audience.settle(alert, now)
    release.tick(now + timedelta(seconds=settings.HOLD_S))
    alert.refresh_from_db()
    return alert


def copied(alert: Alert, **changes: Any) -> Alert:
    """Return a row as the prepared correction's, changed, and not saved."""
    names = [field.attname for field in Alert._meta.concrete_fields]
    said = {name: getattr(alert, name) for name in names if name != "id"}
    said |= {"corrects_id": alert.pk, "corrected_by_id": alert.submitted_by_id}
    said |= {"kind": "correction", "texts": alert.correction, "correction": []}
    return Alert(**(said | changes))


def refused(rows: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        rows()


def test_the_prepared_correction_is_written(alert: Alert) -> None:
    copied(alert).save()
    assert alert.corrections.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "alert"},
        {"corrected_by_id": None},
        {"corrects_id": None},
        {"texts": [{"channel": "sms", "language": "en", "body": "Run."}]},
        {"draft_id": 0, "corrects_id": 0},
    ],
    ids=["no correction", "nobody's", "of nothing", "other words", "of no alert"],
)
@pytest.mark.parametrize("way", ["save", "bulk_create"])
def test_one_person_writes_no_other_correction(
    alert: Alert, officer: Officer, changes: dict[str, Any], way: str
) -> None:
    row = copied(alert, **changes)
    if not row.corrects_id:
        row.submitted_by = row.approved_by = officer
    refused(row.save if way == "save" else lambda: Alert.objects.bulk_create([row]))


def test_one_person_corrects_in_nobodys_name(alert: Alert, officer: Officer) -> None:
    """Their own name on both sides is not that of the alert that two approved."""
    refused(copied(alert, approved_by_id=officer.pk).save)


def test_what_did_not_leave_and_what_corrects_is_not_corrected(
    alert: Alert, officer: Officer, approver: Officer, now: datetime
) -> None:
    correction = correcting.correct(alert, officer, now + timedelta(minutes=5))
    refused(copied(correction).save)
    draft = path.submitted(officer, now, mode="live")
    refused(copied(approval.approve(draft, approver, now)).save)


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "exercise"},
        {"texts": []},
        {"zones": []},
        {"channels": ["social"]},
        {"correction": []},
        {"include": {"trip": False}},
        {"not_after": datetime(2090, 1, 1, tzinfo=UTC)},
        {"approved_by": models.F("submitted_by")},
        {"corrects": models.F("pk"), "kind": "correction"},
        {"glass": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_was_approved_stays_as_it_was(
    alert: Alert, changes: dict[str, Any]
) -> None:
    refused(lambda: Alert.objects.filter(pk=alert.pk).update(**changes))


def test_a_live_alert_is_not_made_of_an_exercise(
    officer: Officer, now: datetime, settings: Any
) -> None:
    settings.MODE = "exercise"
    settings.ACCOUNTS = {
        name: account | {"mode": "exercise"} for name, account in LIVE_ACCOUNTS.items()
    }
    alert = approval.approve(path.submitted(officer, now), officer, now)
    refused(lambda: Alert.objects.filter(pk=alert.pk).update(mode="live"))


@pytest.fixture
def glass(db: None, now: datetime) -> BreakGlass:
    """Glass that a lone officer has broken, with its alert."""
    mission = factories.make_mission(country="NI", serves=["NI"])
    lone = factories.make_officer(role=Role.CONSULAR_OFFICER)
    Posting.objects.filter(officer=lone).update(mission=mission)
    for _ in range(2):
        factories.make_officer(role=Role.APPROVER)
    path.enrolled(now, phone="+12025550101", entry={"mode": "live"})
    incident = path.declared(lone, now, mode="live")
    path.zoned(incident, lone, now, outline=NEAR)
    draft = path.drafted(incident, lone, now)
    alert = breaking.break_glass(draft, lone, WHY, now, revision=draft.revision)
    assert alert.glass is not None
    return alert.glass


def of_glass(glass: BreakGlass, now: datetime, **changes: Any) -> BreakGlass:
    said = {"incident": glass.incident, "draft": glass.draft, "people": 1, "most": 9}
    who = {"officer": glass.officer, "at": now, "reason": WHY}
    return BreakGlass.objects.create(**(said | who | changes))


@pytest.mark.parametrize("wrong", ["another's", "another draft's", "reviewed", "later"])
def test_glass_counts_for_who_broke_it_for_this_draft(
    glass: BreakGlass, officer: Officer, approver: Officer, now: datetime, wrong: str
) -> None:
    lone = glass.officer
    Alert.objects.filter(glass=glass).update(state=Alert.State.STOPPED)
    other = path.submitted(officer, now, mode="live")
    wrongs: dict[str, dict[str, Any]] = {
        "another's": {"officer": officer},
        "another draft's": {"draft": other, "incident": other.incident},
        "reviewed": {"reviewed_by": approver, "reviewed_at": now - timedelta(hours=1)},
        "later": {"at": now + timedelta(hours=1)},
    }
    found = of_glass(glass, now, **wrongs[wrong])
    draft = Draft.objects.get(pk=glass.draft_id)
    refused(lambda: approval.write(draft, lone, now, found))


def test_glass_of_this_officer_and_draft_counts(
    glass: BreakGlass, now: datetime
) -> None:
    Alert.objects.filter(glass=glass).update(state=Alert.State.STOPPED)
    draft = Draft.objects.get(pk=glass.draft_id)
    alert = approval.write(draft, glass.officer, now, of_glass(glass, now))
    assert alert.submitted_by == alert.approved_by == glass.officer


@pytest.mark.parametrize("column", ["officer", "people", "most"])
def test_broken_glass_stays_as_it_was(
    glass: BreakGlass, officer: Officer, column: str
) -> None:
    changes = {column: officer if column == "officer" else getattr(glass, column) + 1}
    refused(lambda: BreakGlass.objects.filter(pk=glass.pk).update(**changes))


def test_a_backup_brings_first_what_an_alert_stands_beside() -> None:
    names = [table.name for table in carrying.tables()]
    first = {"incidents_breakglass", "incidents_draft", "missions_officer"}
    assert max(names.index(name) for name in first) < names.index("incidents_alert")
