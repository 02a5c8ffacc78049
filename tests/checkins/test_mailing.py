"""Mails that come in: reports of ours, and answers, of which nothing is believed."""

import contextlib
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.checkins.answers import inbox, mailing
from alerts.checkins.answers.mailing import SPAM
from alerts.checkins.models import Case, CheckIn, Inbound, Standing
from alerts.dispatch.hearing import mails, quotes, receipts
from alerts.dispatch.models import Address, Message, Receipt, State
from tests.checkins.conftest import ADA, id_of
from tests.checkins.mails import MALLORY, report, written
from tests.checkins.test_answers import LATER, statuses

pytestmark = pytest.mark.django_db


def take(raw: bytes) -> Inbound:
    """Take a mail and read it."""
    mailing.take(raw, LATER)
    inbox.read_new(LATER)
    return Inbound.objects.order_by("-pk")[0]


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
        {"List_Id": "<news.example.org>"},
    ],
)
def test_what_no_person_wrote_is_kept_and_not_read(mailed, incident, headers):
    raw = written("I am away. For help, call my office.", to=mailed.message, **headers)
    inbound = take(raw)
    assert inbound.state == Inbound.State.READ
    assert inbound.reason
    assert "needs_help" not in statuses(incident)


def test_a_call_that_our_mail_server_took_for_spam_is_heard(mailed, incident):
    assert take(written("SAFE", to=mailed.message, X_Spam_Flag="YES")).reason == SPAM
    assert not statuses(incident)
    take(written("HELP, we are trapped", to=mailed.message, X_Spam_Flag="YES"))
    assert statuses(incident) == {"needs_help"}


def test_a_stranger_s_spam_is_kept_and_not_read(mailed, incident):
    inbound = take(written("HELP me", sender=MALLORY, X_Spam_Flag="YES"))
    assert (inbound.state, inbound.reason) == (Inbound.State.READ, SPAM)


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
