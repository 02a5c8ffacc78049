"""What proposes an incident, and what does not: by kind, level, time and trust."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.dispatch.models import Message
from alerts.hazards import proposing, ticking
from alerts.hazards.events.lifetimes import ASSUMED, LIFETIMES
from alerts.hazards.listening import formats, intake, polling
from alerts.hazards.models import Hazard, Kind, Level, Proposal, Report, Source
from consular.missions.models import Duty
from tests.factories import NOON, make_officer, make_registration, make_stay_entry

pytestmark = pytest.mark.django_db
FEEDS = Path(__file__).resolve().parents[1] / "data" / "feeds"
WEEK = gzip.decompress((FEEDS / "gdacs_7d_2019-12-30.xml.gz").read_bytes())
CAPTURED = datetime(2019, 12, 30, 1, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_source(**changes):
    fields = {
        "slug": "made",
        "name": "Made",
        "format": "gdacs",
        "url": "http://127.0.0.1:1/",
        "mode": "exercise",
        "trust": Source.Trust.SUGGEST,
        "next_poll_at": NOON,
    }
    return Source.objects.create(**(fields | changes))


def make_people_everywhere(items, day):
    """One person beside each of the places that a feed names."""
    at = {(round(item.lon, 1), round(item.lat, 1)) for item in items}
    for lon, lat in sorted(at):
        stay = make_stay_entry(
            lon=lon, lat=lat, arrives_on=day, departs_on=day + timedelta(days=5)
        )
        make_registration(stays=[stay])


def test_of_a_captured_week_of_gdacs_one_event_proposes():
    items = formats.read(WEEK).items
    make_people_everywhere([i for i in items if i.level >= 3], CAPTURED.date())
    make_people_everywhere(items[:20], CAPTURED.date())
    document, _ = intake.take(make_source(), WEEK, "application/rss+xml", CAPTURED)
    polling.weigh([document], CAPTURED)
    assert (len(items), Report.objects.count()) == (115, 115)
    proposal = Proposal.objects.get()
    assert proposal.hazard.title.startswith(
        "Orange alert for tropical cyclone PHANFONE"
    )
    assert proposal.people == 1


def make_hazard(kind, level, source, **changes):
    fields = {
        "mode": "exercise",
        "kind": kind,
        "title": "Made",
        "level": level,
        "lon": -86.25,
        "lat": 12.13,
        "geometry": SQUARE,
        "happened_at": NOON,
        "expires_at": NOON + HOUR,
        "first_heard_at": NOON,
        "changed_at": NOON,
    }
    hazard = Hazard.objects.create(**(fields | changes))
    Report.objects.create(
        source=source,
        hazard=hazard,
        mode="exercise",
        key=f"{hazard.pk}",
        event_key=f"{hazard.pk}",
        identifier="made",
        sent_at=NOON,
        kind=kind,
        level=level,
        happened_at=NOON,
        heard_at=NOON,
    )
    return hazard


SQUARE = {
    "type": "MultiPolygon",
    "coordinates": [[[[-87, 12], [-86, 12], [-86, 13], [-87, 13], [-87, 12]]]],
}


def test_each_kind_proposes_from_its_threshold_on_and_not_below():
    make_registration()
    source = make_source()
    for kind in Kind.values:
        threshold = proposing.THRESHOLDS.get(kind, proposing.DEFAULT_THRESHOLD)
        below = make_hazard(kind, threshold - 1, source)
        over = make_hazard(kind, threshold, source)
        assert proposing.propose(below, NOON) is None, kind
        assert proposing.propose(over, NOON) is not None, kind


def test_more_than_an_officer_is_told_of_in_an_hour_is_proposed_all_the_same():
    """A notice that is one too many must not keep a danger from the desk."""
    make_registration()
    Duty.objects.create(
        officer=make_officer(),
        channel="email",
        address="duty@example.org",
        starts_at=NOON - HOUR,
        ends_at=NOON + HOUR,
    )
    source = make_source()
    for _ in range(32):
        hazard = make_hazard("flood", Level.EXTREME, source)
        assert proposing.propose(hazard, NOON) is not None
    assert Proposal.objects.exclude(told_at=None).count() == 32
    assert Message.objects.filter(purpose="officer on duty").count() == 30


@pytest.mark.parametrize(
    "changes",
    [
        {"state": Hazard.State.CANCELLED},
        {"expires_at": NOON},
        {"happened_at": NOON + 2 * HOUR},
        {"geometry": None, "lon": None, "lat": None},
    ],
    ids=["cancelled", "over", "still to come", "nowhere"],
)
def test_what_is_not_here_and_now_proposes_nothing(changes):
    make_registration()
    hazard = make_hazard("flood", Level.EXTREME, make_source(), **changes)
    assert proposing.propose(hazard, NOON) is None


def test_an_end_that_no_source_gives_is_assumed_by_kind_and_said():
    source = make_source()
    intake.take(source, WEEK, "", CAPTURED)
    hazard = Hazard.objects.get(kind="cyclone", title__startswith="Orange")
    said = hazard.reports.get()
    assert ASSUMED in said.flags
    assert hazard.end_is_assumed
    assert hazard.expires_at == said.sent_at + LIFETIMES["cyclone"].lasts


def test_silence_makes_a_hazard_stale_and_its_end_makes_it_expired():
    intake.take(make_source(), WEEK, "", CAPTURED)
    hazard = Hazard.objects.get(kind="cyclone", title__startswith="Orange")
    assert hazard.stale_at == CAPTURED + LIFETIMES["cyclone"].silent
    ticking.tick(hazard.stale_at - timedelta(seconds=1))
    hazard.refresh_from_db()
    assert hazard.state == Hazard.State.ACTIVE
    ticking.tick(hazard.stale_at)
    hazard.refresh_from_db()
    assert hazard.state == Hazard.State.STALE
    ticking.tick(hazard.expires_at)
    hazard.refresh_from_db()
    assert hazard.state == Hazard.State.EXPIRED
