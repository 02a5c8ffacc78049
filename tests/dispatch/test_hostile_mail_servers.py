"""Mail servers that break off, drip, flood or speak nonsense at any step of a mail."""

import contextlib
import time

import pytest

from alerts.dispatch import routing
from alerts.dispatch.channels import wire
from alerts.dispatch.channels.base import (
    GoneError,
    PermanentError,
    SetUpError,
    TemporaryError,
    UnclearError,
)
from tests.dispatch.conftest import point_at
from tests.dispatch.hostile import serving
from tests.dispatch.test_transports import outgoing

ACCOUNT = "simulated-email"
# What a server says when, in turn, and what ends each of our words to it.
STEPS = {
    "greeting": (b"", b"220 mail.example.org\r\n"),
    "hello": (b"\r\n", b"250 mail.example.org\r\n"),
    "sender": (b"\r\n", b"250 Fine\r\n"),
    "recipient": (b"\r\n", b"250 Fine\r\n"),
    "data": (b"\r\n", b"354 Go on\r\n"),
    "end": (b"\r\n.\r\n", b"250 Taken\r\n"),
}
BEFORE = [step for step in STEPS if step != "end"]


def speaking(line, **instead):
    """Speak as a mail server does, but for some steps."""
    for step, (mark, words) in STEPS.items():
        if mark:
            line.read_until(mark)
        said = instead.get(step, words)
        if callable(said):
            said(line)
            return
        line.say(said)


@pytest.fixture
def mail_server(settings):
    """Start mail servers that speak as they are told, and point the account at one."""
    with contextlib.ExitStack() as stack:

        def start(**instead):
            talk = lambda line, _server: speaking(line, **instead)  # noqa: E731
            server = stack.enter_context(serving(talk))
            point_at(settings, server.as_provider)
            return server

        yield start
    routing.transport_for.cache_clear()


def send():
    return routing.transport_for(ACCOUNT).send(outgoing(ACCOUNT))


def test_a_server_that_behaves_is_believed(mail_server):
    mail_server()
    assert send().startswith("<muster.")


@pytest.mark.parametrize("step", BEFORE)
@pytest.mark.parametrize("broken", [lambda _line: None, lambda line: line.reset()])
def test_what_breaks_off_before_the_text_may_be_tried_again(mail_server, step, broken):
    mail_server(**{step: broken})
    with pytest.raises((TemporaryError, UnclearError)) as caught:
        send()
    # Once the server was told that the text comes, nothing more is sure.
    assert isinstance(caught.value, UnclearError) == (step == "data")


@pytest.mark.parametrize("broken", [lambda _line: None, lambda line: line.reset()])
def test_what_breaks_off_after_the_text_is_unclear(mail_server, broken):
    mail_server(end=broken)
    with pytest.raises(UnclearError):
        send()


@pytest.mark.parametrize(
    "words", [b"xyz\r\n", b"354 More\r\n", b"\x00\xff\r\n", b"2\r\n", b"25" * 9000]
)
def test_nonsense_after_the_text_is_unclear(mail_server, words):
    mail_server(end=words)
    with pytest.raises(UnclearError):
        send()


@pytest.mark.parametrize("step", [s for s in BEFORE if s not in ("data", "hello")])
@pytest.mark.parametrize("words", [b"xyz\r\n", b"\x00\xff\r\n"])
def test_nonsense_before_the_text_may_be_tried_again(mail_server, step, words):
    mail_server(**{step: words})
    with pytest.raises(TemporaryError):
        send()


@pytest.mark.parametrize("step", ["greeting", "hello", "sender", "end"])
@pytest.mark.parametrize("drop", [b"2", b"250-x\r\n"])
def test_a_reply_that_drips_ends_with_the_time(mail_server, monkeypatch, step, drop):
    monkeypatch.setattr(wire, "ANSWER_S", 0.3)
    mail_server(**{step: lambda line: line.drip(drop)})
    began_s = time.monotonic()
    with pytest.raises((TemporaryError, UnclearError)) as caught:
        send()
    assert isinstance(caught.value, UnclearError) == (step == "end")
    assert time.monotonic() - began_s < 5


@pytest.mark.parametrize("step", ["greeting", "hello", "sender", "end"])
@pytest.mark.parametrize("words", [b"250-x\r\n" * 9000, b"x" * 60_000])
def test_a_reply_without_end_is_cut_off(mail_server, step, words):
    server = mail_server(**{step: lambda line: line.flood(words)})
    with pytest.raises((TemporaryError, UnclearError)):
        send()
    assert max(line.sent for line in server.lines) < 20 * wire.MOST_BYTES


@pytest.mark.parametrize(
    ("instead", "kind"),
    [
        ({"recipient": b"550 5.1.1 No such user\r\n"}, GoneError),
        ({"recipient": b"550 No\r\n"}, PermanentError),
        ({"recipient": b"451 4.7.1 Greylisted\r\n"}, TemporaryError),
        ({"sender": b"530 5.7.0 Sign in first\r\n"}, SetUpError),
        ({"sender": b"550 5.7.1 You may not send as this\r\n"}, SetUpError),
        ({"sender": b"421 4.3.2 Closing\r\n"}, TemporaryError),
        ({"sender": b"552 5.3.4 Too large\r\n"}, PermanentError),
        ({"greeting": b"554 Not you\r\n"}, TemporaryError),
        ({"data": b"451 Later\r\n"}, TemporaryError),
        ({"end": b"451 4.3.0 Disk full\r\n"}, TemporaryError),
        ({"end": b"554 5.7.1 Spam\r\n"}, PermanentError),
        ({"end": b"421 Closing\r\n"}, TemporaryError),
    ],
)
def test_each_reply_is_sorted(mail_server, instead, kind):
    mail_server(**instead)
    with pytest.raises(kind) as caught:
        send()
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("offered", "said", "kind"),
    [
        (b"250 mail.example.org\r\n", b"", SetUpError),
        (b"250 AUTH PLAIN\r\n", b"535 5.7.8 Wrong\r\n", SetUpError),
        (b"250 AUTH PLAIN\r\n", b"454 4.7.0 Not now\r\n", TemporaryError),
    ],
)
def test_a_wrong_password_is_told_apart_from_a_busy_server(
    settings, offered, said, kind
):
    def talk(line, _server):
        line.say(b"220 mail.example.org\r\n")
        line.read_until(b"\r\n")
        line.say(b"250-mail.example.org\r\n" + offered)
        while line.read_until(b"\r\n"):
            line.say(said)

    with serving(talk) as server:
        conf = dict(settings.ACCOUNTS[ACCOUNT])
        conf["url"] = f"smtp://muster:wrong@127.0.0.1:{server.port}"
        settings.ACCOUNTS = settings.ACCOUNTS | {ACCOUNT: conf}
        routing.transport_for.cache_clear()
        with pytest.raises(kind) as caught:
            send()
    assert type(caught.value) is kind
    routing.transport_for.cache_clear()


def test_a_line_that_was_closed_while_nothing_was_sent_is_opened_anew(mail_server):
    """Mail servers end what is idle for minutes; nothing is unclear about that."""
    server = mail_server()  # it closes after each mail
    assert send()
    assert send()
    assert len(server.lines) == 2


def test_an_address_that_cannot_be_written_is_refused(mail_server):
    mail_server()
    transport = routing.transport_for(ACCOUNT)
    with pytest.raises(PermanentError):
        transport.send(outgoing(ACCOUNT, to="a\n b@@example.org"))
