"""What an officer's missions do not reach, the officer does not learn of."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts.checkins.answers import inbox, inboxes
from alerts.checkins.models import Inbound
from alerts.dispatch import outbox
from alerts.dispatch.models import Cause, Message, Pause
from consular.missions.models import Officer, Posting, Role
from consular.people.models import Registration
from consular.people.protecting import scoping
from consular.people.registering import crisis
from tests import factories
from tests.incidents import path


@pytest.fixture
def near(db: None) -> Officer:
    """A consular officer of the embassy in Managua."""
    return local("NI")


@pytest.fixture
def far(db: None) -> Officer:
    """A consular officer of the embassy in Suva."""
    return local("FJ")


def local(country: str) -> Officer:
    mission = factories.make_mission(country=country, serves=[country])
    officer = factories.make_officer(role=Role.CONSULAR_OFFICER)
    Posting.objects.filter(officer=officer).update(mission=mission)
    return officer


@pytest.fixture
def party(now: datetime) -> Registration:
    return path.enrolled(now, phone="+12025550101")


def test_a_registration_is_seen_by_who_looks_after_its_countries(
    near: Officer, far: Officer, officer: Officer, party: Registration, now: datetime
) -> None:
    seen = [list(scoping.seen_by(each, now)) for each in (near, far, officer)]
    assert seen == [[party], [], [party]]


def test_a_stay_that_was_moved_away_from_counts_no_more(
    near: Officer, party: Registration, now: datetime
) -> None:
    party.stays.update(replaced_at=now)
    assert not scoping.seen_by(near, now)


@pytest.mark.parametrize("words", ["reference", "+12025550101"])
def test_no_search_finds_what_is_out_of_reach(
    client: Any, near: Officer, far: Officer, party: Registration, words: str
) -> None:
    asked = party.reference if words == "reference" else words
    found = []
    for each in (near, far):
        factories.sign_in(client, each)
        page = client.post(reverse("people:list"), {"q": asked})
        found.append([row.pk for row in page.context["rows"]])
    assert found == [[party.pk], []]
    assert page.context["total"] == page.context["confirmed"] == 0


def test_the_api_neither_shows_nor_erases_nor_enters_out_of_reach(
    client: Any, far: Officer, party: Registration
) -> None:
    factories.sign_in(client, far)
    one = f"/api/v1/registrations/{party.reference}/"
    assert client.get("/api/v1/registrations/").json()["count"] == 0
    assert client.get(one).status_code == client.delete(one).status_code == 404
    assert client.get(f"/desk/registrations/{party.reference}/").status_code == 404
    assert Registration.objects.filter(pk=party.pk).exists()


def test_a_crisis_form_of_another_country_is_neither_found_nor_opened(
    client: Any, far: Officer, officer: Officer, now: datetime
) -> None:
    form = crisis.open_form("Earthquake", ["NI"], officer, now)
    factories.sign_in(client, far)
    page = client.get(reverse("people:crisis_forms"))
    assert page.context["rows"] == []
    for name in ("poster", "close_crisis_form"):
        address = reverse(f"people:{name}", args=[form.code])
        assert client.post(address).status_code in (404, 405)
        assert client.get(address).status_code in (404, 405)
    said = {"title": "Flood", "countries": ["NI"]}
    client.post(reverse("people:crisis_forms"), said)
    assert type(form).objects.count() == 1


@pytest.fixture
def cause(officer: Officer, now: datetime) -> Cause:
    """A cause of an incident in Nicaragua, with one message that waits for a person."""
    incident = path.declared(officer, now)
    made = outbox.open_cause(
        "alert:77",
        mode="exercise",
        lane=0,
        now=now,
        not_after=timezone.now() + timedelta(hours=12),
        incident_key=incident.key,
        opens_at=now,
    )
    said = outbox.text("sms", "en", "Stay outside.")
    letter = outbox.Letter(channel="sms", address="+12025550101", text=said)
    (message,) = outbox.write(made, [letter], now)
    type(message).objects.update(state="set_aside")
    return made


def test_what_is_sent_is_seen_by_the_incidents_missions(
    client: Any, near: Officer, far: Officer, cause: Cause
) -> None:
    seen = []
    for each in (near, far):
        factories.sign_in(client, each)
        page = client.get(reverse("dispatch:status"))
        seen.append((len(page.context["causes"]), page.context["stuck_total"]))
        count = client.get("/api/v1/messages/").json()["count"]
        one = client.get(reverse("dispatch:cause", args=[cause.pk])).status_code
        seen.append((count, one))
    assert seen == [(1, 1), (1, 200), (0, 0), (0, 404)]


def test_nobody_acts_on_what_another_mission_sends(
    client: Any, far: Officer, cause: Cause
) -> None:
    factories.sign_in(client, far)
    message = Message.objects.get(cause=cause)
    answers = [
        client.post(reverse("dispatch:act", args=[cause.pk]), {"to": "pause"}),
        client.post(reverse("dispatch:retry_list", args=[cause.pk])),
        client.post(reverse("dispatch:retry", args=[message.pk])),
    ]
    assert {each.status_code for each in answers} == {404}
    cause.refresh_from_db()
    message.refresh_from_db()
    assert (cause.paused_at, message.state) == (None, "set_aside")


def test_one_mission_does_not_brake_the_whole_ministry(
    client: Any, near: Officer, officer: Officer
) -> None:
    factories.sign_in(client, near)
    client.post(reverse("dispatch:brake"), {"to": "pause", "channel": ""})
    assert not Pause.objects.exists()
    factories.sign_in(client, officer)
    client.post(reverse("dispatch:brake"), {"to": "pause", "channel": ""})
    assert Pause.objects.exists()


def reply(now: datetime, number: int = 1) -> Inbound:
    form = {"From": f"+1202555010{number}", "Body": "eh?", "MessageSid": str(number)}
    inbox.store("twilio", form, "sms", now)
    found = Inbound.objects.latest("id")
    Inbound.objects.filter(pk=found.pk).update(state="inbox")
    return found


def test_a_reply_is_read_by_who_answers_for_its_incident(
    near: Officer, far: Officer, officer: Officer, now: datetime
) -> None:
    found = reply(now)
    incident = path.declared(officer, now)
    Inbound.objects.filter(pk=found.pk).update(incident=incident)
    seen = [list(inboxes.seen_by(each, now)) for each in (near, far, officer)]
    assert seen == [[found], [], [found]]


def test_a_stray_reply_is_read_by_somebody_always(
    near: Officer, officer: Officer, now: datetime
) -> None:
    found = reply(now)
    assert list(inboxes.seen_by(officer, now)) == [found]
    assert list(inboxes.seen_by(near, now)) == []
    Officer.objects.filter(pk=officer.pk).update(is_active=False)
    assert list(inboxes.seen_by(near, now)) == [found]


def test_nobody_handles_a_reply_out_of_reach(
    client: Any, far: Officer, officer: Officer, now: datetime
) -> None:
    found = reply(now)
    factories.sign_in(client, far)
    answer = client.post(reverse("checkins:handle", args=[found.pk]), {"label": "info"})
    assert answer.status_code == 404


@pytest.mark.parametrize("role", [Role.APPROVER, Role.ADMINISTRATOR])
def test_roles_that_do_not_answer_read_no_names(
    client: Any, role: Role, officer: Officer, now: datetime
) -> None:
    reference = path.declared(officer, now).reference
    factories.sign_in(client, factories.make_officer(role=role))
    for name in ("people", "inbox", "cases"):
        address = reverse(f"checkins:{name}", args=[reference])
        assert client.get(address).status_code == 403
    assert client.get(reverse("checkins:board", args=[reference])).status_code == 200
