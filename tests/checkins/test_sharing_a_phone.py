"""A phone that several parties share is asked who is meant, and says it by code."""

from datetime import timedelta

import pytest

from alerts.checkins import duplicates
from alerts.checkins.casework import cases, merging, opening
from alerts.checkins.models import Case, Inbound, Standing
from alerts.dispatch.models import Message
from alerts.incidents.models import AudienceMessage, Draft
from consular.people.models import Registration, Stay
from tests.checkins.conftest import make_alert, say, send
from tests.checkins.test_answers import LATER, reply

pytestmark = pytest.mark.django_db
PHONE = "+12025550101"
AN_HOUR_ON = LATER + timedelta(minutes=61)


@pytest.fixture
def two(alert):
    return send(alert, PHONE, code="AA22"), send(alert, PHONE, code="BB33")


def questions():
    return Message.objects.filter(purpose="who is meant")


def standing_of(sent):
    rows = Standing.objects.filter(person__in=sent.persons)
    return set(rows.values_list("status", flat=True))


def test_a_shared_phone_is_asked_for_the_code_of_who_is_safe(two):
    assert reply("SAFE").state == Inbound.State.INBOX
    said = questions().get().text.body
    assert said.startswith("EXERCISE")
    assert "AA22: I." in said
    assert "BB33: " in said
    assert "Invented" not in said
    assert not standing_of(two[0])


def test_the_question_says_exercise_in_its_reader_s_language(two):
    Registration.objects.update(language="fr")
    reply("SAFE")
    said = questions().get().text.body
    assert said.startswith("EXERCISE / EXERCICE.")
    assert "Répondez SAFE" in said


def test_a_code_answers_the_question_for_one_party(two):
    reply("SAFE")
    assert reply("SAFE BB33", sid="SM2").state == Inbound.State.READ
    assert standing_of(two[1]) == {"safe"}
    assert not standing_of(two[0])


def test_two_codes_in_one_text_answer_for_both(two):
    assert reply("SAFE AA22 BB33").state == Inbound.State.READ
    assert standing_of(two[0]) == standing_of(two[1]) == {"safe"}


def test_only_the_first_of_several_codes_counts_from_another_phone(two):
    reply("SAFE AA22 BB33", sender="+12025550199")
    assert standing_of(two[0]) == {"safe"}
    assert not standing_of(two[1])


def test_two_codes_with_a_call_for_help_are_a_call_for_both(two):
    reply("HELP AA22 BB33")
    assert standing_of(two[0]) == standing_of(two[1]) == {"needs_help"}


def test_the_question_lists_who_has_not_answered(two):
    reply("SAFE AA22")
    reply("SAFE", sid="SM2")
    said = questions().get().text.body
    assert "BB33" in said
    assert "AA22" not in said


def test_nobody_is_asked_when_all_have_answered(two):
    reply("SAFE AA22 BB33")
    reply("SAFE", sid="SM2")
    assert not questions()


def test_a_phone_is_asked_once_an_hour(two):
    reply("SAFE")
    reply("1", sid="SM2")
    assert questions().count() == 1
    reply("safe", sid="SM3", at=AN_HOUR_ON)
    assert questions().count() == 2


@pytest.mark.parametrize("body", ["HELP", "STOP", "who is this?"])
def test_only_safe_is_asked_about(two, body):
    reply(body)
    assert not questions()


def test_a_party_with_two_alerts_stands_in_the_question_once(two, incident):
    Draft.objects.update(state=Draft.State.APPROVED)
    again = send(make_alert(incident), PHONE, code="CC44")
    rows = again.audience
    rows.registration = two[0].registration
    rows.save()
    rows.persons.all().delete()
    for person in two[0].persons:
        rows.persons.create(person=person, level="danger")
    reply("SAFE")
    said = questions().get().text.body
    assert ("AA22" in said) + ("CC44" in said) == 1
    assert "CC44" in said


def test_two_entries_of_one_person_are_one_party(two, incident):
    kept, double = two[0].persons[0], two[1].persons[0]
    duplicates.merge(kept, double, incident.commander, LATER)
    assert reply("SAFE").state == Inbound.State.READ
    assert not questions()
    assert standing_of(two[0]) == standing_of(two[1]) == {"safe"}


def tap(client, sent, status, who=(), key="a"):
    ticked = [person.pk for person in who]
    form = {"status": status, "key": key * 32, "person": ticked}
    return client.post(sent.path, form)


def test_who_calls_for_help_for_the_second_party_alone_is_not_told_they_are_safe(
    client, two
):
    page = tap(client, two[1], "help", two[1].persons)
    for each in (page, client.get(two[1].path)):
        assert "Saved: you need help" in each.content.decode()
    assert not standing_of(two[0])


def test_safe_on_the_saved_page_is_of_the_party_that_is_ticked(client, two):
    page = tap(client, two[1], "help", two[1].persons).content.decode()
    for sent, mark in ((two[0], ""), (two[1], " checked")):
        for person in sent.persons:
            assert f'name="person" value="{person.pk}"{mark}>' in page
    unticked = tap(client, two[1], "safe", key="b")
    assert unticked.status_code == 400
    assert standing_of(two[1]) == {"needs_help"}
    tap(client, two[1], "safe", two[1].persons, key="c")
    assert standing_of(two[1]) == {"safe"}
    assert not standing_of(two[0])


def test_a_call_without_a_tick_is_of_all_parties(client, two):
    tap(client, two[0], "help")
    assert standing_of(two[0]) == standing_of(two[1]) == {"needs_help"}


def test_a_location_is_of_the_party_that_needs_help(client, two):
    tap(client, two[1], "help", two[1].persons)
    form = {"key": "b" * 32, "ll": "12.1,-86.2,9"}
    form |= {f"was-{person.pk}": "help" for person in two[1].persons}
    client.post(f"{two[1].path}/details", form)
    assert Stay.objects.get(is_shared=True).registration == two[1].registration


def test_who_has_left_is_not_told_that_they_are_saved_as_safe(client, two, incident):
    say(incident, two[0].persons, "left", "officer", officer=incident.commander)
    page = client.get(two[0].path).content.decode()
    assert "Saved: you are not in the area" in page


def test_a_link_of_nobody_any_more_says_so_and_saves_nothing(client, alert):
    sent = send(alert, PHONE)
    sent.registration.persons.all().delete()
    assert client.get(sent.path).status_code == 404
    assert tap(client, sent, "safe").status_code == 404


OFFICER = "An officer has your case"


def test_an_officer_of_one_party_s_case_is_not_said_to_have_the_other_s(
    client, two, incident
):
    tap(client, two[0], "help", two[0].persons)
    cases.take(Case.objects.get(), incident.commander, LATER)
    assert OFFICER in client.get(two[1].path).content.decode()
    page = tap(client, two[1], "help", two[1].persons, key="b")
    assert OFFICER not in page.content.decode()
    cases.take(Case.objects.get(owner=None), incident.commander, LATER)
    assert OFFICER in client.get(two[1].path).content.decode()


def test_a_companion_s_call_that_nobody_took_is_not_said_to_be_taken(
    client, two, incident
):
    first, second = two[0].persons
    tap(client, two[0], "help", [first])
    cases.take(Case.objects.get(), incident.commander, LATER)
    page = tap(client, two[0], "help", [second], key="b")
    assert Case.objects.open().count() == 2
    assert OFFICER not in page.content.decode()


def test_who_was_entered_twice_reads_that_an_officer_has_the_case_that_is_shown(
    client, two, incident
):
    tap(client, two[0], "help")
    for kept, double in zip(two[0].persons, two[1].persons, strict=True):
        merging.merge(kept, double, incident.commander, LATER)
    (shown,) = opening.listed(incident)
    cases.take(shown, incident.commander, LATER)
    assert OFFICER in client.get(two[1].path).content.decode()


NO_MORE = "You will get no more reminders"


def test_no_more_reminders_are_promised_once_every_party_of_a_phone_has_answered(
    client, two
):
    first = tap(client, two[0], "safe", two[0].persons).content.decode()
    assert "Saved: you are safe" in first
    assert NO_MORE not in first
    assert NO_MORE in tap(client, two[0], "safe", two[1].persons, "b").content.decode()


def test_who_has_a_link_of_their_own_reads_of_reminders_to_whom_they_share_it_with(
    client, alert, two
):
    own = two[1].message
    Message.objects.filter(pk=own.pk).update(purpose="reminder.1")
    AudienceMessage.objects.filter(audience=two[0].audience).delete()
    assert NO_MORE in tap(client, two[1], "safe").content.decode()
    send(alert, PHONE, code="CC44")
    assert NO_MORE not in client.get(two[1].path).content.decode()
