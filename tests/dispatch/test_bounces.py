"""What an e-mail provider says of its mails: signed, stored once, marks the address."""

import hashlib
import hmac
import json

import pytest
from anymail.signals import AnymailTrackingEvent
from django.urls import reverse

from alerts.dispatch import outbox
from alerts.dispatch.channels import anymail
from alerts.dispatch.hearing import receipts
from alerts.dispatch.models import Address, Message, Receipt, State
from tests.dispatch.test_ledger import make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db
ACCOUNT = "simulated-mailgun"


@pytest.fixture
def message():
    text = outbox.text("email", "en", "Are you safe?", "Earthquake")
    letter = outbox.Letter(channel="email", address="ada@example.org", text=text)
    row = outbox.write(make_cause(), [letter], NOON)[0]
    Message.objects.update(
        state=State.ACCEPTED, account=ACCOUNT, provider_id="<1@mail.example.org>"
    )
    return row


def say(client, word, key="simulated", metadata=None, **facts):
    """Post an event as Mailgun signs it."""
    mac = hmac.new(key.encode(), b"1700000000token", hashlib.sha256).hexdigest()
    event = {
        "event": word,
        "timestamp": 1700000000.0,
        "recipient": "ada@example.org",
        "message": {"headers": {"message-id": "1@mail.example.org"}},
        "user-variables": metadata or {},
        **facts,
    }
    signed = {"token": "token", "timestamp": "1700000000", "signature": mac}
    body = json.dumps({"signature": signed, "event-data": event})
    path = reverse("mail_status", args=[ACCOUNT])
    return client.post(path, body, content_type="application/json")


def test_a_bounce_marks_the_address_and_counts_once(client, message):
    bounce = {"severity": "permanent", "reason": "bounce"}
    for _ in range(3):
        assert say(client, "failed", **bounce).status_code == 204
    receipts.apply_waiting(NOON)
    assert Receipt.objects.count() == 1
    row = Message.objects.select_related("address").get()
    assert (row.state, row.provider_code) == (State.UNDELIVERED, "bounced")
    assert row.address.condition == Address.Condition.GONE


def test_a_mailbox_that_is_full_for_now_is_no_bounce(client, message):
    say(client, "failed", severity="temporary", reason="generic")
    receipts.apply_waiting(NOON)
    row = Message.objects.select_related("address").get()
    assert row.state == State.ACCEPTED
    assert row.address.condition == Address.Condition.GOOD


@pytest.mark.parametrize(
    ("answer", "code", "condition"),
    [
        ("552 5.2.2 mailbox is full", "5.2.2", Address.Condition.GOOD),
        ("550 5.7.1 not from you", "5.7.1", Address.Condition.GOOD),
        ("550-5.1.1 no such user", "5.1.1", Address.Condition.GONE),
        ("550 no such user", "bounced", Address.Condition.GONE),
    ],
)
def test_the_mail_server_s_own_code_says_whether_the_mailbox_is_there(
    client, message, answer, code, condition
):
    status = {"message": answer, "code": 550}
    bounce = {"severity": "permanent", "reason": "bounce", "delivery-status": status}
    say(client, "failed", **bounce)
    receipts.apply_waiting(NOON)
    row = Message.objects.select_related("address").get()
    assert (row.state, row.provider_code) == (State.UNDELIVERED, code)
    assert row.address.condition == condition


@pytest.mark.parametrize(
    ("said", "description", "code"),
    [
        ({"notificationType": "Bounce"}, "Transient: General", "passing"),
        ({"notificationType": "Bounce"}, "Undetermined: Undetermined", "passing"),
        ({"notificationType": "Bounce"}, "Permanent: General", "bounced"),
        ({"Type": "SoftBounce"}, "", "passing"),
        ({"Type": "HardBounce"}, "", "bounced"),
        ({"event": "soft_bounce"}, "", "passing"),
        ({"type": "activity.soft_bounced"}, "", "passing"),
        ({"type": "bounce", "bounce_class": "22"}, "", "passing"),
        ({"type": "bounce", "bounce_class": "30"}, "", "bounced"),
    ],
)
def test_a_bounce_that_passes_is_told_from_one_that_stays(said, description, code):
    event = AnymailTrackingEvent(
        event_type="bounced",
        reject_reason="bounced",
        description=description,
        esp_event=said,
    )
    assert anymail.code_of(event) == code
    assert (code in anymail.Anymail.gone) == (code == "bounced")


def test_an_event_is_known_by_our_own_id_before_the_answer_was_written(client, message):
    Message.objects.update(provider_id="")
    say(client, "delivered", metadata={"muster": str(message.uid)})
    receipts.apply_waiting(NOON)
    assert Message.objects.get().state == State.DELIVERED


def test_who_unsubscribes_at_the_provider_gets_no_notices(client, message):
    say(client, "unsubscribed")
    assert Address.objects.get().opt_out == Address.OptOut.NOTICES


def test_forged_and_strange_events_change_nothing(client, message):
    assert say(client, "failed", key="guessed").status_code == 403
    path = reverse("mail_status", args=[ACCOUNT])
    assert client.post(path, "{}", content_type="application/json").status_code == 403
    assert client.get(path).status_code == 405
    for account in ("simulated-email", "simulated-sms", "nobody"):
        assert client.post(reverse("mail_status", args=[account])).status_code == 404
    assert not Receipt.objects.exists()


def test_a_provider_that_signs_nothing_needs_a_password(client, settings, message):
    conf = settings.ACCOUNTS[ACCOUNT] | {"esp": "postmark"}
    settings.ACCOUNTS = settings.ACCOUNTS | {ACCOUNT: conf}
    path = reverse("mail_status", args=[ACCOUNT])
    event = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "1",
        "Email": "ada@example.org",
        "Metadata": {"muster": str(message.uid)},
    }
    body = {"data": json.dumps(event), "content_type": "application/json"}
    assert client.post(path, **body).status_code == 404
    conf["webhook_secret"] = "muster:secret"
    assert client.post(path, **body).status_code == 403
    known = {"authorization": "Basic bXVzdGVyOnNlY3JldA=="}
    assert client.post(path, headers=known, **body).status_code == 204
    receipts.apply_waiting(NOON)
    assert Message.objects.get().state == State.UNDELIVERED
