"""Polling a real local server: remember what was worked through, lose nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.dispatch.models import Message
from alerts.exercises import recording
from alerts.exercises.recording import Recording
from alerts.hazards import ticking
from alerts.hazards.listening import intake, polling
from alerts.hazards.models import Document, Hazard, Proposal, Report, Source
from consular import outgoing
from tests.factories import NOON, make_registration, make_stay_entry

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Feeds:
    """What a local server answers: a path's body, status and headers."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.asked: list[dict[str, str]] = []
        self.address = ""

    def put(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        self.pages[path] = (status, body, headers)


@contextmanager
def serving() -> Iterator[Feeds]:
    feeds = Feeds()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feeds.asked.append(dict(self.headers))
            status, body, headers = feeds.pages[self.path]
            if headers.get("ETag", "-") == self.headers.get("If-None-Match"):
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    feeds.address = f"127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield feeds
    server.shutdown()
    server.server_close()


@pytest.fixture
def feeds(settings) -> Iterator[Feeds]:
    with serving() as started:
        settings.EXERCISE_FEEDS = started.address
        yield started


def make_source(feeds: Feeds, path: str = "/usgs", **changes) -> Source:
    fields = {
        "slug": path.strip("/"),
        "name": path,
        "format": "usgs",
        "url": f"http://{feeds.address}{path}",
        "mode": "exercise",
        "trust": Source.Trust.SUGGEST,
        "next_poll_at": NOON,
    }
    return Source.objects.create(**(fields | changes))


def quake(number: int = 1, **changes) -> dict:
    at = NOON - 5 * MINUTE
    stamp = int(at.timestamp() * 1000)
    properties = {
        "mag": 6.1,
        "place": "10km W of Valle San Francisco, Nicaragua",
        "time": stamp,
        "updated": stamp,
        "ids": f",us{number},",
        "type": "earthquake",
        "title": "M 6.1",
    } | changes
    return {
        "type": "Feature",
        "id": f"us{number}",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": [-86.3789, 12.5138, 13]},
    }


def document(*features: dict) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def test_a_second_poll_asks_with_the_etag_and_writes_nothing(feeds):
    feeds.put("/usgs", document(quake()), ETag='"1"')
    source = make_source(feeds)
    assert polling.poll(source, NOON).word == "read"
    before = (Document.objects.count(), Report.objects.count())
    assert polling.poll(source, NOON + MINUTE).word == "unchanged"
    assert feeds.asked[1]["If-None-Match"] == '"1"'
    assert (Document.objects.count(), Report.objects.count()) == before == (1, 1)


def test_an_unreadable_document_is_kept_with_a_reason_and_the_next_is_read(feeds):
    feeds.put("/usgs", b'{"type": "FeatureCollection", "features": [', ETag='"1"')
    source = make_source(feeds)
    assert polling.poll(source, NOON).word == "quarantined"
    kept = Document.objects.get()
    assert kept.state == Document.State.QUARANTINED
    assert kept.reason
    assert source.etag == ""
    assert source.trouble
    feeds.put("/usgs", document(quake()), ETag='"2"')
    assert polling.poll(source, NOON + MINUTE).word == "read"
    assert source.trouble == ""


def test_what_is_doubtful_about_a_document_is_kept_with_it(feeds):
    feeds.put("/usgs", document(quake(), {"type": "Feature", "properties": {}}))
    polling.poll(make_source(feeds), NOON)
    (kept,) = Document.objects.all()
    assert kept.flags == ["an event without id, time or place was passed over"]


def test_gone_from_the_feed_or_a_failed_fetch_ends_no_hazard(feeds):
    feeds.put("/usgs", document(quake()))
    source = make_source(feeds)
    polling.poll(source, NOON)
    feeds.put("/usgs", document())
    polling.poll(source, NOON + MINUTE)
    feeds.put("/usgs", b"no", status=500)
    assert polling.poll(source, NOON + 2 * MINUTE).word == "failed"
    assert Hazard.objects.get().state == Hazard.State.ACTIVE
    assert source.next_poll_at > NOON + 2 * MINUTE


def test_a_live_source_never_reaches_this_machine(feeds):
    feeds.put("/usgs", document(quake()))
    with pytest.raises(outgoing.OutgoingError, match="private"):
        outgoing.get(f"http://{feeds.address}/usgs", mode="live")
    assert feeds.asked == []


def test_an_exercise_source_reaches_its_one_server_and_no_other(feeds, settings):
    feeds.put("/usgs", document(quake()))
    url = f"http://{feeds.address}/usgs"
    assert outgoing.get(url, mode="exercise").status == 200
    settings.EXERCISE_FEEDS = "127.0.0.1:1"
    with pytest.raises(outgoing.OutgoingError):
        outgoing.get(url, mode="exercise")


def test_a_redirect_to_another_port_of_this_machine_is_refused(feeds):
    feeds.put("/usgs", b"", status=302, Location="http://127.0.0.1:1/")
    with pytest.raises(outgoing.OutgoingError):
        outgoing.get(f"http://{feeds.address}/usgs", mode="exercise")


def test_a_document_that_is_too_large_is_given_up(feeds):
    feeds.put("/usgs", b" " * 200_000)
    limits = outgoing.Limits(inflated_bytes=100_000)
    with pytest.raises(outgoing.OutgoingError, match="large"):
        outgoing.get(f"http://{feeds.address}/usgs", mode="exercise", limits=limits)


def take_in(feeds: Feeds, recorded: Recording, at, order: list[str]) -> None:
    """Poll both recorded feeds at a moment, in some order."""
    pages = {"usgs": recorded.usgs(at), "gdacs": recorded.gdacs(at)}
    for name in order:
        feeds.put(f"/{name}", pages[name])
        source = Source.objects.filter(slug=name).first()
        source = source or make_source(feeds, f"/{name}", format=name)
        assert polling.poll(source, at).word == "read"


@pytest.mark.parametrize("order", [["usgs", "gdacs"], ["gdacs", "usgs"]])
def test_two_sources_report_one_earthquake_and_the_next_day_s_is_another(feeds, order):
    recorded = Recording(quake_at=NOON)
    take_in(feeds, recorded, NOON + timedelta(hours=23), order)
    near = Hazard.objects.filter(kind="earthquake", magnitude__gte=6, lon__gt=-87)
    near = near.filter(lon__lt=-85, lat__gt=11, lat__lt=13)
    assert sorted(near.values_list("magnitude", flat=True)) == [6.1, 6.6]
    first = near.get(magnitude=6.1)
    assert set(first.reports.values_list("source__slug", flat=True)) == set(order)


def test_people_inside_make_one_proposal_and_nothing_is_sent(feeds):
    make_registration(stays=[make_stay_entry(lon=-86.4, lat=12.4)])
    feeds.put("/usgs", document(quake()))
    source = make_source(feeds)
    polling.poll(source, NOON)
    feeds.put("/usgs", document(quake(updated=int(NOON.timestamp() * 1000))))
    polling.poll(source, NOON + MINUTE)
    proposal = Proposal.objects.get()
    assert proposal.people == 1
    assert proposal.radius_m == 90_000
    assert Message.objects.count() == 0
    assert Report.objects.filter(is_latest=True).count() == 1


def test_what_a_killed_process_had_read_is_proposed_although_nothing_is_new(feeds):
    make_registration(stays=[make_stay_entry(lon=-86.4, lat=12.4)])
    feeds.put("/usgs", document(quake()), ETag="1")
    source = make_source(feeds, etag="1")
    intake.take(source, document(quake()), "application/json", NOON)
    assert polling.poll(source, NOON + MINUTE).word == "unchanged"
    assert not Proposal.objects.exists()
    ticking.tick(NOON + MINUTE)
    assert Proposal.objects.get().people == 1
    with CaptureQueriesContext(connection) as asked:
        polling.weigh_left(NOON + MINUTE)
    assert len(asked) == 1


@pytest.mark.parametrize(
    "changes", [{"mag": 4.0}, {"time": 1397172466250, "updated": 1397172466250}]
)
def test_a_small_or_an_old_earthquake_proposes_nothing(feeds, changes):
    make_registration(stays=[make_stay_entry(lon=-86.4, lat=12.4)])
    feeds.put("/usgs", document(quake(**changes)))
    polling.poll(make_source(feeds), NOON)
    assert Proposal.objects.count() == 0


def test_a_source_that_is_only_watched_proposes_nothing(feeds):
    make_registration(stays=[make_stay_entry(lon=-86.4, lat=12.4)])
    feeds.put("/usgs", document(quake()))
    polling.poll(make_source(feeds, trust=Source.Trust.WATCH), NOON)
    assert Hazard.objects.count() == 1
    assert Proposal.objects.count() == 0


def test_the_recorded_quake_is_the_one_of_the_files():
    assert recording.QUAKE_ID == "usd0003cqx"
