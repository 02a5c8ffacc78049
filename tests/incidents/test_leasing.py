"""Who settles an alert has it for as long as that may take, and no longer."""

from datetime import datetime, timedelta

import pytest

from alerts.incidents.audiences.leasing import Lease, LostError
from alerts.incidents.models import Alert, Draft
from consular.missions.models import Officer
from tests.incidents import path


@pytest.mark.parametrize(("people", "kept_s"), [(2_000, 60), (1_000_000, 240)])
def test_a_large_audience_is_looked_for_longer_before_another_worker_begins(
    officer: Officer, approver: Officer, now: datetime, people: int, kept_s: int
) -> None:
    alert = path.approved(officer, approver, now)
    Draft.objects.update(preview={"people": people})
    Lease(Alert.objects.get(), now).take()
    with pytest.raises(LostError):
        Lease(alert, now + timedelta(seconds=kept_s - 5)).take()
    Lease(alert, now + timedelta(seconds=kept_s + 30)).take()
