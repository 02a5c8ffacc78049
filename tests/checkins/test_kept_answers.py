"""What a phone kept, or showed before, takes back no call that came meanwhile."""

import pytest

from alerts.checkins.models import Case, CheckIn, Standing
from alerts.dispatch.models import Message

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
