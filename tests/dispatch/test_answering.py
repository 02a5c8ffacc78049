"""A text never says "reply" where nobody can."""

from datetime import timedelta

import phonenumbers
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from alerts.dispatch import answering, checks, outbox, text
from alerts.dispatch.answering import Answers
from alerts.dispatch.channels import twilio_voice
from alerts.dispatch.models import Address, Cause, Lane, Message
from alerts.dispatch.sending import claims
from alerts.incidents.drafts import phrasing, wording
from alerts.incidents.drafts.wording import Words
from alerts.incidents.models import Phase
from consular import languages
from tests.factories import NOON
from tests.incidents.test_phrasing import SAID

SAY = "Are you safe? {link}{reply} or reply SAFE {code}{/reply}."
NUMBER, NAME, SERVICE = "+15005550006", "Ministry", "MG" + "5" * 32
IN_GERMANY, IN_NICARAGUA, IN_SERBIA = "+4917139200", "+50525550100", "+381641234567"
SENDERS = [NUMBER, "50411", NAME, SERVICE]


def send_from(settings, sender: str, **words: str) -> None:
    """Let SMS leave from a sender, and from nothing else."""
    account = settings.ACCOUNTS["simulated-sms"] | {"sender": sender} | words
    settings.ACCOUNTS = {"simulated-sms": account}


def said_to(number: str) -> str:
    """Return what a claimed message says to a number."""
    cause = outbox.open_cause(
        "alert:1",
        mode="exercise",
        lane=Lane.DANGER,
        now=NOON,
        not_after=NOON + timedelta(hours=1),
        opens_at=NOON,
        on_unclear=Cause.OnUnclear.LEAVE,
    )
    letter = outbox.Letter(
        channel="sms",
        address=number,
        text=outbox.text("sms", "en", SAY),
        code="7K2Q",
        link_path="c",
    )
    outbox.write(cause, [letter], NOON)
    return claims.claim("worker", NOON)[0].outgoing.body


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sender", "number", "is_asked"),
    [
        (NUMBER, IN_GERMANY, True),
        (NUMBER, IN_NICARAGUA, False),
        (NAME, IN_GERMANY, False),
        (SERVICE, IN_GERMANY, False),
        (SERVICE, "+12025550101", True),
    ],
)
def test_who_cannot_answer_is_not_told_to(settings, sender, number, is_asked):
    send_from(settings, sender)
    body = said_to(number)
    assert ("7K2Q" in body) is is_asked
    assert ("reply" in body) is is_asked
    assert "/c/" in body
    assert "{" not in body


@pytest.mark.django_db
def test_a_ministry_says_where_its_own_numbers_are_answered(settings):
    send_from(settings, NUMBER, replies="no,NI=yes")
    assert "7K2Q" in said_to(IN_NICARAGUA)
    Message.objects.all().delete()
    assert "7K2Q" not in said_to(IN_GERMANY)


@pytest.mark.django_db
def test_the_country_of_a_sealed_address_is_learned_when_it_is_opened(settings):
    send_from(settings, NUMBER)
    said_to(IN_SERBIA)
    assert Address.objects.get().country == "RS"


@pytest.mark.parametrize("sender", SENDERS)
@given(
    country=st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    phase=st.sampled_from(Phase.values),
    language=st.sampled_from(list(languages.LANGUAGES)),
)
@profile(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_phase_in_any_language_asks_for_what_cannot_arrive(
    settings, sender, country, phase, language
):
    send_from(settings, sender)
    body = phrasing.compose(phase, "sms", language, SAID).body
    can_answer = answering.can_answer("simulated-sms", country)
    said = text.filled(text.for_reader(body, can_answer), "<link>", "7K2Q")
    known = answering.networks().get(country, answering.Network()).answers
    if sender == NAME or known == Answers.ONE_WAY:
        assert not can_answer
    if not can_answer:
        assert "7K2Q" not in said
    assert "<link>" in said
    assert "{" not in said


@given(
    pieces=st.lists(
        st.sampled_from(["{reply}", "{/reply}", "{code}", "{link}", " or SAFE ", "x"]),
        max_size=9,
    )
)
@profile(deadline=None)
def test_what_an_officer_may_save_holds_no_code_for_who_cannot_answer(pieces):
    words = Words(channel="sms", language="en", body="".join(pieces))
    if wording.problems(words, "exercise"):
        return
    said = text.for_reader(words.body, False)
    assert "{code}" not in said
    assert "{link}" in said
    whole = text.filled(text.for_reader(words.body, True), "<link>", "7K2Q")
    assert "{" not in whole


def test_words_with_a_code_belong_between_the_marks():
    words = Words(channel="sms", language="en", body="{link} or SAFE {code}")
    assert "between {reply} and {/reply}" in wording.problems(words, "live")["sms-en"]
    words = Words(channel="sms", language="en", body="{link}{reply} or {code}")
    assert "{/reply}" in wording.problems(words, "live")["sms-en"]


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_a_call_does_not_say_to_reply(settings, language):
    body = phrasing.compose("check_in", "sms", language, SAID)
    assert "SAFE" not in wording.spoken(body, "live")
    assert not answering.can_answer("simulated-voice", "DE")
    assert answering.can_answer("simulated-whatsapp", "NI")
    assert twilio_voice.VOICES[language]


def test_a_name_that_is_said_to_be_answered_is_found_at_start(settings):
    settings.MODE = "live"
    account = {"channel": "sms", "mode": "live", "auth_token": "x", "sender": NAME}
    settings.ACCOUNTS = {"twilio": account | {"replies": "yes"}}
    assert [found.id for found in checks.accounts()] == ["dispatch.E005"]
    settings.ACCOUNTS = {"twilio": account | {"replies": "maybe"}}
    assert [found.id for found in checks.accounts()] == ["dispatch.E004"]


def test_every_country_of_the_table_has_numbers():
    assert set(answering.networks()) <= set(phonenumbers.SUPPORTED_REGIONS)
    answers = [network.answers for network in answering.networks().values()]
    assert set(answers) == set(Answers)


@pytest.mark.parametrize("sender", [NAME, SERVICE])
def test_nobody_is_asked_to_text_a_name(settings, sender):
    send_from(settings, sender)
    assert answering.number_to_text("exercise") == ""
    send_from(settings, NUMBER)
    assert answering.number_to_text("exercise") == NUMBER
