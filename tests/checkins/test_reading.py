"""What comes in is read once, calls for help first; nothing holds up what is behind."""

import subprocess
import sys

import pytest
from django.utils.module_loading import import_string

from alerts.checkins.answers import inbox
from alerts.checkins.models import CheckIn, Inbound
from alerts.checkins.reading import own_phrases, understanding
from consular.sealing import Sealed, seal
from tests.checkins.conftest import send
from tests.checkins.test_answers import LATER, reply, statuses

pytestmark = pytest.mark.django_db


def test_reading_twice_reads_once(sent):
    reply("HELP")
    assert inbox.read_new(LATER) == 0
    assert CheckIn.objects.count() == 2


def test_an_answer_that_cannot_be_read_waits_for_an_officer_and_for_nobody_else(
    sent, incident, monkeypatch
):
    read = understanding.read

    def stumbling(text):
        if text == "broken":
            raise RecursionError
        return read(text)

    monkeypatch.setattr(understanding, "read", stumbling)
    for sid, body in (("SM1", "broken"), ("SM2", "HELP")):
        form = {"MessageSid": sid, "From": "+12025550101", "To": "+1", "Body": body}
        inbox.store("simulated-sms", form, "sms", LATER)
    inbox.read_new(LATER)
    assert Inbound.objects.get(provider_id="SM1").state == "inbox"
    assert statuses(incident) == {"needs_help"}


def came(*said, first=0):
    """Store answers of (number, words), in this order."""
    for sid, (number, body) in enumerate(said, first):
        form = {"MessageSid": f"SM{sid}", "From": number, "To": "+1", "Body": body}
        inbox.store("simulated-sms", form, "sms", LATER)


def waiting():
    new = Inbound.objects.filter(state=Inbound.State.NEW).order_by("id")
    return list(new.values_list("provider_id", flat=True))


def test_a_call_is_read_before_those_who_are_safe(alert, incident, monkeypatch):
    monkeypatch.setattr(inbox, "AT_ONCE", 1)
    for number in range(1, 5):
        send(alert, f"+1202555010{number}", code=f"AAA{number}")
    came(
        ("+12025550101", "safe"),
        ("+12025550102", "hm"),
        ("+12025550103", "I am fine"),
        ("+12025550104", "HELP"),
    )
    assert inbox.read_new(LATER) == 1
    assert statuses(incident) == {"needs_help"}
    inbox.read_new(LATER)
    assert waiting() == ["SM1", "SM2"]


def test_of_one_sender_all_is_read_in_the_order_in_which_it_came(sent, monkeypatch):
    monkeypatch.setattr(inbox, "AT_ONCE", 1)
    came(("+12025550199", "ok"), ("+12025550101", "safe"), ("+12025550101", "HELP"))
    orders = [waiting() for _ in range(3) if inbox.read_new(LATER)]
    assert orders == [["SM0", "SM2"], ["SM0"], []]


def test_what_cannot_be_opened_waits_for_its_key_and_holds_up_nobody(
    sent, incident, settings, monkeypatch
):
    monkeypatch.setattr(inbox, "LOOKED_AT", 5)
    old = settings.SEALING_KEYS
    settings.SEALING_KEYS = ["a key that comes later", *old]
    came(*[(f"+120255502{number}", "safe") for number in range(10, 70)])
    settings.SEALING_KEYS = old
    came(("+12025550101", "HELP"), first=100)
    while inbox.read_new(LATER):
        pass
    assert statuses(incident) == {"needs_help"}
    assert len(waiting()) == inbox.without_key() == 60
    settings.SEALING_KEYS = ["a key that comes later", *old]
    while inbox.read_new(LATER):
        pass
    assert waiting() == []


def test_answers_are_read_in_a_tick_of_their_own(sent, incident, settings):
    came(("+12025550101", "HELP"))
    import_string(settings.TICKS["answers"])(LATER)
    assert statuses(incident) == {"needs_help"}


def test_the_phrases_are_loaded_before_anybody_writes(db, settings):
    own_phrases._made.cache_clear()
    import_string(settings.TICKS["answers"])(LATER)
    assert own_phrases._made.cache_info().currsize == 1


def test_a_web_worker_has_loaded_them_before_its_first_request():
    said = "import consular.wsgi; from alerts.checkins.reading import own_phrases as o;"
    said += "print(o._made.cache_info().currsize)"
    ended = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split()[-1] == "1"


def test_a_damaged_answer_stays_behind_and_holds_up_nobody(sent, incident):
    came(("+12025550102", "safe"), ("+12025550101", "HELP"))
    broken = seal("x").rsplit(".", 1)[0] + "."
    Inbound.objects.filter(provider_id="SM0").update(body=Sealed(broken))
    inbox.read_new(LATER)
    assert statuses(incident) == {"needs_help"}
    assert waiting() == ["SM0"]
