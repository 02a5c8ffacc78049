"""A case has an owner, a history, and is never forgotten."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.checkins.board import boards
from alerts.checkins.casework import (
    case_facts,
    cases,
    concluding,
    letters,
    opening,
    urgency,
)
from alerts.checkins.models import Case, CaseEvent, LadderStep, Standing
from alerts.dispatch import addresses
from alerts.dispatch.models import Message
from alerts.incidents.models import Alert, Audience, Incident
from tests import factories
from tests.checkins.conftest import (
    LATE,
    SOON,
    kinds,
    make_alert,
    make_incident,
    say,
    send,
)
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def test_a_call_for_help_opens_a_case_with_its_reasons(case):
    assert (case.origin, case.is_urgent) == ("help", True)
    assert case.reasons == ["Medical", "In the danger zone"]
    assert kinds(case) == ["opened"]


def test_a_party_has_one_open_case(case, incident, sent):
    say(incident, sent.persons[:1], needs=("trapped",), now=SOON)
    again = Case.objects.get()
    assert again.priority > case.priority
    assert "Trapped or in danger" in again.reasons


@pytest.mark.parametrize("words", ["safe, but my arm is bleeding", "on a coupé, ранен"])
def test_words_of_injury_open_a_case_without_a_call(incident, sent, words):
    say(incident, sent.persons[:1], "safe", note=words)
    assert Case.objects.get().origin == "words"
    assert Standing.objects.get().status == "safe"


@pytest.mark.parametrize(
    "words",
    [
        "all good here",
        "Safe, no injuries",
        "estoy bien, sin heridos",
        "I'm safe, God bless",
        "Мы в безопасности, никто не ранен",
        "alle sicher, niemand verletzt",
    ],
)
def test_plain_safety_opens_none(incident, sent, words):
    say(incident, sent.persons, "safe", note=words)
    assert not Case.objects.exists()


def test_somebody_with_needs_whom_nothing_can_reach_has_a_case_at_once(alert):
    sent = send(alert, "+12025550142", party=1)
    sent.registration.persons.update(needs="kidney patient")
    sent.audience.messages.all().delete()
    Audience.objects.filter(pk=sent.audience.pk).update(reason="no_contact")
    assert opening.by_silence(NOON - timedelta(minutes=1)) == 0
    assert opening.by_silence(NOON) == 1
    assert opening.by_silence(SOON) == 0
    assert "No way to reach them" in Case.objects.get().reasons


def test_the_silence_of_somebody_with_needs_opens_a_case_after_the_last_step(alert):
    sent = send(alert, "+12025550142", party=1)
    sent.registration.persons.update(needs="kidney patient")
    assert opening.by_silence(LATE) == 0
    LadderStep.objects.create(audience=sent.audience, step="officer", taken_at=NOON)
    assert opening.by_silence(LATE) == 1
    assert opening.by_silence(LATE) == 0
    assert Case.objects.get().origin == "silence"


def test_an_officer_opens_a_case_once(incident, sent, officer):
    one = opening.by_officer(incident, sent.persons[0], "Mother rang", officer, NOON)
    again = opening.by_officer(incident, sent.persons[0], "Again", officer, SOON)
    assert one == again
    assert kinds(one) == ["opened", "note", "note"]


def test_two_officers_take_and_one_has_it_and_the_person_is_told_once(case, officer):
    assert cases.take(case, officer, NOON)
    assert not cases.take(case, factories.make_officer(), NOON)
    told = Message.objects.filter(purpose="case answer")
    assert told.count() == 1


def test_a_case_goes_to_somebody_who_may_work_on_it(case, officer):
    other = factories.make_officer()
    cases.hand_over(case, other, "Speaks Spanish", officer, NOON)
    case.refresh_from_db()
    assert case.owner == other
    auditor = factories.make_officer(role="auditor")
    with pytest.raises(cases.CaseError):
        cases.hand_over(case, auditor, "", officer, NOON)


def test_a_message_goes_to_one_person_in_their_language(case, officer):
    case.person.registration.language = "es"
    cases.write_to(case, "Caso", "¿Dónde está?", officer, NOON)
    message = Message.objects.get(purpose="case answer")
    assert message.text.body.endswith("¿Dónde está?")
    assert message.text.language == "es"
    assert "message" in kinds(case)


def test_what_cannot_be_sent_leaves_no_line_that_says_so(case, officer):
    case.person.registration.contacts.all().delete()
    with pytest.raises(cases.CaseError):
        cases.write_to(case, "", "Hello", officer, NOON)
    assert "message" not in kinds(case)


def test_an_officer_takes_over_a_case_of_a_colleague(case, officer, desk):
    cases.take(case, factories.make_officer(), NOON)
    page = desk.get(f"/desk/cases/{case.pk}/").content.decode()
    assert f'<option value="{officer.pk}">{officer.full_name} (you)</option>' in page
    desk.post(f"/desk/cases/{case.pk}/act/", {"do": "hand_over", "to": officer.pk})
    case.refresh_from_db()
    assert case.owner == officer


@pytest.mark.parametrize("to", ["x", "", "9" * 30])
def test_a_strange_receiver_of_a_case_is_refused(case, desk, to):
    form = {"do": "hand_over", "to": to}
    done = desk.post(f"/desk/cases/{case.pk}/act/", form, follow=True)
    assert "Choose who gets the case." in done.content.decode()


def test_who_takes_a_case_reads_whether_the_person_was_told(case, desk):
    act = f"/desk/cases/{case.pk}/act/"
    case.person.registration.contacts.all().delete()
    done = desk.post(act, {"do": "take"}, follow=True).content.decode()
    assert "was told so" not in done
    assert "could not be told" in done


def test_an_answer_goes_where_it_will_be_read(case, desk, sent, officer):
    registration = sent.registration
    mail = registration.contacts.create(
        kind="email",
        address="ada@example.org",
        address_key=addresses.key("email", "ada@example.org"),
        role="own",
    )
    assert letters.contact_of(case).kind == "phone"
    addresses.stop("+12025550101", "sms", NOON)
    assert letters.contact_of(case) == mail
    addresses.stop("ada@example.org", "email", NOON)
    assert letters.contact_of(case) is None
    act = f"/desk/cases/{case.pk}/act/"
    done = desk.post(act, {"do": "write", "ready": "how"}, follow=True)
    assert "It was not sent" in done.content.decode()
    assert "Who has sent STOP can be called." in done.content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [("delivered", "message arrived"), ("rejected", "message did not arrive")],
)
def test_the_history_says_how_far_a_message_came(case, desk, officer, state, words):
    cases.take(case, officer, NOON)
    cases.write_to(case, "Case", "How are you?", officer, NOON)
    told = Message.objects.filter(purpose="case answer")
    assert told.update(state=state) == 2
    page = desk.get(f"/desk/cases/{case.pk}/").content.decode()
    assert page.count(words) == 2


def test_who_is_given_a_free_case_is_told_to_the_person(case, officer):
    cases.hand_over(case, factories.make_officer(), "", officer, NOON)
    told = Message.objects.get(purpose="case answer")
    assert "an officer has your call for help" in told.text.body


@pytest.mark.parametrize("how", ["take", "hand_over"])
@pytest.mark.parametrize("origin", ["silence", "officer", "words", "help"])
def test_only_who_has_called_is_told_that_an_officer_has_the_call(
    case, officer, desk, origin, how
):
    Case.objects.update(origin=origin)
    form = {"do": how, "to": officer.pk}
    done = desk.post(f"/desk/cases/{case.pk}/act/", form, follow=True).content.decode()
    case.refresh_from_db()
    assert case.owner == officer
    has_called = origin in ("words", "help")
    assert Message.objects.filter(purpose="case answer").exists() == has_called
    says = "They have not called for help, so nothing was written to them." in done
    assert says == (how == "take" and not has_called)


def test_who_calls_while_a_case_of_silence_is_being_taken_is_told(case, officer):
    Case.objects.update(origin="silence")
    read = Case.objects.get()
    Case.objects.update(origin="help")
    cases.take(read, officer, NOON)
    assert Message.objects.filter(purpose="case answer").count() == 1


def test_a_mail_to_who_has_not_called_is_not_about_their_call(case):
    assert letters.subject(case) == "About your call for help"
    case.origin = "silence"
    assert letters.subject(case) == "Are you safe?"


def test_nothing_is_planned_for_a_case_that_was_closed_meanwhile(case, desk, officer):
    cases.close(case, officer, "safe", "Spoke", NOON)
    act = f"/desk/cases/{case.pk}/act/"
    form = {"do": "follow_up", "in": "60"}
    done = desk.post(act, form, follow=True).content.decode()
    assert "It comes back" not in done
    assert "The case is closed" in done


def test_what_is_to_be_looked_at_again_leads_the_list(case, incident, alert, desk):
    other = send(alert, "+12025550155", party=1)
    say(incident, other.persons, needs=("trapped",), now=SOON)
    cases.take(case, factories.make_officer(), NOON)
    address = reverse("checkins:cases", args=[incident.reference])

    def listed():
        page = desk.get(address).content.decode()
        return [int(number) for number in re.findall(r'id="case-(\d+)"', page)]

    assert listed()[-1] == case.pk
    Case.objects.filter(pk=case.pk).update(follow_up_at=NOON)
    assert listed()[0] == case.pk


def test_a_call_is_shown_where_its_own_incident_knows_the_person(case, sent, incident):
    """Two incidents at once: the newer one's stay is another town."""
    flood = make_incident(reference="FL-2", title="Flood", kind="flood")
    row, here = sent.audience, sent.registration.stays.get()
    away = sent.registration.stays.get()
    away.pk, away.lon, away.lat = None, 20.0, 50.0
    away.save()
    row.pk, row.alert = None, make_alert(flood)
    row.save()
    row.persons.create(person=case.person, stay=away, level="danger")
    (shown,) = case_facts.rows([case], NOON)
    assert (shown.lon, shown.lat) == (here.lon, here.lat)
    assert case_facts.spots(incident, [case.pk]) == [(here.lon, here.lat, case.pk)]


def test_who_closes_sees_first_what_is_left_and_where(desk, case, incident):
    page = desk.get(reverse("checkins:cases", args=[incident.reference]))
    words = page.content.decode()
    people = reverse("checkins:people", args=[incident.reference])
    totals = boards.of(incident, NOON).totals
    assert totals["silent"] > 0
    assert '<a href="?show=open">1 open case</a>' in words
    assert '<a href="?show=urgent">1 of them urgent</a>' in words
    for name in ("silent", "unreachable"):
        link = f'<a href="{people}?status={name}">{totals[name]} {name}</a>'
        assert link in words


def test_closing_from_the_page_is_refused_while_a_case_is_urgent(desk, case, incident):
    address = reverse("checkins:conclude", args=[incident.reference])
    done = desk.post(address, {"body": "It is over"}, follow=True)
    assert "1 urgent case is open." in done.content.decode()
    assert Incident.objects.get().closed_at is None


def test_nothing_closes_with_an_open_urgent_case(case, officer, incident):
    with pytest.raises(concluding.StillOpenError):
        concluding.conclude(incident, "It is over", officer, LATE)
    assert cases.close(case, officer, "safe", "Spoke to her", LATE)
    assert concluding.conclude(incident, "It is over", officer, LATE)
    assert not concluding.conclude(incident, "Again", officer, LATE)
    closed = Incident.objects.get()
    assert closed.closed_at == LATE
    assert closed.figures["totals"] == boards.of(incident, LATE).totals
    assert closed.figures["totals"]["inside"] > 0
    assert (closed.figures["open_cases"], closed.figures["as_of"]) == (
        0,
        LATE.isoformat(),
    )


def test_nothing_closes_while_an_alert_is_about_to_leave(case, officer, incident):
    assert cases.close(case, officer, "safe", "Spoke to her", LATE)
    alerts = Alert.objects.filter(incident=incident)
    left = alerts.get().state
    for state in (Alert.State.SETTLING, Alert.State.HELD):
        alerts.update(state=state)
        with pytest.raises(concluding.StillOpenError, match="about to leave"):
            concluding.conclude(incident, "It is over", officer, LATE)
    alerts.update(state=left)
    assert concluding.conclude(incident, "It is over", officer, LATE)


def test_waiting_makes_a_case_more_urgent_up_to_an_end():
    assert urgency.waiting(NOON, LATE) == 3
    assert urgency.waiting(NOON, NOON + timedelta(days=1)) == urgency.WAITING_MOST


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ({"do": "take"}, "taken"),
        ({"do": "call", "went": "no_answer", "body": "rang out"}, "called"),
        ({"do": "note", "body": "Hotel confirms"}, "note"),
        ({"do": "write", "ready": "where"}, "message"),
        ({"do": "follow_up", "in": "60"}, "follow_up"),
        ({"do": "close", "outcome": "safe", "note": "Spoke"}, "closed"),
    ],
)
def test_the_page_does_it_and_shows_it(case, officer, client, form, kind):
    factories.sign_in(client, officer)
    page = f"/desk/cases/{case.pk}/"
    client.post(page + "act/", form)
    assert kind in kinds(case)
    shown = client.get(page).content.decode()
    assert CaseEvent.Kind(kind).label in shown


def test_a_colleague_who_opened_the_case_is_named(case, officer, client):
    factories.sign_in(client, factories.make_officer(full_name="Rosa Invented"))
    client.get(f"/desk/cases/{case.pk}/")
    factories.sign_in(client, officer)
    page = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "Rosa Invented opened this case" in page


@pytest.mark.parametrize("show", ["open", "urgent", "free", "mine", "due", "closed"])
def test_the_list_keeps_what_is_asked_for_in_its_address(case, officer, client, show):
    factories.sign_in(client, officer)
    address = f"/desk/incidents/{case.incident.reference}/cases/?show={show}"
    page = client.get(address).content.decode()
    assert ("Invented 0" in page) == (show in ("open", "urgent", "free"))


def test_who_takes_back_their_own_call_leaves_the_party_its_case(incident, sent):
    first, second = sent.persons
    say(incident, sent.persons, needs=("medical",))
    say(incident, [first], "safe", now=SOON)
    case = Case.objects.get()
    assert (case.closed_at, case.person) == (None, second)
    assert kinds(case) == ["opened", "note"]
    say(incident, [second], "safe", now=LATE)
    case.refresh_from_db()
    assert (case.closed_at, case.outcome) == (LATE, "safe")


def test_a_case_of_ones_own_is_not_handed_to_who_has_one(incident, sent):
    first, second = sent.persons
    say(incident, [first])
    say(incident, [second], needs=("medical",), now=SOON)
    say(incident, [first], "safe", now=LATE)
    left = Case.objects.open().get()
    assert left.person == second
