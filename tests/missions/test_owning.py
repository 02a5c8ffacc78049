"""What officers do to their own account."""

from typing import Any

import pytest
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular.missions.models import Officer, Passkey
from consular.missions.sign_in import owning, stepping
from tests import factories


@pytest.fixture
def own(officer: Officer) -> Officer:
    return officer


@pytest.fixture
def here(client: Any, own: Officer) -> Any:
    factories.sign_in(client, own)
    return client


def test_a_stale_factor_changes_nothing(here: Any, own: Officer) -> None:
    session = here.session
    session[stepping.KEY] = 0
    session.save()
    page = reverse("missions:account")
    assert "code" in here.post(page, {"action": "begin_app"}).context["errors"]
    assert TOTPDevice.objects.filter(user=own).count() == 1


def test_other_sessions_end_without_a_new_password(here: Any, own: Officer) -> None:
    elsewhere = type(here)()
    factories.sign_in(elsewhere, own)
    page = reverse("missions:account")
    here.post(page, {"action": "end_others"})
    assert here.get(page).status_code == 200
    assert elsewhere.get(page).status_code == 302


def test_the_last_second_factor_stays(here: Any, own: Officer, now: Any) -> None:
    page, app = reverse("missions:account"), TOTPDevice.objects.get(user=own)
    refused = here.post(page, {"remove_app": app.pk})
    assert refused.context["errors"] == {"factors": owning.LAST}
    Passkey.objects.create(
        user=own, credential_id="ab", public_key=b"x", made_at=now, confirmed=True
    )
    assert here.post(page, {"remove_app": app.pk}).status_code == 302
    assert not TOTPDevice.objects.filter(user=own).exists()


def test_a_further_app_counts_once_it_has_shown_a_code(here: Any, own: Officer) -> None:
    page = reverse("missions:account")
    here.post(page, {"action": "begin_app"})
    device = TOTPDevice.objects.get(user=own, confirmed=False)
    assert owning.secret_of(device) in here.get(page).content.decode()
    wrong = here.post(page, {"action": "confirm_app", "app_code": "12"})
    assert "app_code" in wrong.context["errors"]
    TOTPDevice.objects.filter(pk=device.pk).update(throttling_failure_count=0)
    code = f"{TOTP(device.bin_key).token():06d}"
    here.post(page, {"action": "confirm_app", "app_code": code})
    assert TOTPDevice.objects.filter(user=own, confirmed=True).count() == 2


def test_nobody_removes_anothers_app(here: Any) -> None:
    theirs = TOTPDevice.objects.get(user=factories.make_officer())
    answer = here.post(reverse("missions:account"), {"remove_app": theirs.pk})
    assert answer.status_code == 404
