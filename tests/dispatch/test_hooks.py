"""Callbacks and replies: signed or refused, stored once, answered 2xx when repeated."""

import uuid

import pytest
from django.urls import reverse
from twilio.request_validator import RequestValidator

from alerts.checkins.models import Inbound
from alerts.dispatch.models import Receipt

pytestmark = pytest.mark.django_db
STATUS = {"MessageSid": "SM1", "MessageStatus": "delivered"}
REPLY = {"MessageSid": "SM2", "From": "+12025550101", "To": "+1", "Body": "SAFE"}


def call(client, settings, path, form, token=None):
    account = settings.ACCOUNTS["simulated-sms"]
    validator = RequestValidator(token or account["auth_token"])
    signature = validator.compute_signature(settings.PUBLIC_URL + path, form)
    return client.post(path, form, headers={"X-Twilio-Signature": signature})


@pytest.fixture
def status_path():
    return reverse("twilio_status", args=[uuid.uuid4(), 1])


def test_a_signed_callback_is_stored_once(client, settings, status_path):
    for _ in range(3):
        assert call(client, settings, status_path, STATUS).status_code == 204
    assert Receipt.objects.count() == 1


def test_a_wrong_signature_is_refused_and_logged_without_data(
    client, settings, status_path, caplog
):
    for path, form in ((status_path, STATUS), (reverse("twilio_sms"), REPLY)):
        assert call(client, settings, path, form, token="x" * 32).status_code == 403
        assert client.post(path, form).status_code == 403
    assert Receipt.objects.count() == Inbound.objects.count() == 0
    assert "signature" in caplog.text
    assert "+1202" not in caplog.text
    assert "SAFE" not in caplog.text


def test_a_reply_is_stored_raw_once(client, settings):
    for _ in range(2):
        answer = call(client, settings, reverse("twilio_sms"), REPLY)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/xml"
    inbound = Inbound.objects.get()
    assert (inbound.body, inbound.state) == ("SAFE", Inbound.State.NEW)


def test_get_changes_nothing(client, status_path):
    assert client.get(status_path).status_code == 405
    assert client.get(reverse("twilio_sms")).status_code == 405
