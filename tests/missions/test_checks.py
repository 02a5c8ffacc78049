"""A missing setting is found at start, with what to set."""

import pytest

from alerts.dispatch import checks as dispatch_checks
from consular.missions import checks
from consular.simulated_accounts import CHANNELS

ACCOUNT = {
    "mode": "live",
    "channel": "sms",
    "auth_token": "x",
    "sender": "+12025550100",
}


@pytest.fixture
def live(settings):
    settings.MODE = "live"
    settings.PUBLIC_URL = "https://alerts.example.org"
    settings.ACCOUNTS = {"twilio": ACCOUNT}
    return settings


def ids(found):
    return [message.id for message in found]


def test_a_complete_live_installation_has_nothing_to_mend(live):
    assert checks.installation() == dispatch_checks.accounts() == []


def test_an_exercise_needs_no_setting(settings):
    settings.MODE = "exercise"
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    settings.INDEX_KEY = ""
    settings.ACCOUNTS = {}
    assert checks.installation() == dispatch_checks.accounts() == []


def test_an_unknown_mode_is_refused(settings):
    settings.MODE = "practice"
    assert ids(checks.installation()) == ["missions.E001"]


@pytest.mark.parametrize(
    ("setting", "empty", "name"),
    [
        ("SECRET_KEY", "", "MUSTER_SECRET_KEY"),
        ("SEALING_KEYS", [], "MUSTER_KEYS"),
        ("INDEX_KEY", "", "MUSTER_INDEX_KEY"),
    ],
)
def test_a_missing_secret_is_named(live, setting, empty, name):
    setattr(live, setting, empty)
    (found,) = checks.installation()
    assert name in found.msg


def test_a_live_installation_is_reached_by_https(live):
    live.PUBLIC_URL = "http://alerts.example.org"
    assert ids(checks.installation()) == ["missions.E005"]


def test_an_account_that_lacks_a_setting_is_named_with_it(live):
    live.ACCOUNTS = {"twilio": ACCOUNT | {"auth_token": ""}}
    (found,) = dispatch_checks.accounts()
    assert found.id == "dispatch.E001"
    assert "TWILIO_AUTH_TOKEN" in found.msg


def test_without_a_provider_it_is_said_that_nothing_can_be_sent(live):
    live.ACCOUNTS = {"simulated-sms": ACCOUNT | {"mode": "exercise"}}
    assert ids(dispatch_checks.accounts()) == ["dispatch.W001"]


@pytest.mark.parametrize(
    "word", [{"rate": "fast"}, {"rate": "inf"}, {"rate": "nan"}, {"weight": "80,FR"}]
)
def test_a_rate_or_weight_that_is_no_number_is_found(live, word):
    live.ACCOUNTS = {"twilio": ACCOUNT | word}
    assert ids(dispatch_checks.accounts()) == ["dispatch.E002"]


def test_a_mail_provider_is_known_and_its_bounces_are_heard(live):
    mail = {"mode": "live", "channel": "email", "sender": "a@example.org"}
    for words, found in (
        ({"esp": "pigeon"}, ["dispatch.E003"]),
        ({"esp": "postmark", "server_token": "t"}, ["dispatch.W002"]),
        ({"esp": "postmark", "server_token": "t", "webhook_secret": "a:b"}, []),
        ({"esp": "postmark", "webhook_secret": "a:b"}, ["dispatch.E007"]),
        ({"esp": "mailgun", "api_key": "k"}, []),
    ):
        live.ACCOUNTS = {"anymail": mail | words}
        assert ids(dispatch_checks.accounts()) == found


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org:25",
        "https://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:submission",
        "smtp://me:pass/word@mail.example.org",
        "smtp://127.0.0.1",
    ],
)
def test_a_mail_server_s_address_that_is_none_is_found_at_start(live, url):
    mail = {"mode": "live", "channel": "email", "sender": "a@example.org", "url": url}
    live.ACCOUNTS = {"smtp": mail | {"transport": CHANNELS + "email.Smtp"}}
    (found,) = dispatch_checks.accounts()
    assert found.id == "dispatch.E006"
    assert "pass" not in found.msg


def test_a_key_that_is_none_and_templates_that_lack_are_found_at_start(live):
    live.ACCOUNTS = {
        "telnyx": ACCOUNT | {"api_key": "k", "public_key": "not-a-key"},
        "twilio-whatsapp": ACCOUNT | {"channel": "whatsapp", "templates": ""},
    }
    assert ids(dispatch_checks.accounts()) == ["dispatch.E008", "dispatch.W003"]
