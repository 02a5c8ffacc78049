"""Whatever a server answers, a text is never lost, nor taken for accepted by mistake.

The same for every transport that speaks HTTP, against a real server on this machine.
"""

import contextlib
import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from alerts.dispatch import routing
from alerts.dispatch.channels import wire
from alerts.dispatch.channels.base import (
    CannotAskError,
    ChannelError,
    GoneError,
    OptedOutError,
    PermanentError,
    SetUpError,
    TemporaryError,
    UnclearError,
)
from tests.dispatch.conftest import point_at
from tests.dispatch.hostile import TAKEN, http, reply, says, serving
from tests.dispatch.test_transports import HTTP, KINDS, outgoing

every_account = pytest.mark.parametrize("account", HTTP)
HTML = "<!doctype html><title>Sorry</title><p>We are being updated."
ACCEPTED = json.dumps(TAKEN)
PACKED = gzip.compress(ACCEPTED.encode() + b" " * 9_000_000)


@pytest.fixture
def hostile(settings):
    """Start servers that talk as they are told, and point the accounts at one."""
    with contextlib.ExitStack() as stack:

        def start(talk, *, only_stand=False):
            server = stack.enter_context(serving(http(talk)))
            if not only_stand:
                point_at(settings, server.as_provider)
            return server

        yield start
    routing.transport_for.cache_clear()


def send(account, **changes):
    return routing.transport_for(account).send(outgoing(account, **changes))


@every_account
def test_a_server_that_behaves_is_believed(hostile, account):
    hostile(says(200, ACCEPTED))
    assert send(account)


@every_account
@pytest.mark.parametrize("body", ["", HTML, "[]", "{", '{"code": {}}', b"\xff\xfe\x00"])
@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_to_wait_is_understood_in_any_words(hostile, account, status, body):
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    hostile(says(status, body, f"Retry-After: {at}"))
    with pytest.raises(TemporaryError) as caught:
        send(account)
    assert 50 <= caught.value.retry_after_s <= 60


@every_account
@pytest.mark.parametrize("said", ["soon", "-7", "nan", "inf", "²", "1" * 4000, ""])
def test_a_wait_that_is_none_is_not_believed(hostile, account, said):
    hostile(says(429, HTML, f"Retry-After: {said}"))
    with pytest.raises(TemporaryError) as caught:
        send(account)
    assert caught.value.retry_after_s is None or len(said) == 4000


@every_account
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_nothing_is_accepted(hostile, account, status):
    elsewhere = hostile(says(200, ACCEPTED), only_stand=True)
    hostile(says(status, ACCEPTED, f"Location: {elsewhere.url}/v2/messages"))
    with pytest.raises(SetUpError):
        send(account)
    assert elsewhere.asked == []


@every_account
@pytest.mark.parametrize("announced", ["Content-Length: 5000000000", "X-Nothing: 1"])
def test_an_answer_without_end_is_cut_off(hostile, account, announced):
    head = f"HTTP/1.1 200 OK\r\n{announced}\r\n\r\n".encode()

    def talk(line):
        line.say(head + ACCEPTED.encode())
        line.flood(b" " * 65536)

    server = hostile(talk)
    with pytest.raises(UnclearError):
        send(account)
    # What one side has written and the other not yet read is held by the system.
    assert max(line.sent for line in server.lines) < 20 * wire.MOST_BYTES


@every_account
def test_a_packed_answer_is_not_unpacked(hostile, account):
    server = hostile(says(200, PACKED, "Content-Encoding: gzip"))
    with pytest.raises(UnclearError):
        send(account)
    assert b"accept-encoding: identity" in server.asked[0].lower()


@every_account
@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"b"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_ends_with_the_time(
    hostile, monkeypatch, account, head, drop
):
    monkeypatch.setattr(wire, "ANSWER_S", 0.2)

    def talk(line):
        line.say(head)
        line.drip(drop)

    hostile(talk)
    began_s = time.monotonic()
    with pytest.raises(UnclearError):
        send(account)
    assert time.monotonic() - began_s < 5


def shapes():
    """Yield answers that say nothing which could be believed."""
    yield from (b"", b"{", HTML.encode(), b"\xff\xfe{}", b"\x00", b"[" * 100_000)
    yield from (b"[]", b"null", b"7", b'"accepted"', b"{}", b'{"data": []}')
    for bad in (None, "", [], {}, True, "a\x00b", "\ud800", "x" * 5000, 1.5, " \n"):
        names = dict.fromkeys(("id", "sid", "message_id", "uri"), bad)
        said = {**names, "data": names, "result": names, "cid": bad}
        yield json.dumps(said).encode()
    for bad in (None, 7, "text", ["id"]):
        yield json.dumps({"data": bad, "result": bad}).encode()


@every_account
@pytest.mark.parametrize("body", list(shapes()), ids=lambda body: repr(body[:40]))
def test_a_success_that_names_no_id_is_unclear(hostile, account, body):
    hostile(says(201, body, "Content-Type: application/json; charset=utf-16"))
    with pytest.raises(UnclearError):
        send(account)


@pytest.mark.parametrize("account", [n for n in HTTP if n != "simulated-bluesky"])
def test_an_id_may_be_a_number_or_a_text(hostile, account):
    names = dict.fromkeys(("id", "sid", "message_id"), 12)
    said = {**names, "data": names, "result": names, "message": "Queued."}
    hostile(says(200, json.dumps(said)))
    assert send(account) == "12"


@every_account
@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + ACCEPTED.encode(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n{",
        b"HTTP/1.1 201 Created\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 9999 Odd\r\n\r\n",
        b"\x16\x03\x01\x00",
        b"",
    ],
)
@pytest.mark.parametrize("is_reset", [True, False])
def test_a_line_that_breaks_in_the_answer_is_unclear(hostile, account, words, is_reset):
    def talk(line):
        line.say(words)
        if is_reset:
            line.reset()

    hostile(talk)
    with pytest.raises(UnclearError):
        send(account)


@every_account
@pytest.mark.parametrize("body", ["", HTML, ACCEPTED, '{"code": "21x"}'])
@pytest.mark.parametrize("status", [401, 403, 404, 407])
def test_a_wrong_key_or_address_of_ours_is_nobody_else_s_fault(
    hostile, account, status, body
):
    hostile(says(status, body, "WWW-Authenticate: Basic"))
    with pytest.raises(SetUpError) as caught:
        send(account)
    assert not isinstance(caught.value, GoneError | OptedOutError)


@every_account
@pytest.mark.parametrize("body", ["", HTML, "[]", '{"code": 999999999}', b"\xff"])
@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refusal_that_says_not_why_marks_nobody(hostile, account, status, body):
    hostile(says(status, body))
    with pytest.raises(PermanentError) as caught:
        send(account)
    assert type(caught.value) is PermanentError


@every_account
@pytest.mark.parametrize("status", [408, 409, 500, 502, 504, 520, 599])
def test_what_may_have_been_taken_is_unclear_whatever_it_says(hostile, account, status):
    said = {"code": 21211, "error_code": 21610, "errors": [{"code": "40310"}]}
    hostile(says(status, json.dumps(said)))
    with pytest.raises(UnclearError):
        send(account)


@every_account
@pytest.mark.parametrize("code", ["a\x00b", "\ud800", "x" * 9000, [], {}, True, None])
def test_a_code_is_a_short_word_that_a_database_takes(hostile, account, code):
    said = {"code": code, "error_code": code, "errors": [{"code": code}]}
    hostile(says(400, json.dumps(said)))
    with pytest.raises(ChannelError) as caught:
        send(account)
    for words in (caught.value.code, str(caught.value)):
        assert words.isprintable()
        words.encode()


LOOKS = ["simulated-sms", "simulated-whatsapp", "simulated-voice"]


@pytest.mark.parametrize("account", LOOKS)
@pytest.mark.parametrize("status", [200, 302, 401, 404, 429, 500, 503])
@pytest.mark.parametrize(
    "body", ["", HTML, "[]", "{}", "null", '{"messages": 1, "calls": 1}', ACCEPTED]
)
def test_only_a_list_that_was_read_says_that_a_text_is_not_there(
    hostile, account, status, body
):
    hostile(says(status, body))
    with pytest.raises(UnclearError):
        routing.transport_for(account).look_up(outgoing(account))


@pytest.mark.parametrize("account", [n for n in HTTP if KINDS[n].deletes])
@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
def test_what_was_not_taken_back_is_said(hostile, account, status):
    hostile(says(status, HTML))
    with pytest.raises(ChannelError) as caught:
        routing.transport_for(account).delete("1")
    assert not isinstance(caught.value, CannotAskError)


def test_telegram_says_in_its_answer_how_long_to_wait(hostile):
    hostile(says(429, '{"ok": false, "parameters": {"retry_after": 35}}'))
    with pytest.raises(TemporaryError) as caught:
        send("simulated-telegram")
    assert caught.value.retry_after_s == 35


@pytest.mark.parametrize("name", ["x-rate-limit-reset", "RateLimit-Reset"])
def test_a_network_may_say_from_when_instead_of_for_how_long(hostile, name):
    at = datetime.now(UTC) + timedelta(seconds=60)
    hostile(says(429, "", f"{name}: {int(at.timestamp())}"))
    with pytest.raises(TemporaryError) as caught:
        send("simulated-x")
    assert 50 <= caught.value.retry_after_s <= 60


@pytest.mark.parametrize("code", [4, 17, 32, 613])
def test_facebook_says_with_a_code_that_it_is_busy(hostile, code):
    hostile(says(403, json.dumps({"error": {"code": code}})))
    with pytest.raises(TemporaryError):
        send("simulated-facebook")


@pytest.mark.parametrize(
    "talk", [says(500, ACCEPTED), says(200, "{}"), says(200, HTML), lambda _line: None]
)
def test_a_sign_in_that_fails_posts_nothing_and_may_be_tried_again(settings, talk):
    def first(line, server):
        server.asked.append(line.request())
        talk(line)

    with serving(first) as server:
        point_at(settings, server.as_provider)
        with pytest.raises(TemporaryError):
            send("simulated-bluesky")
    assert all(b"createSession" in asked for asked in server.asked)
    routing.transport_for.cache_clear()


@pytest.mark.parametrize("status", [400, 401])  # Bluesky itself says 400
def test_an_old_session_is_opened_anew_once(hostile, status):
    answers = [reply(status, '{"error": "ExpiredToken"}'), reply(200, ACCEPTED)]
    server = hostile(lambda line: line.say(answers.pop(0)))
    assert send("simulated-bluesky")
    assert len(server.asked) == 2


def test_a_post_that_bluesky_refuses_is_refused_once(hostile):
    server = hostile(says(400, '{"error": "InvalidRequest", "message": "too long"}'))
    with pytest.raises(PermanentError):
        send("simulated-bluesky")
    assert len(server.asked) == 1


def coded(account, code):
    """Return a refusal with a code, as its provider writes it."""
    is_telnyx = account == "simulated-telnyx"
    return json.dumps({"errors": [{"code": code}]} if is_telnyx else {"code": code})


@pytest.mark.parametrize(
    ("account", "status", "code", "kind"),
    [
        ("simulated-sms", 400, "10001", SetUpError),
        ("simulated-sms", 400, "21608", SetUpError),
        ("simulated-sms", 400, "21661", SetUpError),
        ("simulated-sms", 400, "21635", GoneError),
        ("simulated-voice", 400, "10004", TemporaryError),
        ("simulated-telnyx", 400, "40305", SetUpError),
        ("simulated-telnyx", 400, "40321", SetUpError),
        ("simulated-telnyx", 409, "40312", SetUpError),
        ("simulated-telnyx", 400, "40318", TemporaryError),
        ("simulated-telnyx", 409, "10012", UnclearError),
        ("simulated-telnyx", 400, "40309", PermanentError),
    ],
)
def test_a_code_tells_whose_fault_a_refusal_is(hostile, account, status, code, kind):
    hostile(says(status, coded(account, code)))
    with pytest.raises(ChannelError) as caught:
        send(account)
    assert type(caught.value) is kind
    assert caught.value.code == code
