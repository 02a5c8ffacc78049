"""How mails come in: by a signed hook, by a pipe, to the box that ours name."""

import hashlib
import hmac
import io
import socket
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from alerts.checkins.management.commands import take_mail
from alerts.checkins.models import Inbound
from alerts.dispatch.channels import email as channel
from alerts.dispatch.models import Message, State
from alerts.dispatch.sending import claims
from tests.checkins.conftest import ADA
from tests.checkins.mails import written
from tests.checkins.test_answers import LATER
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def signed(raw: bytes, secret="s", at=NOON) -> str:
    stamp = int(at.timestamp())
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256)
    return f"t={stamp},v1={mac.hexdigest()}"


@pytest.mark.parametrize(
    ("signature", "status"),
    [
        (lambda raw: signed(raw), 204),
        (lambda raw: signed(raw, secret="wrong"), 403),
        (lambda raw: signed(raw + b"x"), 403),
        (lambda raw: signed(raw, at=LATER - 24 * (LATER - NOON)), 403),
        (lambda raw: "", 403),
    ],
)
def test_only_our_mail_server_may_hand_in_mails(
    client, mailed, settings, time_machine, signature, status
):
    time_machine.move_to(NOON, tick=False)
    settings.MAIL_SECRET = "s"
    raw = written("Safe", to=mailed.message)
    answer = client.post(
        "/hooks/mail-in",
        raw,
        content_type="message/rfc822",
        headers={"X-Muster-Signature": signature(raw)},
    )
    assert answer.status_code == status
    assert Inbound.objects.count() == (status == 204)


def test_without_a_secret_nobody_may_hand_in_mails(client, mailed, settings):
    settings.MAIL_SECRET = ""
    raw = written("Safe", to=mailed.message)
    answer = client.post(
        "/hooks/mail-in",
        raw,
        content_type="message/rfc822",
        headers={"X-Muster-Signature": signed(raw, secret="")},
    )
    assert answer.status_code == 403


def piped(monkeypatch, raw: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_a_mail_server_s_pipe_hands_in_a_mail(mailed, monkeypatch, capsys):
    piped(monkeypatch, written("Safe", to=mailed.message))
    call_command("take_mail")
    assert capsys.readouterr().out == "answer\n"
    assert Inbound.objects.count() == 1


def test_a_mail_is_asked_for_again_while_the_database_is_away(mailed, monkeypatch):
    piped(monkeypatch, written("Safe", to=mailed.message))

    def away(*args, **options):
        raise OperationalError("gone")

    with connection.execute_wrapper(away), pytest.raises(CommandError) as error:
        call_command("take_mail")
    assert error.value.returncode == take_mail.TRY_AGAIN


class Sink:
    """A mail server that keeps what it is given."""

    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.mark.parametrize("box", ["answers@example.org", ""])
def test_a_mail_names_the_inbox_for_answers_and_bounces(mailed, settings, box):
    sink = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(sink, hostname="127.0.0.1", port=port)
    server.start()
    try:
        url = f"smtp://127.0.0.1:{port}"
        account = settings.ACCOUNTS["simulated-email"] | {"inbox": box, "url": url}
        settings.ACCOUNTS = {"simulated-email": account}
        Message.objects.filter(channel="email").update(state=State.QUEUED)
        Message.objects.exclude(channel="email").delete()
        (job,) = claims.claim("worker", NOON)
        transport = channel.Smtp("simulated-email")
        transport.send(job.outgoing)
        transport.kept.connection.close()
    finally:
        server.stop()
    (envelope,) = sink.envelopes
    sent = message_from_bytes(envelope.content)
    assert envelope.rcpt_tos == [ADA]
    assert envelope.mail_from == (box or account["sender"])
    assert sent["From"] == account["sender"]
    assert sent.get("Reply-To", "") == box
    body = sent.get_payload(0).get_payload()
    assert ("Answer SAFE 7K2Q" in body) is bool(box)
