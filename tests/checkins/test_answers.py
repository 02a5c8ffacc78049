"""By link and by SMS: stored once, attributed with care, added up on the board."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.checkins.answers import inbox
from alerts.checkins.board import boards
from alerts.checkins.casework import cases
from alerts.checkins.models import Case, CheckIn, Inbound, Standing
from alerts.dispatch import addresses
from alerts.dispatch.models import Message
from tests import factories
from tests.checkins.conftest import make_alert, make_incident, send
from tests.factories import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


def answer(client, sent, status, key="a" * 32):
    return client.post(sent.path, {"status": status, "key": key})


def reply(body, sender="+12025550101", sid="SM1", at=LATER):
    form = {"MessageSid": sid, "From": sender, "To": "+1", "Body": body}
    inbox.store("simulated-sms", form, "sms", at)
    inbox.read_new(at)
    return Inbound.objects.get(provider_id=sid)


def statuses(incident):
    return set(
        Standing.objects.filter(incident=incident).values_list("status", flat=True)
    )


def test_opening_the_link_changes_nothing(client, sent):
    for _ in range(2):
        page = client.get(sent.path)
        client.head(sent.path)
    assert page.status_code == 200
    assert CheckIn.objects.count() == Standing.objects.count() == 0
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]


def test_the_page_is_one_small_request_without_names(client, sent):
    page = client.get(sent.path)
    assert len(page.content) < 14_000
    assert sent.persons[0].given_name not in page.content.decode()
    assert b"<script src" not in page.content
    assert b"<link" not in page.content.replace(b'<link rel="icon" href="data:,">', b"")


def test_one_tap_saves_for_the_party_and_a_double_tap_counts_once(
    client, sent, incident
):
    for _ in range(2):
        assert answer(client, sent, "safe").status_code == 200
    assert CheckIn.objects.count() == 2
    assert statuses(incident) == {"safe"}


def test_help_that_is_tapped_after_safe_on_the_same_page_is_heard(
    client, sent, incident
):
    answer(client, sent, "safe")
    page = answer(client, sent, "help")
    assert statuses(incident) == {"needs_help"}
    assert "Saved: you need help" in page.content.decode()
    assert Case.objects.open().count() == 1
    answer(client, sent, "safe")  # the first tap, sent once more
    assert statuses(incident) == {"needs_help"}


def test_what_is_added_to_details_while_they_are_being_sent_is_kept(client, sent):
    answer(client, sent, "help")
    form = {"key": "c" * 32, f"was-{sent.persons[0].pk}": "help"}
    for more in ({}, {}, {"note": "second floor"}):
        client.post(sent.path + "/details", form | {"need": ["trapped"], **more})
    said = CheckIn.objects.filter(person=sent.persons[0]).exclude(needs=[])
    assert [each.note for each in said.order_by("pk")] == ["", "second floor"]


def test_a_tap_without_an_answer_saves_nothing_and_says_so(client, sent):
    assert client.post(sent.path, {"status": "maybe"}).status_code == 400
    assert CheckIn.objects.count() == 0


@pytest.mark.parametrize("language", ["ar", "de", "zh"])
def test_the_page_speaks_the_language_that_is_asked_for(client, sent, language):
    page = client.get(f"{sent.path}?lang={language}")
    assert f'lang="{language}"' in page.content.decode()
    assert ('dir="rtl"' in page.content.decode()) == (language == "ar")


def test_a_wrong_link_is_answered_kindly(client, db):
    page = client.get("/c/" + "x" * 23)
    assert page.status_code == 404
    assert b"tel:" in page.content


def test_help_opens_a_case_that_the_link_can_take_back(client, sent, incident):
    answer(client, sent, "help")
    assert Case.objects.get().closed_at is None
    assert statuses(incident) == {"needs_help"}
    answer(client, sent, "safe", key="b" * 32)
    assert statuses(incident) == {"safe"}
    assert Case.objects.get().closed_at is not None


def test_details_make_a_case_more_urgent(client, sent):
    answer(client, sent, "help")
    form = {"key": "c" * 32, "need": ["trapped"], "note": "Stairs gone", "ll": "1,2,9"}
    client.post(sent.path + "/details", form)
    case = Case.objects.get()
    assert case.reasons[0] == "Trapped or in danger"
    assert CheckIn.objects.filter(lat=1, lon=2, accuracy_m=9).exists()


def test_what_was_ticked_is_ticked_when_the_page_is_opened_again(client, sent):
    answer(client, sent, "help")
    page = client.get(sent.path).content.decode()
    assert page.count(" checked") == 2  # both persons need help, and nothing more
    client.post(
        sent.path + "/details", {"key": "c" * 32, "need": ["trapped", "medical"]}
    )
    page = client.get(sent.path).content.decode()
    assert 'value="trapped" checked' in page
    assert 'value="medical" checked' in page
    assert 'value="shelter" checked' not in page


def test_in_arabic_the_day_stands_before_the_month(client, sent):
    page = client.get(f"{sent.path}?lang=ar").content.decode()
    assert re.search(r"<time[^>]*>\d{1,2} \w+، \d{4} ", page)


def test_what_the_page_asks_of_a_companion_is_heard(client, alert, incident):
    sent = send(alert, "+12025550177", party=2, code="9X9X")
    assert sent.persons[1].pk > 999
    page = client.post(sent.path, {"status": "safe", "key": "e" * 32}).content.decode()
    names = re.findall(r'name="(person-[^"]+)"', page)
    answer = {"key": "f" * 32, names[-1]: "help"}
    client.post(sent.path + "/details", answer)
    standing = Standing.objects.get(person=sent.persons[1])
    assert standing.status == "needs_help"


def test_each_companion_can_be_answered_for(client, sent, incident):
    answer(client, sent, "safe")
    second = sent.persons[1]
    client.post(
        sent.path + "/details", {"key": "d" * 32, f"person-{second.pk}": "help"}
    )
    assert statuses(incident) == {"safe", "needs_help"}


def test_a_text_safe_ends_silence_unverified(sent, incident):
    assert reply("estoy bien").state == Inbound.State.READ
    assert set(Standing.objects.values_list("status", "is_verified")) == {
        ("safe", False)
    }


def test_a_text_safe_does_not_end_a_call_for_help(sent, incident):
    reply("HELP trapped", sid="SM1")
    reply("SAFE", sid="SM2", at=LATER + timedelta(minutes=1))
    assert statuses(incident) == {"needs_help"}


@pytest.mark.parametrize("body", ["SAFE GKBB", "safe gkbb", "estoy bien GKBB gracias"])
def test_a_code_that_looks_like_a_word_hides_no_safe(alert, body):
    send(alert, "+12025550104", party=1, code="GKBB")
    assert reply(body, "+12025550104").state == Inbound.State.READ
    assert set(Standing.objects.values_list("status", flat=True)) == {"safe"}


@pytest.mark.parametrize("body", ["SAFE HURT", "SAFE HEPP", "safe FFYN"])
def test_a_word_beside_safe_that_is_nobodys_code_or_a_call_clears_nobody(alert, body):
    send(alert, "+12025550104", party=1, code="HURT")
    reply(body, "+12025550104")
    assert not Standing.objects.filter(status="safe").exists()


def test_the_code_decides_at_once_whatever_number_it_comes_from(sent, incident):
    inbound = reply("SAFE 7K2Q", sender="+12025550177")
    assert inbound.state == Inbound.State.READ
    assert set(Standing.objects.values_list("status", "is_verified")) == {
        ("safe", True)
    }


@pytest.mark.parametrize("body", ["ok", "Is it safe?", "who is this"])
def test_what_is_unclear_goes_to_an_officer(sent, body):
    assert reply(body).state == Inbound.State.INBOX
    assert Standing.objects.count() == 0


def test_an_unknown_number_clears_nobody(sent):
    assert reply("SAFE", sender="+12025550199").state == Inbound.State.INBOX
    assert Standing.objects.count() == 0


def test_a_shared_phone_waits_for_an_officer_unless_it_calls_for_help(alert, incident):
    first = send(alert, "+12025550101", code="AAAA")
    second = send(alert, "+12025550101", code="BBBB")
    assert reply("SAFE").state == Inbound.State.INBOX
    assert Standing.objects.count() == 0
    assert reply("HELP", sid="SM2").state == Inbound.State.READ
    assert Case.objects.count() == 2
    assert first.message.pk == second.message.pk


def test_a_call_by_the_code_of_a_shared_phone_is_for_all_that_share_it(alert):
    first = send(alert, "+12025550101", code="AA22")
    second = send(alert, "+12025550101", code="BB33")
    assert first.message.pk == second.message.pk
    assert reply("SAFE AA22").state == Inbound.State.READ
    cleared = Standing.objects.values_list("person__registration", flat=True)
    assert set(cleared) == {first.registration.pk}
    assert reply("HELP AA22", sid="SM2").state == Inbound.State.READ
    calling = Standing.objects.filter(status="needs_help")
    assert set(calling.values_list("person__registration", flat=True)) == {
        first.registration.pk,
        second.registration.pk,
    }


def test_help_counts_for_every_open_incident_and_safe_for_the_newest(alert, incident):
    send(alert, "+12025550101")
    other = make_incident("EQ-2")
    send(make_alert(other), "+12025550101", code="CCCC")
    reply("SAFE")
    assert statuses(incident) == set()
    assert statuses(other) == {"safe"}
    reply("HELP", sid="SM2")
    assert statuses(incident) == {"needs_help"}


def test_stop_is_kept_and_says_nothing_of_safety(sent):
    assert reply("STOP").label == "stop"
    key = addresses.key("sms", "+12025550101")
    assert addresses.silenced([("sms", key)]) == {("sms", key)}
    assert Standing.objects.count() == 0


def test_an_officer_closes_a_case_and_the_person_is_told_when_one_takes_it(
    client, sent, incident, duty_officer
):
    answer(client, sent, "help")
    case = Case.objects.get()
    assert cases.take(case, duty_officer, LATER)
    assert not cases.take(case, factories.make_officer(), LATER)
    assert Message.objects.filter(purpose="case answer").count() == 1
    soon = case.opened_at + timedelta(minutes=9)
    assert cases.close(case, duty_officer, "safe", "Spoke to her", soon)
    assert statuses(incident) == {"safe"}


def test_the_numbers_add_up(client, alert, incident):
    first = send(alert, "+12025550101", party=3, code="AAAA")
    send(alert, "+12025550102", party=2, code="BBBB")
    lost = send(alert, "+12025550103", party=1, code="CCCC")
    Message.objects.filter(pk=lost.message.pk).update(state="undelivered")
    answer(client, first, "help")
    totals = boards.of(incident, LATER).totals
    assert totals["inside"] == 6
    assert (totals["needs_help"], totals["silent"], totals["unreachable"]) == (3, 2, 1)
    assert sum(totals[status] for status in boards.STATUSES) == totals["inside"]
    assert sum(boards.of(incident, LATER).reach.values()) == totals["inside"]


def test_the_board_answers_304_until_something_changes(client, sent, incident):
    duty = factories.make_officer()
    factories.sign_in(client, duty)
    assert (
        client.get(reverse("checkins:board", args=[incident.reference])).status_code
        == 200
    )
    live = reverse("checkins:live", args=[incident.reference])
    first = client.get(live)
    cursor = first.json()["cursor"]
    assert client.get(live, {"since": cursor}).status_code == 304
    answer(client, sent, "help")
    fresh = client.get(live, {"since": cursor})
    assert fresh.json()["help"] == 2
    assert len(fresh.content) < 20_000


@pytest.mark.parametrize("view", ["people", "inbox", "board"])
def test_pages_of_the_desk_open_with_and_without_people(client, incident, view):
    factories.sign_in(client, factories.make_officer())
    for _ in range(2):
        page = client.get(reverse(f"checkins:{view}", args=[incident.reference]))
        assert page.status_code == 200
        if not incident.alerts.exists():
            send(make_alert(incident), "+12025550101")


def test_an_officer_says_what_a_reply_means(client, sent, incident, duty_officer):
    inbound = reply("ok")
    factories.sign_in(client, duty_officer)
    path = reverse("checkins:handle", args=[inbound.pk])
    client.post(path, {"label": "safe", "back": "https://elsewhere.example"})
    assert statuses(incident) == {"safe"}
    inbound.refresh_from_db()
    assert inbound.state == Inbound.State.HANDLED


@pytest.fixture
def closed(incident):
    incident.closed_at = NOON
    incident.save()
    return incident


def test_a_text_for_help_after_the_end_opens_a_case_and_waits_for_an_officer(
    sent, closed
):
    inbound = reply("HELP")
    assert (inbound.state, inbound.incident) == (Inbound.State.INBOX, closed)
    assert inbound.reason == "came after its incident was closed"
    assert statuses(closed) == {"needs_help"}
    assert Case.objects.open().get().incident == closed


def test_who_writes_after_the_end_is_not_told_that_we_do_not_know_them(sent, closed):
    inbound = reply("SAFE")
    assert inbound.state == Inbound.State.INBOX
    assert statuses(closed) == set()
    assert not Message.objects.filter(purpose="unknown sender").exists()


def test_a_number_is_not_known_for_ever_after_the_end(sent, closed):
    inbound = reply("HELP", at=NOON + timedelta(days=31))
    assert inbound.incident is None
    assert Message.objects.filter(purpose="unknown sender").exists()
