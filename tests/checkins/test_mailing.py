"""Mails that come in: reports of ours, and answers, of which nothing is believed."""

import contextlib
import hashlib
import hmac
import io
import socket
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from aiosmtpd.controller import Controller
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from hypothesis import given
from hypothesis import strategies as st

from alerts.checkins.answers import inbox, mailing
from alerts.checkins.management.commands import take_mail
from alerts.checkins.models import Case, CheckIn, Inbound, Standing
from alerts.dispatch import outbox
from alerts.dispatch.channels import email as channel
from alerts.dispatch.hearing import mails, quotes, receipts
from alerts.dispatch.models import Address, Message, Receipt, State
from alerts.dispatch.sending import claims
from alerts.incidents.models import AudienceMessage
from tests.checkins.conftest import Sent
from tests.checkins.test_answers import LATER, statuses
from tests.factories import NOON

pytestmark = pytest.mark.django_db
ADA, MALLORY = "ada@example.org", "mallory@example.org"
SAID = (
    "Earthquake.\n\nAre you safe?{reply}\n\nAnswer SAFE {code} or HELP {code}.{/reply}"
)


@pytest.fixture
def mailed(sent, alert, settings) -> Sent:
    """A party of two that was written to by e-mail, from an account with an inbox."""
    account = settings.ACCOUNTS["simulated-email"] | {"inbox": "answers@example.org"}
    settings.ACCOUNTS = settings.ACCOUNTS | {"simulated-email": account}
    return by_mail(alert, sent, ADA)


def by_mail(alert, sent: Sent, address: str) -> Sent:
    text = outbox.text("email", "en", SAID, "Earthquake")
    letter = outbox.Letter(
        channel="email", address=address, text=text, code="7K2Q", link_path="c"
    )
    cause = sent.message.cause
    (message,) = outbox.write(cause, [letter], NOON)
    Message.objects.filter(pk=message.pk).update(
        state=State.ACCEPTED, account="simulated-email", provider_id=id_of(message)
    )
    AudienceMessage.objects.create(audience=sent.audience, message=message)
    return Sent(sent.registration, sent.audience, message)


def id_of(message) -> str:
    """The Message-ID as our mails carry it, but for its random part."""
    return f"<1700000000.1.2.{message.uid}.1@ministry.example.org>"


def written(body, sender=ADA, to=None, **headers) -> bytes:
    """A mail as a mail server hands it in, in answer to one of ours."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Somebody <{sender}>", "answers@example.org"
    mail["Subject"] = "Re: Earthquake"
    mail["Message-ID"] = make_msgid(domain="example.org")
    if to is not None:
        mail["In-Reply-To"] = id_of(to)
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(body)
    return mail.as_bytes()


def take(raw: bytes) -> Inbound:
    """Take a mail and read it."""
    mailing.take(raw, LATER)
    inbox.read_new(LATER)
    return Inbound.objects.order_by("-pk")[0]


def report(message, status="5.1.1", recipient=ADA, action="failed", about=None):
    """A report of a mail server (RFC 3464), with the headers of the mail."""
    about = id_of(message) if about is None else about
    lines = f"""From: MAILER-DAEMON@mx.example.org
To: answers@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-{status}-{action}@mx.example.org>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=="

--==
Content-Type: text/plain

I am sorry to inform you. HELP is at hand.
--==
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--==
Content-Type: text/rfc822-headers

From: alerts@ministry.example.org
Message-ID: {about}

--==--
"""
    return lines.encode()


def test_an_answer_to_our_mail_counts_for_the_party_unverified(mailed, incident):
    inbound = take(written("We are all safe, thank you!", to=mailed.message))
    assert (inbound.state, inbound.message) == (Inbound.State.READ, mailed.message)
    assert statuses(incident) == {"safe"}
    assert not Standing.objects.filter(is_verified=True).exists()


def test_the_same_mail_again_changes_nothing(mailed):
    raw = written("Safe", to=mailed.message)
    for _ in range(3):
        take(raw)
    assert Inbound.objects.count() == 1
    assert CheckIn.objects.count() == 2


def test_what_an_answer_quotes_is_not_its_answer(mailed, incident):
    quoted = "> Are you safe?\n>\n> Answer SAFE 7K2Q or HELP 7K2Q.\n"
    body = f"who is this?\n\nOn Monday the Ministry\nwrote:\n{quoted}"
    inbound = take(written(body, to=mailed.message))
    assert inbound.state == Inbound.State.INBOX
    assert inbound.body == "who is this?"
    assert statuses(incident) <= {"silent"}


def test_what_stands_below_a_quotation_is_read(mailed, incident):
    take(
        written(
            "> Are you safe?\n> Answer SAFE 7K2Q.\n\nHelp, trapped", to=mailed.message
        )
    )
    assert statuses(incident) == {"needs_help"}
    assert Case.objects.exists()


def test_our_own_lines_without_a_mark_are_known(mailed):
    body = "thanks\n\nAre you safe?\n\nAnswer SAFE 7K2Q or HELP 7K2Q.\n"
    assert take(written(body, to=mailed.message)).body == "thanks"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"sender": MALLORY}, "another address"),
        ({"Authentication_Results": "mx; dmarc=fail"}, "does not believe"),
        ({"Authentication_Results": "mx; spf=fail"}, "does not believe"),
    ],
)
def test_a_sender_in_doubt_clears_nobody_and_may_call_for_help(
    mailed, incident, facts, reason
):
    inbound = take(written("SAFE 7K2Q", to=mailed.message, **facts))
    assert inbound.state == Inbound.State.INBOX
    assert reason in inbound.reason
    assert "safe" not in statuses(incident)
    take(written("HELP we are trapped", to=mailed.message, **facts))
    assert statuses(incident) == {"needs_help"}


def test_a_known_sender_that_answers_no_mail_of_ours_clears_nobody(mailed, incident):
    inbound = take(written("I am safe"))
    assert (inbound.state, inbound.reason) == (
        Inbound.State.INBOX,
        "it answers none of our mails",
    )
    assert "safe" not in statuses(incident)


def test_a_stranger_s_mail_waits_for_an_officer_and_gets_no_answer(mailed):
    inbound = take(written("My son is there and does not answer", sender=MALLORY))
    assert inbound.state == Inbound.State.INBOX
    assert not Message.objects.filter(purpose="unknown sender").exists()


def test_only_who_got_a_mail_can_end_the_mails_to_them(mailed):
    take(written("STOP"))
    take(written("STOP", sender=MALLORY, to=mailed.message))
    address = Address.objects.get(channel="email")
    assert address.opt_out == Address.OptOut.NONE
    take(written("STOP", to=mailed.message))
    address.refresh_from_db()
    assert address.opt_out == Address.OptOut.ALL


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Spam_Flag": "YES"},
        {"List_Id": "<news.example.org>"},
    ],
)
def test_what_no_person_wrote_is_kept_and_not_read(mailed, incident, headers):
    raw = written("I am away. For help, call my office.", to=mailed.message, **headers)
    inbound = take(raw)
    assert inbound.state == Inbound.State.READ
    assert inbound.reason
    assert "needs_help" not in statuses(incident)


def test_files_stay_in_the_mailbox_and_an_officer_is_told(mailed):
    mail = EmailMessage()
    mail["From"], mail["In-Reply-To"] = ADA, id_of(mailed.message)
    mail.set_content("Safe, see the picture")
    mail.add_attachment(b"x", maintype="image", subtype="png", filename="us.png")
    inbound = take(mail.as_bytes())
    assert inbound.state == Inbound.State.INBOX
    assert inbound.reason == "came with 1 file, in the mailbox"


def test_html_without_plain_text_is_read_without_what_it_quotes(mailed, incident):
    mail = EmailMessage()
    mail["From"], mail["In-Reply-To"] = ADA, id_of(mailed.message)
    markup = "<p>I&#39;m safe<br>all well</p><blockquote>HELP 7K2Q</blockquote>"
    mail.set_content(markup, subtype="html")
    assert take(mail.as_bytes()).body == "I'm safe\nall well"
    assert statuses(incident) == {"safe"}


def test_a_bounce_marks_the_address_and_is_counted_once(mailed):
    for _ in range(2):
        assert mailing.take(report(mailed.message), LATER) == "report"
    receipts.apply_waiting(LATER)
    mailed.message.refresh_from_db()
    assert Receipt.objects.count() == 1
    assert mailed.message.state == State.UNDELIVERED
    assert mailed.message.provider_code == "5.1.1"
    assert mailed.message.address.condition == Address.Condition.GONE
    assert Inbound.objects.count() == 0


@pytest.mark.parametrize(
    ("facts", "state", "is_gone"),
    [
        ({"status": "5.2.2"}, State.UNDELIVERED, False),
        ({"status": "4.4.7", "action": "delayed"}, State.ACCEPTED, False),
        ({"status": "2.0.0", "action": "delivered"}, State.DELIVERED, False),
        ({"recipient": MALLORY}, State.UNDELIVERED, False),
    ],
)
def test_a_report_says_no_more_than_it_knows(mailed, facts, state, is_gone):
    mailing.take(report(mailed.message, **facts), LATER)
    receipts.apply_waiting(LATER)
    mailed.message.refresh_from_db()
    assert mailed.message.state == state
    gone = mailed.message.address.condition == Address.Condition.GONE
    assert gone is is_gone


def test_a_report_that_names_no_mail_of_ours_marks_nobody(mailed):
    raw = report(mailed.message, about="<forged@example.org>")
    assert mailing.take(raw, LATER) == "report of something else"
    assert Receipt.objects.count() == 0
    assert "no mail of ours" in Inbound.objects.get().reason


@given(st.binary(max_size=600))
def test_whatever_comes_in_is_read_or_refused_in_our_words(raw):
    with contextlib.suppress(mails.UnreadableError):
        assert mails.read(raw).sender


@given(st.lists(st.sampled_from(["> HELP", "fine", "", "-- ", "On x wrote:"])))
def test_a_marked_line_is_never_own_words(lines):
    assert ">" not in quotes.own_words("\n".join(lines))


def test_what_is_no_mail_is_put_before_an_officer(mailed):
    assert mailing.take(b"\xff\xfe nonsense", LATER) == "unreadable"
    inbox.read_new(LATER)
    inbound = Inbound.objects.get()
    assert inbound.state == Inbound.State.INBOX
    assert "could not be read" in inbound.reason


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
