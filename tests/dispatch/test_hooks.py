"""Callbacks and replies: signed or refused, stored once, answered 2xx when repeated."""

import base64
import hashlib
import json
import os
import random
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.urls import reverse
from twilio.request_validator import RequestValidator

from alerts.checkins.answers import inbox
from alerts.checkins.models import Inbound
from alerts.dispatch import addresses, links, outbox, routing
from alerts.dispatch.hearing import mail_hooks, receipts
from alerts.dispatch.models import Address, Message, Receipt, State
from alerts.exercises.provider.callbacks import telnyx_event
from alerts.exercises.provider.office import Text
from tests.dispatch.test_ledger import make_cause
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HOOKS = int(os.environ.get("MUSTER_HOOKS", "50"))
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


def test_what_an_old_token_has_signed_is_taken_while_the_new_one_asks(
    client, settings, status_path
):
    new, old = "n" * 32, "o" * 32
    settings.ACCOUNTS = {
        name: conf | ({"auth_token": f"{new},{old}"} if "auth_token" in conf else {})
        for name, conf in settings.ACCOUNTS.items()
    }
    for token in (new, old):
        assert call(client, settings, status_path, STATUS, token).status_code == 204
    answer = call(client, settings, status_path, STATUS, f"{new},{old}")
    assert answer.status_code == 403
    routing.transport_for.cache_clear()
    asked_with = routing.transport_for("simulated-sms").client.password
    routing.transport_for.cache_clear()
    assert asked_with == new


def test_any_order_of_valid_and_forged_callbacks_counts_each_receipt_once(
    client, settings
):
    text = outbox.text("sms", "en", "Are you safe? {link}")
    letters = [
        outbox.Letter(channel="sms", address=f"+1202555{n:04d}", text=text)
        for n in range(HOOKS)
    ]
    uids = [row.uid for row in outbox.write(make_cause(), letters, NOON)]
    Message.objects.update(state=State.ACCEPTED)
    posts = [(uid, word, None) for uid in uids for word in ("sent", "delivered")] * 3
    posts += [(uid, "undelivered", "x" * 32) for uid in uids * 2]
    random.Random(7).shuffle(posts)
    answers = Counter()
    for uid, word, token in posts:
        form = {"MessageSid": f"SM{uid.hex}", "MessageStatus": word}
        path = reverse("twilio_status", args=[uid, 1])
        answers[call(client, settings, path, form, token).status_code] += 1
    while receipts.apply_waiting(NOON):
        pass
    assert answers == {204: 6 * HOOKS, 403: 2 * HOOKS}
    assert Receipt.objects.count() == 2 * HOOKS
    assert Message.objects.filter(state=State.DELIVERED).count() == HOOKS


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


def telnyx_call(client, path, payload, kind="message.finalized", at=None):
    """Post a webhook as the stand-in signs it."""
    text = Text(sid="1", number=REPLY["From"], ours="+1", body="", at=NOON)
    now = at or datetime.now(UTC)
    body, headers = telnyx_event(text, "delivered", now)
    if payload is not None:
        event = {"data": {"event_type": kind, "payload": payload}}
        body = json.dumps(event).encode()
        headers |= {"telnyx-signature-ed25519": signed(body, int(now.timestamp()))}
    return client.post(
        path, body, content_type="application/json", headers=headers
    ).status_code


def signed(body, stamp):
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"simulated").digest())
    return base64.b64encode(key.sign(str(stamp).encode() + b"|" + body)).decode()


def test_telnyx_s_callback_is_stored_once_and_an_old_or_forged_one_is_refused(client):
    path = reverse("telnyx_status", args=[uuid.uuid4(), 1])
    assert [telnyx_call(client, path, None) for _ in range(3)] == [204] * 3
    assert Receipt.objects.get().word == "delivered"
    old = datetime.now(UTC) - timedelta(hours=1)
    assert telnyx_call(client, path, None, at=old) == 403
    assert client.post(path, b"{}", content_type="application/json").status_code == 403


def test_an_answer_by_telnyx_is_stored_raw_once(client):
    payload = {
        "id": "in-1",
        "from": {"phone_number": REPLY["From"]},
        "to": [{"phone_number": "+1"}],
        "text": "SAFE",
    }
    path = reverse("telnyx_inbound")
    for _ in range(2):
        assert telnyx_call(client, path, payload, kind="message.received") == 204
    assert Inbound.objects.get().body == "SAFE"


def test_a_damaged_or_endless_answer_is_stored_all_the_same(client, settings):
    long, damaged = "x" * 9_000, "HELP\x00 trapped"
    path = reverse("telnyx_inbound")
    for number, text in enumerate((long, damaged)):
        payload = {
            "id": f"\x00{number}{long}",
            "from": {"phone_number": REPLY["From"] + "\x00"},
            "to": [{"phone_number": long}],
            "text": text,
        }
        assert telnyx_call(client, path, payload, kind="message.received") == 204
    form = REPLY | {"MessageSid": long, "To": long, "Body": damaged}
    assert call(client, settings, reverse("twilio_sms"), form).status_code == 200
    said = [each.body for each in Inbound.objects.order_by("id")]
    assert said == [long, "HELP trapped", "HELP trapped"]


def test_a_key_pressed_in_a_call_is_an_answer(client, settings):
    path = reverse("twilio_voice", args=[uuid.uuid4(), 1])
    form = {"CallSid": "CA1", "From": "+1", "To": REPLY["From"], "Digits": "2"}
    assert call(client, settings, path, form).status_code == 200
    inbound = Inbound.objects.get()
    assert (inbound.channel, inbound.body) == ("voice", "2")
    assert inbound.from_address == REPLY["From"]


def test_an_answer_by_whatsapp_opens_a_conversation(client, settings):
    cause = make_cause()
    text = outbox.text("whatsapp", "en", "Are you safe?")
    letter = outbox.Letter(channel="whatsapp", address=REPLY["From"], text=text)
    outbox.write(cause, [letter], NOON)
    form = REPLY | {"From": "whatsapp:" + REPLY["From"]}
    call(client, settings, reverse("twilio_sms"), form)
    inbox.read_new(NOON)
    assert Inbound.objects.get().channel == "whatsapp"
    assert Address.objects.get().heard_at is not None


def test_a_call_s_and_a_chat_s_callbacks_belong_to_their_own_accounts(client, settings):
    path = reverse("twilio_status", args=[uuid.uuid4(), 1])
    call(client, settings, path, {"CallSid": "CA1", "CallStatus": "no-answer"})
    chat = STATUS | {"To": "whatsapp:+12025550101"}
    call(client, settings, path, chat)
    accounts = set(Receipt.objects.values_list("account", flat=True))
    assert accounts == {"simulated-voice", "simulated-whatsapp"}


def test_one_click_ends_notices_and_no_warning(client):
    address = "ada@example.org"
    message = outbox.send_notice(
        "confirm:1",
        purpose="confirmation",
        channel="email",
        address=address,
        language="en",
        subject="Please confirm",
        body="Please confirm",
        now=NOON,
    )
    path = links.address("u", message.uid).removeprefix("http://127.0.0.1:8000")
    assert client.get(path).status_code == 200
    assert Address.objects.get().opt_out == Address.OptOut.NONE
    # What a mail program posts (RFC 8058); it has no cookie.
    form = {"List-Unsubscribe": "One-Click"}
    assert client.post(path, form).status_code == 200
    assert Address.objects.get().opt_out == Address.OptOut.NOTICES
    assert addresses.silenced([("email", message.address.address_key)]) == set()
    assert client.post(path + "x", form).status_code == 404


def test_providers_are_answered_without_a_session_and_none_counts_on_a_cookie(
    client, settings
):
    for path, view in hooks():
        assert getattr(view, "csrf_exempt", False), path
    answer = call(client, settings, reverse("twilio_sms"), REPLY)
    assert answer.status_code == 200
    assert not answer.cookies
    assert "session" not in vars(answer.wsgi_request)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def hooks():
    for name in ("alerts.checkins.answers.hooks", "alerts.dispatch.hearing.hooks"):
        for each in import_module(name).urlpatterns:
            yield str(each.pattern), each.callback
    for each in mail_hooks.urlpatterns:
        yield str(each.pattern), each.callback


def test_an_unknown_hook_is_not_found(client):
    assert client.post("/hooks/nobody").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_reply_is_stored_though_its_connection_was_cut(client, settings):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    call(client, settings, reverse("twilio_sms"), REPLY)
    connection.connection.close()
    again = REPLY | {"MessageSid": "SM3"}
    assert call(client, settings, reverse("twilio_sms"), again).status_code == 200
    assert Inbound.objects.count() == 2


def test_a_reply_is_stored_with_one_statement(
    client, settings, django_assert_num_queries
):
    with django_assert_num_queries(1):
        call(client, settings, reverse("twilio_sms"), REPLY)
