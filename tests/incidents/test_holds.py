"""Who comes while an alert is being written or held is missed by none."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from alerts.dispatch.models import Message
from alerts.incidents.approving import approval, release
from alerts.incidents.audiences import audience, explaining, joining, leasing
from alerts.incidents.models import Alert, Audience
from consular.missions.models import Officer
from tests.incidents import path
from tests.incidents.test_joining import A_MINUTE, A_SECOND, settled


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that have passed, by a clock that the test sets."""
    seconds = [0.0]
    clock = SimpleNamespace(monotonic=lambda: seconds[0])
    monkeypatch.setattr(leasing, "time", clock)
    return seconds


def test_the_hold_begins_when_a_long_list_is_written(
    officer: Officer, approver: Officer, now: datetime, passed: list[float]
) -> None:
    path.enrolled(now, phone="+12025550101")
    made = path.approved(officer, approver, now)
    running = audience.steps(made, now)
    next(running)
    passed[0] = 40.0
    assert next(running, None) is None
    made = Alert.objects.get()
    assert made.settled_at == now + timedelta(seconds=40)
    assert made.opens_at == made.settled_at + timedelta(seconds=release.hold_s(made))


def test_who_joins_an_alert_while_its_update_is_settled_gets_the_update_too(
    officer: Officer, approver: Officer, now: datetime, passed: list[float]
) -> None:
    first = settled(officer, approver, now)
    path.enrolled(now, phone="+12025550101")
    draft = path.drafted(first.incident, officer, now)
    update = approval.approve(approval.submit(draft, officer, now), approver, now)
    running = audience.steps(update, now)
    next(running)
    at = now + timedelta(seconds=25)
    late = path.enrolled(at, phone="+12025550102")
    assert joining.tick(at) == 2  # the first alert's
    passed[0] = 40.0
    assert next(running, None) is None
    joining.tick(now + timedelta(seconds=41))
    assert update.audience.filter(registration=late).exists()


@pytest.mark.parametrize("phase", ["update", "all_clear"])
def test_who_registers_in_a_hold_that_is_stopped_joins_the_alert_before(
    officer: Officer, approver: Officer, now: datetime, phase: str
) -> None:
    path.enrolled(now, phone="+12025550100")
    first = settled(officer, approver, now)
    settled(officer, approver, now)  # of another incident: it is matched without a stop
    at = now + A_MINUTE
    release.tick(at)
    draft = path.drafted(first.incident, officer, at, phase=phase)
    newer = approval.approve(approval.submit(draft, officer, at), approver, at)
    assert audience.settle(newer, at)
    late = path.enrolled(at + A_SECOND, phone="+12025550101")
    joining.tick(at + 2 * A_SECOND)
    assert not first.audience.filter(registration=late).exists()
    release.stop(Alert.objects.get(pk=newer.pk), approver, at + 15 * A_SECOND)
    assert joining.tick(at + 20 * A_SECOND) == 1
    assert first.audience.get(registration=late).is_included
    assert joining.tick(at + 21 * A_SECOND) == 0


def test_who_is_warned_while_the_all_clear_is_being_settled_gets_that_too(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550100")
    first = settled(officer, approver, now)
    release.tick(now + A_MINUTE)
    at = now + 2 * A_MINUTE
    draft = path.drafted(first.incident, officer, at, phase="all_clear")
    clear = approval.approve(approval.submit(draft, officer, at), approver, at)
    running = audience.steps(clear, at)
    next(running)
    late = path.enrolled(at + A_SECOND, phone="+12025550101")
    assert joining.tick(at + 2 * A_SECOND) == 1
    assert list(running) == []
    clear = Alert.objects.get(pk=clear.pk)
    assert explaining.explain(clear, late).reason == "untold"
    for seconds in (3, 4):
        joining.tick(at + seconds * A_SECOND)
    written = Message.objects.filter(audiences__audience__registration=late)
    causes = list(written.order_by("pk").values_list("cause__key", flat=True))
    assert causes == [first.cause_key, clear.cause_key]
    row = clear.audience.get(registration=late)
    assert (row.joined_at, row.reason) == (at + 3 * A_SECOND, Audience.Reason.WARNED)
    assert audience.digest(clear) == clear.audience_hash
