"""Who asks about somebody learns a number; what the other agreed to is passed on."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.checkins import duplicates, retention
from alerts.checkins.models import Enquiry, EnquiryMatch, Word
from alerts.checkins.relatives import enquiring
from alerts.dispatch.models import Message
from alerts.incidents.models import Incident
from consular.missions.models import Posting
from consular.people import keying
from consular.people.managing import erasing
from consular.people.models import Registration
from consular.people.registering.entries import PersonEntry
from tests import factories
from tests.checkins.conftest import make_alert, make_incident, say, send
from tests.factories import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
FORM = {
    "given_name": "Mohammed",
    "family_name": "Al-Ahmad",
    "birth_year": "1980",
    "asker": "Invented Mother",
    "relation": "mother",
    "contact": "mother@example.org",
    "do": "send",
}


def ask(client, key="a" * 32, language="en", **changes):
    form = {**FORM, "key": key, **changes}
    return client.post(f"/ask/?lang={language}", form)


def number_of(page: bytes) -> str:
    return re.search(r'<bdi dir="ltr">(\w{4}-\w{4})', page.decode())[1]


@pytest.fixture
def known(sent):
    """Mohammed, who was written to, under a name in another script."""
    person = sent.persons[0]
    person.given_name, person.family_name, person.birth_year = "محمد", "الأحمد", 1980
    person.save()
    Registration.objects.filter(pk=person.registration_id).update(keyed_revision=0)
    keying.run(NOON)
    return person


@pytest.fixture
def match(client, known):
    ask(client)
    Enquiry.objects.update(asked_at=NOON)
    enquiring.look(LATER)
    return EnquiryMatch.objects.get()


def test_who_asks_gets_a_number_and_a_repeat_gets_the_same(client, db):
    first, again = ask(client), ask(client)
    assert number_of(first.content) == number_of(again.content)
    assert Enquiry.objects.count() == 1


def test_the_answer_is_the_same_whether_somebody_is_known(client, known):
    def answer(key, **changes):
        answer = ask(client, key=key * 32, **changes)
        page = answer.content.replace(number_of(answer.content).encode(), b"")
        page = re.sub(rb'nonce="[^"]+"', b"", page)
        return answer.status_code, answer.headers["Content-Length"], page

    stranger = answer("b", given_name="Nobody", family_name="Atall")
    assert answer("c") == stranger


def test_asking_takes_the_same_statements_whether_somebody_is_known(client, known):
    ask(client)
    with CaptureQueriesContext(connection) as stranger:
        ask(client, key="b" * 32, given_name="Nobody", family_name="Atall")
    with CaptureQueriesContext(connection) as somebody:
        ask(client, key="c" * 32)
    assert len(stranger) == len(somebody) > 0


def test_a_name_is_found_across_scripts_with_its_reasons(match, known):
    assert match.person == known
    assert match.reasons == ["name", "year of birth"]


def test_a_number_finds_somebody_whose_name_is_not_known(client, sent):
    ask(client, given_name="Nickname", family_name="", phone="+12025550101")
    enquiring.look(LATER)
    found = EnquiryMatch.objects.values_list("person", "reasons")
    assert set(found.values_list("person", flat=True)) == {p.pk for p in sent.persons}


def test_another_year_of_birth_is_another_person(client, known):
    ask(client, birth_year="1999")
    enquiring.look(LATER)
    assert not EnquiryMatch.objects.exists()


def test_a_registration_of_later_is_found_a_quarter_of_an_hour_later(client, db):
    ask(client)
    assert enquiring.look(LATER) == 1
    who = PersonEntry(given_name="Muhamad", family_name="Ahmad")
    factories.make_registration(persons=[who])
    keying.run(LATER)
    assert enquiring.look(LATER) == 0
    enquiring.look(LATER + timedelta(minutes=16))
    assert EnquiryMatch.objects.count() == 1


def test_one_address_asks_five_times_an_hour(client, db):
    for letter in "abcde":
        assert ask(client, key=letter * 32).status_code == 200
    assert ask(client, key="f" * 32).status_code == 429


@pytest.mark.parametrize(
    "wrong", [{"contact": "nobody"}, {"given_name": ""}, {"birth_year": "80"}]
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, db, wrong):
    answer = ask(client, **wrong)
    assert answer.status_code == 400
    assert b"Invented Mother" in answer.content


@pytest.mark.parametrize("language", ["en", "ar", "fr", "es", "de", "pt", "ru", "zh"])
def test_it_is_asked_in_eight_languages_within_the_budget(client, db, language):
    page = client.get(f"/ask/?lang={language}")
    assert page.status_code == 200
    assert f'lang="{language}"'.encode() in page.content
    assert len(page.content) < 20_000


def agree(client, sent, words="Estoy bien, un abrazo"):
    return client.post(sent.path + "/tell", {"words": words})


def notices():
    return Message.objects.filter(cause__key__startswith="notice:enquiry")


def test_nothing_is_passed_on_before_an_officer_and_the_person_have_agreed(
    client, sent, incident, match, officer
):
    say(incident, sent.persons, "safe")
    assert enquiring.pass_on(LATER) == 0
    agree(client, sent)
    assert enquiring.pass_on(LATER) == 0
    assert enquiring.decide(match, True, officer, LATER)
    assert enquiring.pass_on(LATER) == 1
    assert enquiring.pass_on(LATER) == 0
    body = notices().get().text.body
    assert "Estoy bien, un abrazo" in body
    assert match.enquiry.number in body


def test_a_call_for_help_or_a_change_of_mind_passes_nothing_on(
    client, sent, incident, match, officer
):
    enquiring.decide(match, True, officer, LATER)
    agree(client, sent)
    say(incident, sent.persons)
    assert enquiring.pass_on(LATER) == 0
    say(incident, sent.persons, "safe", now=LATER)
    agree(client, sent, words="")
    assert Word.objects.get().withdrawn_at
    assert enquiring.pass_on(LATER) == 0


def test_an_officer_learns_of_nobody_whom_their_missions_do_not_look_after(
    client, match
):
    elsewhere = factories.make_mission(country="PL", serves=["PL"])
    here = factories.make_officer()
    Posting.objects.filter(officer=here).update(mission=elsewhere)
    factories.sign_in(client, here)
    page = client.get("/desk/enquiries/").content.decode()
    assert match.person.registration.reference not in page
    assert client.post(f"/desk/matches/{match.pk}/").status_code == 404
    Posting.objects.filter(officer=here).update(mission=factories.make_mission())
    page = client.get("/desk/enquiries/").content.decode()
    assert match.person.registration.reference in page


def test_who_was_safe_in_another_incident_is_not_called_safe_in_this_one(
    client, sent, incident, match, officer, alert
):
    say(incident, sent.persons, "safe")
    agree(client, sent)
    enquiring.decide(match, True, officer, LATER)
    flood = make_incident(reference="FL-2", title="Flood", kind="flood")
    row = sent.audience
    row.pk, row.alert = None, make_alert(flood)
    row.save()
    for person in sent.persons:
        row.persons.create(person=person, level="danger")
    Incident.objects.filter(pk=incident.pk).update(closed_at=LATER)
    assert enquiring.pass_on(LATER) == 0
    say(flood, sent.persons, now=LATER)
    assert enquiring.pass_on(LATER) == 0
    Incident.objects.filter(pk=flood.pk).update(closed_at=LATER)
    assert enquiring.pass_on(LATER) == 1


def test_who_asks_after_an_incident_is_over_is_not_told_what_was_said_in_it(
    client, sent, incident, match, officer
):
    say(incident, sent.persons, "safe")
    agree(client, sent)
    Incident.objects.filter(pk=incident.pk).update(closed_at=LATER)
    Enquiry.objects.update(asked_at=LATER + timedelta(days=9))
    enquiring.decide(match, True, officer, LATER)
    assert enquiring.pass_on(LATER + timedelta(days=9)) == 0


@pytest.mark.parametrize("change", ["withdrawn", "help", "closed"])
def test_what_has_not_left_is_taken_back_when_it_is_true_no_more(
    client, sent, incident, match, officer, change
):
    say(incident, sent.persons, "safe")
    agree(client, sent)
    enquiring.decide(match, True, officer, LATER)
    assert enquiring.pass_on(LATER) == 1
    soon = LATER + timedelta(minutes=1)
    assert enquiring.take_back(soon) == 0
    if change == "withdrawn":
        agree(client, sent, words="")
    elif change == "help":
        say(incident, sent.persons, now=soon)
    else:
        enquiring.close(match.enquiry, officer, soon)
    assert enquiring.take_back(soon) == 1
    assert notices().get().state == "stopped"
    assert enquiring.pass_on(soon) == 0
    if change == "help":
        say(incident, sent.persons, "safe", now=soon + timedelta(minutes=1))
        assert enquiring.pass_on(soon + timedelta(minutes=1)) == 1
        assert notices().filter(state="queued").count() == 1


def test_what_was_agreed_under_one_entry_answers_who_asks_about_the_other(
    client, sent, incident, match, officer, alert
):
    other = send(alert, "+12025550140", party=1, code="8K3Q")
    duplicates.merge(match.person, other.persons[0], officer, LATER)
    say(incident, other.persons, "safe")
    agree(client, other)
    enquiring.decide(match, True, officer, LATER)
    flood = make_alert(make_incident(reference="FL-2", title="Flood", kind="flood"))
    unheard = send(flood, "+12025550141", party=1, code="9K4Q")
    row = duplicates.merge(match.person, unheard.persons[0], officer, LATER)
    assert enquiring.pass_on(LATER) == 0  # nothing was heard from there
    duplicates.unmerge(row, officer, LATER)
    assert enquiring.pass_on(LATER) == 1


def test_words_for_relatives_turn_nothing_around(client, sent, incident):
    say(incident, sent.persons, "safe")
    agree(client, sent, words="\u202eAll well\u202c\u200b ")
    assert Word.objects.get().words == "All well"


def test_whom_an_officer_refused_takes_no_place_of_the_next_who_may_be_meant(
    client, officer
):
    who = PersonEntry(given_name="Muhamad", family_name="Ahmad")
    for _ in range(enquiring.MOST_MATCHES + 1):
        factories.make_registration(persons=[who])
    keying.run(NOON)
    ask(client)
    enquiring.look(LATER)
    assert EnquiryMatch.objects.count() == enquiring.MOST_MATCHES
    for each in EnquiryMatch.objects.all():
        enquiring.decide(each, False, officer, LATER)
    enquiring.look(LATER + timedelta(minutes=16))
    assert EnquiryMatch.objects.filter(state="suggested").count() == 1


def test_what_is_refused_is_refused_for_good(client, match, officer):
    assert enquiring.decide(match, False, officer, LATER)
    assert not enquiring.decide(match, True, officer, LATER)
    enquiring.look(LATER + timedelta(hours=1))
    assert EnquiryMatch.objects.get().state == "refused"


def test_officers_see_who_asks_beside_the_person(
    client, sent, incident, match, officer
):
    page = client.get("/desk/enquiries/").content.decode()
    assert "Invented Mother" in page
    client.post(f"/desk/matches/{match.pk}/", {"do": "confirm"})
    say(incident, sent.persons)
    case = incident.cases.get()
    beside = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "Who asks about them" in beside
    assert "mother@example.org" in beside
    client.post(f"/desk/enquiries/{match.enquiry.pk}/close/")
    closed = client.get("/desk/enquiries/?show=closed").content.decode()
    assert match.enquiry.number in closed


def test_enquiries_go_after_ninety_days_and_with_the_person_who_erases(
    client, known, match
):
    erasing.erase(known.registration, LATER)
    assert not EnquiryMatch.objects.exists()
    Enquiry.objects.update(asked_at=NOON)
    retention.run(NOON + timedelta(days=91))
    assert not Enquiry.objects.exists()
