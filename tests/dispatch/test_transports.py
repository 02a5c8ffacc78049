"""The same contract for every transport, against a real server on this machine."""

import uuid

import pytest

from alerts.dispatch import routing
from alerts.dispatch.channels.base import (
    GoneError,
    Outgoing,
    PermanentError,
    TemporaryError,
    UnclearError,
)
from alerts.exercises.provider.faults import Faults
from consular.outgoing import OutgoingError

ACCOUNTS = ["simulated-sms", "simulated-email", "simulated-mastodon"]
TO = {
    "simulated-sms": "+12025550101",
    "simulated-email": "ada@example.org",
    "simulated-mastodon": "",
}


def outgoing(account: str, **changes) -> Outgoing:
    uid = str(uuid.uuid4())
    fields = {
        "uid": uid,
        "attempt": 1,
        "mode": "exercise",
        "to": TO[account],
        "body": f"Are you safe? https://alerts.example.org/c/{uid}",
        "subject": "Are you safe?",
        "link": f"https://alerts.example.org/c/{uid}",
        "callback_url": f"http://127.0.0.1:9/hooks/twilio/status/{uid}/1",
    }
    return Outgoing(**(fields | changes))


@pytest.mark.parametrize("account", ACCOUNTS)
def test_what_is_sent_arrives_once_with_its_text(provider, account):
    message = outgoing(account)
    assert routing.transport_for(account).send(message)
    accepted = provider.journal.accepted()
    assert len(accepted) == 1
    assert message.body.split()[-1] in accepted[0]["body"]


# The stand-in's mail server has no such fault.
@pytest.mark.parametrize("account", ["simulated-sms", "simulated-mastodon"])
@pytest.mark.parametrize("faults", [Faults(down=True)])
def test_a_provider_that_is_down_for_now_may_be_tried_again(provider, account):
    with pytest.raises(TemporaryError):
        routing.transport_for(account).send(outgoing(account))


@pytest.mark.parametrize("account", ["simulated-sms"])
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
def test_what_was_accepted_before_the_line_broke_is_found_by_asking(provider):
    transport = routing.transport_for("simulated-sms")
    message = outgoing("simulated-sms")
    with pytest.raises(UnclearError):
        transport.send(message)
    assert transport.look_up(message) == provider.journal.accepted()[0]["sid"]


def test_what_never_arrived_is_not_found_by_asking(provider):
    transport = routing.transport_for("simulated-sms")
    assert transport.look_up(outgoing("simulated-sms")) == ""


@pytest.mark.parametrize("faults", [Faults(busy=1, retry_after_s=7)])
def test_a_provider_that_is_busy_says_for_how_long(provider):
    with pytest.raises(TemporaryError) as caught:
        routing.transport_for("simulated-sms").send(outgoing("simulated-sms"))
    assert caught.value.retry_after_s == 7


def test_a_number_that_is_none_is_gone_for_good(provider):
    with pytest.raises(GoneError):
        routing.transport_for("simulated-sms").send(outgoing("simulated-sms", to="+1"))


@pytest.mark.parametrize("account", ["simulated-sms", "simulated-email"])
def test_what_cannot_be_taken_back_is_refused_aloud(provider, account):
    with pytest.raises(PermanentError):
        routing.transport_for(account).delete("1")


def test_a_post_that_is_too_long_is_refused_aloud(provider):
    with pytest.raises(PermanentError, match="501"):
        routing.transport_for("simulated-mastodon").send(
            outgoing("simulated-mastodon", body="x" * 501)
        )


def test_a_mail_has_one_recipient_and_no_way_to_have_two(provider):
    routing.transport_for("simulated-email").send(outgoing("simulated-email"))
    accepted = provider.journal.accepted("email")
    assert [row["to"] for row in accepted] == ["ada@example.org"]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_exercise_account_never_points_outside(settings, account):
    outside = {
        "simulated-email": {"url": "smtp://mail.ministry.example.org"},
    }.get(account, {"base_url": "https://api.twilio.com"})
    settings.ACCOUNTS = settings.ACCOUNTS | {
        account: settings.ACCOUNTS[account] | outside
    }
    routing.transport_for.cache_clear()
    with pytest.raises(OutgoingError):
        routing.transport_for(account)
    routing.transport_for.cache_clear()
