"""Events by hand and by a signed push: on record at once, forged ones never."""

import json
import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts.hazards.feeds.base import FeedError
from alerts.hazards.listening import formats, pushing
from alerts.hazards.models import Document, Hazard, Report, Source
from consular.missions.models import AuditEntry, Role
from tests.factories import NOON, make_officer, sign_in

pytestmark = pytest.mark.django_db
TYPED = {
    "title": "Armed clashes near the airport",
    "place": "Managua",
    "level": "3",
    "confidence": "probable",
    "link": "https://example.org/report/1",
    "kind": "security",
}
EVENT = {
    "id": "e1",
    "sent": "2026-03-02T12:00:00+00:00",
    "kind": "security",
    "level": "severe",
    "confidence": "confirmed",
    "title": "Road blocks",
    "lon": -86.25,
    "lat": 12.13,
    "radius_km": 15,
}


def typed(**changes):
    moment = timezone.localtime() - timedelta(minutes=10)
    return TYPED | {"happened_at": f"{moment:%Y-%m-%dT%H:%M}"} | changes


def document(*events, **changes):
    value = {"format": "muster-situation", "sender": "room.example.org"} | changes
    return json.dumps(value | {"events": list(events)}).encode()


def test_an_officer_reports_an_event_on_one_page(client):
    sign_in(client, make_officer(Role.DUTY_OFFICER))
    assert client.get(reverse("hazards:enter")).status_code == 200
    answer = client.post(reverse("hazards:enter"), typed())
    hazard = Hazard.objects.get()
    assert answer.url == reverse("hazards:page", args=[hazard.pk])
    report = hazard.reports.get()
    assert (hazard.kind, hazard.level, report.certainty) == ("security", 3, "Likely")
    assert report.link == TYPED["link"]
    assert hazard.geometry is not None
    assert hazard.end_is_assumed
    assert AuditEntry.objects.filter(action="enter_event").count() == 1
    assert TYPED["title"] in client.get(answer.url).content.decode()


def test_what_was_reported_is_corrected_and_ended_as_its_next_version(client):
    sign_in(client, make_officer())
    client.post(reverse("hazards:enter"), typed())
    report = Report.objects.get()
    page = f"{reverse('hazards:enter')}?again={report.pk}"
    assert TYPED["title"] in client.get(page).content.decode()
    client.post(page, typed(level="4"))
    assert Hazard.objects.get().level == 4
    client.post(page, typed(is_over="on"))
    assert Hazard.objects.get().state == Hazard.State.CANCELLED
    assert Report.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"place": "Qqqqqxz"}, "No such place"),
        ({"link": ""}, "required"),
        ({"happened_at": "2199-01-01T00:00"}, "still to come"),
    ],
)
def test_an_entry_without_place_or_source_or_yet_to_come_is_not_taken(
    client, changes, words
):
    sign_in(client, make_officer())
    answer = client.post(reverse("hazards:enter"), typed(**changes))
    assert words in answer.content.decode()
    assert Hazard.objects.count() == 0


def make_room(**changes):
    fields = {
        "slug": "room",
        "name": "Situation room",
        "format": "situation",
        "url": "",
        "mode": "exercise",
        "trust": Source.Trust.SUGGEST,
        "next_poll_at": NOON,
    }
    return Source.objects.create(**(fields | changes))


def push(client, source, body, *, at=None, secret=None, slug="room"):
    stamp = str(int(at if at is not None else time.time()))
    signature = pushing.sign(secret or pushing.secret_of(source), stamp, body)
    return client.post(
        reverse("push_events", args=[slug]),
        body,
        content_type="application/json",
        headers={"X-Muster-Timestamp": stamp, "X-Muster-Signature": signature},
    )


def test_a_signed_push_is_taken_and_the_same_again_writes_nothing(client):
    room = make_room()
    body = document(EVENT)
    assert push(client, room, body).json()["reports"] == 1
    again = push(client, room, body)
    assert (again.status_code, again.json()["new"]) == (200, False)
    assert (Report.objects.count(), Document.objects.count()) == (1, 1)
    room.refresh_from_db()
    assert room.last_ok_at is not None


def test_a_forged_old_or_unknown_push_is_refused_and_leaves_nothing(client):
    room, body = make_room(), document(EVENT)
    refused = [
        push(client, room, body, secret="guessed"),
        push(client, room, body, at=time.time() - 400),
        push(client, room, body, at=time.time() + 400),
        push(client, room, body, slug="another"),
        client.post(reverse("push_events", args=["room"]), body, "application/json"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert refused[0].json() == refused[3].json()
    assert Document.objects.count() == 0


def test_a_new_secret_ends_the_old_one(client):
    room = make_room()
    old = pushing.secret_of(room)
    room.push_generation += 1
    room.save()
    assert push(client, room, document(EVENT), secret=old).status_code == 403


def test_a_signed_push_that_cannot_be_read_is_kept_and_its_author_is_told(client):
    room = make_room()
    answer = push(client, room, document({**EVENT, "level": "awful"}))
    assert answer.status_code == 422
    assert "level must be one of" in answer.json()["error"]
    assert Document.objects.get().state == Document.State.QUARANTINED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": ""}, "has no id"),
        ({"title": None}, "has no title"),
        ({"sent": "yesterday"}, "must be a time"),
        ({"lat": 95}, "not a place on Earth"),
        ({"radius_km": 5000}, "radius_km"),
        ({"area": {"type": "Point", "coordinates": [0, 0]}}, "polygon"),
        ({"link": "javascript:alert(1)"}, "link"),
    ],
)
def test_an_event_that_lacks_something_is_refused_in_words(changes, words):
    with pytest.raises(FeedError, match=words):
        formats.read(document({**EVENT, **changes}))


def test_a_test_is_shown_and_is_no_warning(client):
    push(client, make_room(), document({**EVENT, "status": "test"}))
    assert Hazard.objects.get().is_test


def test_an_empty_object_is_refused_with_whole_words(client):
    answer = push(client, make_room(), b"{}")
    assert answer.status_code == 422
    assert answer.json()["error"] == "JSON of an unknown kind: an empty object"
