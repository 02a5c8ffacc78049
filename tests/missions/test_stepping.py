"""A fresh second factor before what cannot be undone."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts.incidents.models import Alert, Draft
from consular.missions.models import Officer
from consular.missions.sign_in import stepping
from tests import factories
from tests.incidents import path
from tests.missions.test_sign_in import code_for


def grow_stale(client: Any) -> None:
    session = client.session
    session[stepping.KEY] = 0
    session.save()


@pytest.fixture
def draft(officer: Officer, db: None) -> Draft:
    return path.submitted(officer, timezone.now())


def test_approving_asks_for_a_fresh_factor(
    client: Any, draft: Draft, approver: Officer
) -> None:
    factories.sign_in(client, approver)
    grow_stale(client)
    address = reverse("incidents:approve", args=[draft.incident.reference])
    assert client.get(address).context["needs_code"]
    form = {"revision": draft.revision, "action": "approve"}
    form |= {"tick_zone": "on", "tick_text": "on"}
    assert "code" in client.post(address, form).context["errors"]
    wrong = client.post(address, form | {"code": "000000"})
    assert wrong.context["errors"] == {"code": stepping.WRONG}
    assert not Alert.objects.exists()
    approver.totpdevice_set.update(throttling_failure_count=0)
    done = client.post(address, form | {"code": code_for(approver)})
    assert done.status_code == 302
    assert Alert.objects.get().approved_by == approver


def test_what_takes_nothing_back_asks_for_nothing(
    client: Any, draft: Draft, approver: Officer
) -> None:
    factories.sign_in(client, approver)
    grow_stale(client)
    address = reverse("incidents:approve", args=[draft.incident.reference])
    form = {"revision": draft.revision, "action": "return", "reason": "Too early."}
    assert client.post(address, form).status_code == 302


def test_a_factor_grows_stale_and_is_given_on_a_page_that_leads_back(
    desk: Any, officer: Officer, settings: Any
) -> None:
    settings.STEP_UP_S = 0
    grow_stale(desk)
    address = f"{reverse('missions:confirm')}?next=/desk/account/"
    assert desk.post(address, {"code": "1"}).status_code == 400
    officer.totpdevice_set.update(throttling_failure_count=0)
    code = {"code": code_for(officer), "next": "https://elsewhere.example/"}
    assert desk.post(address, code).url == "/desk/"


def test_confirming_is_for_who_is_signed_in(client: Any, db: None) -> None:
    assert client.get(reverse("missions:confirm")).status_code == 302
