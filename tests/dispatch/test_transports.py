"""The same contract for every transport, against a real server on this machine."""

import os
import uuid
from dataclasses import dataclass, replace

import pytest

from alerts.dispatch import outbox, routing
from alerts.dispatch.channels import base, posts, twilio_voice
from alerts.dispatch.channels.base import (
    CannotAskError,
    GoneError,
    OptedOutError,
    Outgoing,
    PermanentError,
    TemporaryError,
    UnclearError,
)
from alerts.dispatch.sending import delivery
from alerts.exercises.provider.faults import Faults
from consular.outgoing import OutgoingError
from tests.dispatch.test_ledger import make_cause
from tests.factories import NOON

MAILS = int(os.environ.get("MUSTER_MAILS", "60"))


@dataclass(frozen=True)
class Kind:
    """What a transport can do beyond the contract."""

    to: str = ""
    journal: str = "social"
    finds: bool = False  # what it accepted can be asked for
    repeats: bool = False  # sending again is the same text
    deletes: bool = False


PHONE = "+12025550101"
KINDS = {
    "simulated-sms": Kind(to=PHONE, journal="sms", finds=True),
    "simulated-telnyx": Kind(to=PHONE, journal="sms", repeats=True),
    "simulated-whatsapp": Kind(to=PHONE, journal="whatsapp", finds=True),
    "simulated-voice": Kind(to=PHONE, journal="voice", finds=True),
    "simulated-email": Kind(to="ada@example.org", journal="email"),
    "simulated-mailgun": Kind(to="ada@example.org", journal="email"),
    "simulated-mastodon": Kind(finds=True, repeats=True, deletes=True),
    "simulated-bluesky": Kind(finds=True, repeats=True, deletes=True),
    "simulated-x": Kind(deletes=True),
    "simulated-telegram": Kind(deletes=True),
    "simulated-facebook": Kind(deletes=True),
}
SOCIAL = [name for name, kind in KINDS.items() if kind.journal == "social"]
PHONES = [name for name, kind in KINDS.items() if kind.to == PHONE]
HTTP = [name for name in KINDS if name != "simulated-email"]
every_account = pytest.mark.parametrize("account", list(KINDS))


def outgoing(account: str, **changes) -> Outgoing:
    uid = str(uuid.uuid4())
    link = f"https://alerts.example.org/c/{uid[:23]}"
    fields = {
        "uid": uid,
        "attempt": 1,
        "mode": "exercise",
        "to": KINDS[account].to,
        "body": f"Are you safe? {link}",
        "subject": "Are you safe?",
        "link": link,
        "key": f"{uid}-1",
        "valid_s": 3600.0,
        "callback_url": f"http://127.0.0.1:9/hooks/twilio/status/{uid}/1",
    }
    return Outgoing(**(fields | changes))


def accepted(provider, account):
    rows = provider.journal.accepted(KINDS[account].journal)
    name = account.removeprefix("simulated-")
    return [r for r in rows if r["channel"] != "social" or r["to"] in ("", name)]


def test_every_account_of_an_exercise_is_under_contract(settings):
    assert set(KINDS) == set(settings.ACCOUNTS)


@every_account
def test_what_is_sent_arrives_once_with_its_text(provider, account):
    message = outgoing(account)
    assert routing.transport_for(account).send(message)
    rows = accepted(provider, account)
    assert len(rows) == 1
    assert "Are you safe?" in rows[0]["body"]
    if KINDS[account].journal != "voice":  # a link cannot be spoken
        assert message.link in rows[0]["body"]


@every_account
@pytest.mark.parametrize("faults", [Faults(down=True)])
def test_a_provider_that_is_down_for_now_may_be_tried_again(provider, account):
    with pytest.raises(TemporaryError):
        routing.transport_for(account).send(outgoing(account))
    assert accepted(provider, account) == []


# anymail does not hand on how long its provider asks to wait.
@pytest.mark.parametrize("account", [n for n in HTTP if n != "simulated-mailgun"])
@pytest.mark.parametrize("faults", [Faults(busy=1, retry_after_s=7)])
def test_a_provider_that_is_busy_says_for_how_long(provider, account):
    with pytest.raises(TemporaryError) as caught:
        routing.transport_for(account).send(outgoing(account))
    assert caught.value.retry_after_s == 7


# A mail server that did not take a mail says so; it knows no 500.
@pytest.mark.parametrize("account", HTTP)
@pytest.mark.parametrize(
    "faults",
    [
        Faults(error_500=1),
        Faults(accepted_500=1),
        Faults(reset=1),
        Faults(accepted_reset=1),
    ],
)
def test_what_may_have_been_accepted_is_unclear(provider, account):
    with pytest.raises(UnclearError):
        routing.transport_for(account).send(outgoing(account))


@pytest.mark.parametrize("faults", [Faults(accepted_reset=1)])
@pytest.mark.parametrize("account", [n for n, k in KINDS.items() if k.finds])
def test_what_was_accepted_before_the_line_broke_is_found_by_asking(provider, account):
    transport, message = routing.transport_for(account), outgoing(account)
    with pytest.raises(UnclearError):
        transport.send(message)
    found = transport.look_up(message)
    assert found.split("|")[0] == accepted(provider, account)[0]["sid"]
    assert len(accepted(provider, account)) == 1


@pytest.mark.parametrize("account", [n for n in PHONES if KINDS[n].finds])
def test_another_message_to_the_same_number_is_never_taken_for_it(provider, account):
    transport = routing.transport_for(account)
    first = outgoing(account)
    others = frozenset([transport.send(first)])
    assert transport.look_up(first) in others
    assert transport.look_up(replace(first, others=others)) == ""


@every_account
def test_what_never_arrived_is_not_found_or_cannot_be_asked_for(provider, account):
    transport = routing.transport_for(account)
    kind = KINDS[account]
    if kind.finds and not kind.repeats:
        assert transport.look_up(outgoing(account)) == ""
    elif not kind.finds:
        with pytest.raises(CannotAskError):
            transport.look_up(outgoing(account))


@pytest.mark.parametrize("account", [n for n, k in KINDS.items() if k.repeats])
def test_the_same_key_again_sends_nothing_more(provider, account):
    transport, message = routing.transport_for(account), outgoing(account)
    assert transport.send(message) == transport.send(message)
    assert len(accepted(provider, account)) == 1


@pytest.mark.parametrize("account", PHONES)
def test_a_number_that_is_none_is_gone_for_good(provider, account):
    with pytest.raises(GoneError) as caught:
        routing.transport_for(account).send(outgoing(account, to="+1"))
    assert caught.value.code in routing.gone_codes(account)


@every_account
def test_what_cannot_be_taken_back_is_refused_aloud(provider, account):
    transport = routing.transport_for(account)
    if not KINDS[account].deletes:
        with pytest.raises(PermanentError, match="cannot be taken back"):
            transport.delete("1")
        return
    transport.delete(transport.send(outgoing(account)))
    assert len(provider.journal.of("deleted")) == 1
    with pytest.raises(PermanentError):
        transport.delete("1_000000" if "facebook" in account else "999999")


@every_account
@pytest.mark.parametrize("faults", [Faults(unavailable=1)])
def test_an_error_s_words_hold_nothing_personal(provider, account):
    with pytest.raises(base.ChannelError) as caught:
        routing.transport_for(account).send(outgoing(account))
    assert PHONE not in str(caught.value)
    assert "ada@" not in str(caught.value)


@pytest.mark.parametrize("account", SOCIAL)
def test_an_update_is_threaded_under_the_first_post(provider, account):
    transport = routing.transport_for(account)
    first = transport.send(outgoing(account))
    transport.send(outgoing(account, body="All clear.", in_reply_to=first))
    rows = accepted(provider, account)
    assert rows[1]["in_reply_to"] == rows[0]["sid"]


@pytest.mark.parametrize("account", ["simulated-mastodon", "simulated-bluesky"])
def test_a_long_text_becomes_a_thread_that_can_be_taken_back(provider, account):
    words = " ".join(f"Sentence number {n} of this long text." for n in range(20))
    transport = routing.transport_for(account)
    ids = transport.send(outgoing(account, body=words))
    rows = accepted(provider, account)
    assert " ".join(row["body"] for row in rows) == words
    assert [row["in_reply_to"] for row in rows[1:]] == [r["sid"] for r in rows[:-1]]
    transport.delete(ids)
    assert len(provider.journal.of("deleted")) == len(rows)


def test_no_post_of_a_thread_is_longer_than_the_network_takes():
    words = "危险。" * 300 + " https://alerts.example.org/incident " + "x" * 20
    for piece in posts.thread(words, 280, posts.weighted):
        assert posts.weighted(piece) <= 280


def test_who_sent_stop_is_opted_out(provider):
    for account in ("simulated-sms", "simulated-telnyx"):
        sender = routing.settings.ACCOUNTS[account]["sender"]
        provider.opt_out(PHONE, sender)
        with pytest.raises(OptedOutError):
            routing.transport_for(account).send(outgoing(account))


def test_whatsapp_needs_a_template_unless_the_person_has_written(provider, settings):
    account = "simulated-whatsapp"
    with pytest.raises(PermanentError, match="no approved WhatsApp template in el"):
        routing.transport_for(account).send(outgoing(account, language="el"))
    with pytest.raises(PermanentError) as caught:
        routing.transport_for(account).send(outgoing(account, in_conversation=True))
    assert caught.value.code == "63016"


def test_a_call_says_the_text_twice_and_takes_two_digits():
    said = twilio_voice.twiml(outgoing("simulated-voice", language="de"))
    assert said.count("Are you safe?") == 2
    assert said.count("drücken Sie die 1") == 2
    assert "https://alerts.example.org" not in said
    assert "/hooks/twilio/voice/" in said


@pytest.mark.parametrize("account", ["simulated-email", "simulated-mailgun"])
def test_a_mail_has_one_recipient_and_no_way_to_have_two(provider, account):
    routing.transport_for(account).send(outgoing(account))
    rows = provider.journal.accepted("email")
    assert [row["to"] for row in rows] == ["ada@example.org"]


@pytest.mark.django_db(transaction=True)
def test_each_of_many_mails_names_one_address_in_envelope_and_header(provider):
    text = outbox.text("email", "en", "Are you safe? {link}", "Earthquake")
    wanted = [f"p{number}@example.org" for number in range(MAILS)]
    letters = [
        outbox.Letter(channel="email", address=to, text=text, link_path="c")
        for to in wanted
    ]
    outbox.write_many(make_cause(), letters, NOON)
    assert delivery.drain(NOON) == MAILS
    rows = provider.journal.accepted("email")
    assert sorted(row["to"] for row in rows) == sorted(wanted)
    assert all(row["headers"]["To"] == row["to"] for row in rows)
    assert not any({"Cc", "Bcc"} & set(row["headers"]) for row in rows)


def test_only_notices_offer_one_click_to_end_them(provider):
    transport = routing.transport_for("simulated-email")
    transport.send(outgoing("simulated-email"))
    link = "https://alerts.example.org/u/x"
    transport.send(outgoing("simulated-email", unsubscribe_url=link))
    headers = [row["headers"] for row in provider.journal.accepted("email")]
    assert "List-Unsubscribe" not in headers[0]
    assert headers[1]["List-Unsubscribe"] == f"<{link}>"
    assert headers[1]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@every_account
def test_an_exercise_account_never_points_outside(settings, account):
    outside = {
        "simulated-email": {"url": "smtp://mail.ministry.example.org"},
        "simulated-mailgun": {"api_url": "https://api.mailgun.example.org/v3"},
    }.get(account, {"base_url": "https://api.provider.example.org"})
    settings.ACCOUNTS = settings.ACCOUNTS | {
        account: settings.ACCOUNTS[account] | outside
    }
    routing.transport_for.cache_clear()
    with pytest.raises(OutgoingError):
        routing.transport_for(account)
    routing.transport_for.cache_clear()
