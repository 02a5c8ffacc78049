"""What a phone kept, or showed before, takes back no call that came meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.checkins.casework import opening
from alerts.checkins.models import Case, CheckIn, LadderStep, Standing
from alerts.dispatch.models import Message
from tests.checkins.conftest import say, send

pytestmark = pytest.mark.django_db


def tap(client, sent, status, key, **more):
    return client.post(sent.path, {"status": status, "key": key * 32, **more})


def by_person(sent):
    return dict(Standing.objects.values_list("person", "status"))


def test_safe_from_before_a_call_does_not_take_it_back_when_it_arrives(client, sent):
    Message.objects.update(created_at="2026-01-01T00:00:00Z")
    tap(client, sent, "help", "a")
    page = tap(client, sent, "safe", "b", ago="600")
    assert page.status_code == 200
    assert set(by_person(sent).values()) == {"needs_help"}
    assert Case.objects.open().count() == 1
    said = CheckIn.objects.filter(status="safe").first()
    assert 595 < (said.received_at - said.stated_at).total_seconds() < 605
    tap(client, sent, "safe", "c", ago="0")
    assert set(by_person(sent).values()) == {"safe"}


def minutes_ago(count):
    return timezone.now() - timedelta(minutes=count)


@pytest.fixture
def of_old(sent):
    """A party that was written to so long ago that a phone may have kept its answer."""
    Message.objects.update(created_at="2026-01-01T00:00:00Z")
    return sent


def test_safe_from_before_an_officer_s_case_does_not_close_it(client, of_old, incident):
    rubble = "the hotel rang: he is under the rubble"
    at = minutes_ago(10)
    opening.by_officer(incident, of_old.persons[0], rubble, incident.commander, at)
    tap(client, of_old, "safe", "a", ago="3600")
    assert Case.objects.open().count() == 1
    tap(client, of_old, "safe", "b", ago="0")
    assert not Case.objects.open().exists()


def test_safe_from_before_an_officer_learned_more_does_not_close_the_case(
    client, of_old, incident
):
    person, officer = of_old.persons[0], incident.commander
    say(incident, [person], now=minutes_ago(120))
    opening.by_officer(incident, person, "under the rubble", officer, minutes_ago(10))
    tap(client, of_old, "safe", "a", ago="3600")
    assert Case.objects.open().count() == 1


def test_safe_from_before_silence_opened_a_case_does_not_close_it(client, of_old):
    of_old.registration.persons.all().update(needs="dialysis")
    at = minutes_ago(5)
    LadderStep.objects.create(audience=of_old.audience, step="officer", taken_at=at)
    assert opening.by_silence(at)
    count = Case.objects.open().count()
    tap(client, of_old, "safe", "a", ago="3600")
    assert Case.objects.open().count() == count


def test_a_call_and_safe_that_were_both_kept_leave_no_case(client, of_old):
    tap(client, of_old, "help", "a", ago="3600")
    tap(client, of_old, "safe", "b", ago="1800")
    assert set(by_person(of_old).values()) == {"safe"}
    assert not Case.objects.open().exists()


@pytest.mark.parametrize("ago", ["-600", "nan", "inf", "1e400", "soon", ""])
def test_a_time_that_cannot_be_is_now(client, sent, ago):
    tap(client, sent, "safe", "a", ago=ago)
    said = CheckIn.objects.first()
    assert said.stated_at == said.received_at


def test_nothing_was_said_before_the_message_was_written(client, sent):
    Message.objects.update(created_at="2026-11-01T00:00:00Z")
    tap(client, sent, "help", "a", ago="1e9")
    said = CheckIn.objects.first()
    sent.message.refresh_from_db()
    assert sent.message.created_at <= said.stated_at <= said.received_at


def test_a_form_from_before_a_companion_s_call_does_not_take_it_back(client, sent):
    first, second = sent.persons
    tap(client, sent, "safe", "a")
    shown = client.get(sent.path).content.decode()
    assert f'name="was-{second.pk}" value="safe"' in shown
    more = {"key": "b" * 32, f"person-{second.pk}": "help"}
    client.post(f"{sent.path}/details", more)
    old = {
        "key": "c" * 32,
        **{f"was-{p.pk}": "safe" for p in (first, second)},
        f"person-{first.pk}": "away",
        f"person-{second.pk}": "safe",
    }
    client.post(f"{sent.path}/details", old)
    assert by_person(sent) == {first.pk: "not_here", second.pk: "needs_help"}


def test_what_is_added_to_a_call_that_was_seen_is_of_a_call(client, sent):
    tap(client, sent, "help", "a")
    tap(client, sent, "safe", "b")
    first, second = sent.persons
    form = {"key": "c" * 32, "note": "the stairs are gone"}
    form |= {f"was-{first.pk}": "help", f"was-{second.pk}": "safe"}
    client.post(f"{sent.path}/details", form)
    assert by_person(sent) == {first.pk: "needs_help", second.pk: "safe"}
    said = CheckIn.objects.filter(person=first).order_by("-pk").first()
    assert said.note == "the stairs are gone"
    assert Case.objects.open().count() == 1


def test_a_call_that_is_repeated_after_safe_on_one_page_is_heard(client, sent):
    Message.objects.update(created_at="2026-01-01T00:00:00Z")
    for status, ago in (("help", "3600"), ("safe", "1800"), ("help", "60")):
        page = tap(client, sent, status, "a", ago=ago)
    assert set(by_person(sent).values()) == {"needs_help"}
    assert "Saved: you need help" in page.content.decode()
    assert Case.objects.open().count() == 1
    tap(client, sent, "help", "a", ago="0")  # a double tap
    assert CheckIn.objects.filter(status="needs_help").count() == 4


def test_a_call_that_is_sent_once_more_is_not_of_after_what_came_since(client, sent):
    """Its receipt was lost, and the phone sends it again, with its age."""
    Message.objects.update(created_at="2026-01-01T00:00:00Z")
    tap(client, sent, "help", "a", ago="3600")
    tap(client, sent, "safe", "b", ago="1800")
    tap(client, sent, "help", "a", ago="3600")
    assert set(by_person(sent).values()) == {"safe"}


def test_a_call_for_more_of_them_on_one_page_is_of_each_who_stands_otherwise(
    client, alert, sent
):
    other = send(alert, "+12025550101", code="8K2Q")
    theirs, others = ([p.pk for p in each.persons] for each in (sent, other))
    tap(client, sent, "help", "a", person=theirs)
    tap(client, sent, "safe", "a", person=theirs)
    tap(client, sent, "help", "a", person=theirs + others)
    assert set(by_person(sent).values()) == {"needs_help"}
    assert len(by_person(sent)) == 4


def test_a_companion_s_call_that_is_repeated_in_one_form_is_heard(client, sent):
    first, second = sent.persons
    Message.objects.update(created_at="2026-01-01T00:00:00Z")
    tap(client, sent, "safe", "a", ago="4000")
    form = {"key": "b" * 32, **{f"was-{p.pk}": "safe" for p in (first, second)}}
    form |= {f"person-{first.pk}": "safe"}
    for word, ago in (("help", "3000"), ("away", "2000"), ("help", "100")):
        more = {f"person-{second.pk}": word, "ago": ago}
        client.post(f"{sent.path}/details", form | more)
    assert by_person(sent) == {first.pk: "safe", second.pk: "needs_help"}
