"""The simulated provider keeps Twilio's contract: its own SDK and validator say so."""

from collections import Counter
from pathlib import Path

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from alerts.exercises.provider.faults import Faults, FaultsError
from tests.exercises.stand_ins import (
    ACCOUNT,
    SENDER,
    TOKEN,
    Stand,
    eventually,
    listening,
    provider,
)

PHONE = "+12025550101"
TEXT = "Earthquake. Are you safe? Reply SAFE or HELP"


def send(stand: Stand, to: str = PHONE, body: str = TEXT, callback: str = "") -> str:
    callback = callback or "http://127.0.0.1:9/hooks/twilio/status/uid-1/1"
    message = stand.twilio.messages.create(
        to=to, from_=SENDER, body=body, status_callback=callback
    )
    return message.sid


def refusal(stand: Stand, **changes: str) -> TwilioRestException:
    fields = {"to": PHONE, "from_": SENDER, "body": TEXT} | changes
    with pytest.raises(TwilioRestException) as caught:
        stand.twilio.messages.create(**fields)
    return caught.value


def test_a_message_is_created_fetched_and_listed(tmp_path: Path):
    with provider(tmp_path) as stand:
        sid = send(stand)
        assert stand.twilio.messages(sid).fetch().body == TEXT
        assert [m.sid for m in stand.twilio.messages.list(to=PHONE, limit=5)] == [sid]
        assert stand.twilio.messages.list(to="+12025550102", limit=5) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": "12"}, 21211),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550009"}, 21614),
        ({"to": ""}, 21604),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"status_callback": "https://example.org/hook"}, 21609),
    ],
)
def test_what_twilio_refuses_is_refused(tmp_path: Path, changes, code):
    with provider(tmp_path) as stand:
        error = refusal(stand, **changes)
    assert (error.status, error.code) == (400, code)


def test_a_wrong_token_is_refused(tmp_path: Path):
    with provider(tmp_path) as stand:
        client = Client(ACCOUNT, "wrong")
        client.api.base_url = stand.running.url
        with pytest.raises(TwilioRestException) as caught:
            client.messages.create(to=PHONE, from_=SENDER, body=TEXT)
    assert (caught.value.status, caught.value.code) == (401, 20003)


def test_receipts_come_in_order_with_a_valid_signature(tmp_path: Path):
    path = "/hooks/twilio/status/uid-1/1"
    with listening() as hook, provider(tmp_path, hook.url) as stand:
        send(stand, callback=hook.url + path)
        eventually(lambda: len(hook.got) == 3)
    assert hook.words(path) == ["queued", "sent", "delivered"]
    validator = RequestValidator(TOKEN)
    for request in hook.got:
        url = hook.url + request.path
        assert validator.validate(url, request.form, request.signature)


def test_a_reply_typed_on_the_phone_page_reaches_the_hook_signed(tmp_path: Path):
    with listening() as hook, provider(tmp_path, hook.url) as stand:
        send(stand, callback=hook.url + "/hooks/twilio/status/uid-1/1")
        page = requests.get(stand.running.url, timeout=5).text
        path = page.split('href="/phone/')[1].split('"')[0]
        form = {"body": "estoy bien, ¿y tú? 👍"}
        requests.post(f"{stand.running.url}/phone/{path}", data=form, timeout=5)
        inbound = [r for r in hook.got if r.path == "/hooks/twilio/sms"]
    assert [(r.form["Body"], r.form["From"]) for r in inbound] == [
        ("estoy bien, ¿y tú? 👍", PHONE)
    ]
    url = hook.url + "/hooks/twilio/sms"
    validate = RequestValidator(TOKEN).validate
    assert validate(url, inbound[0].form, inbound[0].signature)


def test_a_key_pressed_on_the_phone_page_is_posted_and_what_is_said_is_shown(
    tmp_path: Path,
):
    with listening() as hook, provider(tmp_path, hook.url) as stand:
        hook.said = "<Response><Say>We have it &amp; you.</Say></Response>"
        action = hook.url + "/hooks/twilio/voice/uid-1/1"
        twiml = f'<Response><Gather action="{action}" method="POST"><Say>Safe?</Say>'
        stand.twilio.calls.create(
            to=PHONE, from_=SENDER, twiml=twiml + "</Gather></Response>"
        )
        page = requests.get(stand.running.url, timeout=5).text
        path = page.split('href="/phone/')[1].split('"')[0]
        phone = f"{stand.running.url}/phone/{path}"
        shown = requests.get(phone, timeout=5).text
        assert "Safe?" in shown
        assert "Gather" not in shown
        sid = shown.split('name="call" value="')[1].split('"')[0]
        pressed = requests.post(phone, data={"call": sid, "key": "2"}, timeout=5)
    (request,) = hook.got
    assert (request.path, request.form["Digits"]) == (
        "/hooks/twilio/voice/uid-1/1",
        "2",
    )
    assert RequestValidator(TOKEN).validate(action, request.form, request.signature)
    assert "We have it &amp; you." in pressed.text


def test_after_stop_a_number_is_refused_until_start(tmp_path: Path):
    with listening() as hook, provider(tmp_path, hook.url) as stand:
        send(stand)
        page = requests.get(stand.running.url, timeout=5).text
        phone = (
            f"{stand.running.url}/phone/" + page.split('href="/phone/')[1].split('"')[0]
        )
        requests.post(phone, data={"body": " stop "}, timeout=5)
        assert refusal(stand).code == 21610
        requests.post(phone, data={"body": "START"}, timeout=5)
        send(stand)


def test_markup_in_a_text_is_shown_as_text(tmp_path: Path):
    with provider(tmp_path) as stand:
        send(stand, body="<script>alert(1)</script> http://127.0.0.1/c/abc")
        page = requests.get(stand.running.url, timeout=5)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def outcomes(stand: Stand, count: int) -> list[str]:
    found = []
    for number in range(count):
        try:
            send(stand, to=f"+120255501{number:02d}")
            found.append("201")
        except TwilioRestException as error:
            found.append(str(error.status))
        except requests.ConnectionError:
            found.append("reset")
    return found


def test_the_same_seed_gives_the_same_faults(tmp_path: Path):
    faults = {"busy": 0.2, "accepted_500": 0.2, "reset": 0.1, "accepted_reset": 0.1}
    runs = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        with provider(tmp_path / name, faults=faults, seed=seed) as stand:
            runs.append(outcomes(stand, 60))
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {"201", "429", "500", "reset"}


def test_the_journal_knows_what_was_accepted_behind_an_error(tmp_path: Path):
    faults = {"accepted_500": 0.5, "error_500": 0.5}
    with provider(tmp_path, faults=faults) as stand:
        assert set(outcomes(stand, 20)) == {"500"}
        told = Counter(row["answer"] for row in stand.journal.accepted("sms"))
        refused = Counter(row["answer"] for row in stand.journal.of("refused"))
    assert told["accepted_500"] + refused["error_500"] == 20
    assert told["accepted_500"] > 0 < refused["error_500"]


def test_the_journal_counts_duplicates_and_losses(tmp_path: Path):
    with provider(tmp_path) as stand:
        for uid in ("one", "two", "two"):
            callback = f"http://127.0.0.1:9/hooks/twilio/status/{uid}/1"
            send(stand, body=f"text {uid}", callback=callback)
        found = stand.journal
    assert found.duplicates("sms") == 1
    assert found.references("sms") == {"one": 1, "two": 2}
    assert found.lost(["one", "two", "three"]) == {"three"}


def test_a_restarted_provider_still_knows_what_it_accepted(tmp_path: Path):
    with provider(tmp_path) as stand:
        sid = send(stand)
    with provider(tmp_path) as stand:
        assert [m.sid for m in stand.twilio.messages.list(to=PHONE)] == [sid]


def test_receipts_can_be_lost_doubled_shuffled_and_bad(tmp_path: Path):
    path = "/hooks/twilio/status/uid-1/1"
    faults = {"receipt_double": 1, "receipt_shuffled": 1, "undelivered": {"30005": 1}}
    with listening() as hook, provider(tmp_path, hook.url, faults=faults) as stand:
        send(stand, callback=hook.url + path)
        eventually(lambda: len(hook.got) == 6)
    expected = ["undelivered"] * 2 + ["sent"] * 2 + ["queued"] * 2
    assert hook.words(path) == expected
    assert hook.got[0].form["ErrorCode"] == "30005"


def test_beyond_the_limit_in_flight_the_answer_is_429_with_a_wait(tmp_path: Path):
    with provider(tmp_path, faults={"busy": 1, "retry_after_s": 3}) as stand:
        url = f"{stand.running.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        form = {"To": PHONE, "From": SENDER, "Body": TEXT}
        answer = requests.post(url, form, auth=(ACCOUNT, TOKEN), timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")


def test_a_fault_that_is_not_known_is_named():
    with pytest.raises(FaultsError, match="busyness"):
        Faults.parse('{"busyness": 0.1}')
    with pytest.raises(FaultsError, match="between 0 and 1"):
        Faults.parse('{"busy": 5}')
