"""A strong earthquake's map is followed, and its area is what is proposed."""

import json
from datetime import timedelta

import pytest

from alerts.hazards.events.reports import EARLIEST
from alerts.hazards.listening import polling
from alerts.hazards.models import Hazard, Report
from tests.factories import NOON
from tests.hazards.test_polling import (  # noqa: F401 - feeds is a fixture
    document,
    feeds,
    make_source,
    quake,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def _ring(reach):
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return [[-86 + x * reach, 12 + y * reach] for x, y in corners]


def contours(name, reach=0.5):
    """Make a map of shaking in the shape of `cont_mmi.json`."""
    features = [
        {
            "type": "Feature",
            "properties": {"units": "mmi", "value": value},
            "geometry": {"type": "MultiLineString", "coordinates": [_ring(size)]},
        }
        for value, size in ((5.0, reach * 2), (6.0, reach), (7.0, reach / 2))
    ]
    meta = {"eventid": name}
    return json.dumps({"metadata": meta, "features": features}).encode()


def strong(feeds, **changes):  # noqa: F811
    """Make an event whose detail is worth asking for."""
    base = {"mmi": 7.2, "alert": "orange", "types": ",origin,shakemap,"}
    return quake(**(base | {"detail": f"http://{feeds.address}/detail"} | changes))


def detail(feeds, event, path="/map"):  # noqa: F811
    """Make the detail of an event, which names its map."""
    url = {"url": f"http://{feeds.address}{path}"}
    product = {"contents": {"download/cont_mmi.json": url}, "properties": {}}
    said = event["properties"] | {"products": {"shakemap": [product]}}
    return json.dumps(event | {"properties": said}).encode()


def _publish(feeds, event, path="/map", reach=0.5):  # noqa: F811
    feeds.put("/usgs", document(event))
    feeds.put("/detail", detail(feeds, event, path))
    feeds.put(path, contours(event["id"], reach))


def _newer(event):
    """Return the event's next version."""
    said = event["properties"]
    return event | {"properties": said | {"updated": said["updated"] + 60_000}}


def test_the_map_of_a_strong_earthquake_becomes_its_area(feeds):  # noqa: F811
    event = strong(feeds)
    _publish(feeds, event)
    source = make_source(feeds)
    assert polling.poll(source, NOON).word == "read"
    (hazard,) = Hazard.objects.all()
    assert hazard.geometry["coordinates"][0][0][0] == [-86.5, 11.5]
    assert (hazard.magnitude, hazard.level) == (event["properties"]["mag"], 3)
    told = Report.objects.get(event="ShakeMap")
    assert told.happened_at == hazard.happened_at > EARLIEST
    assert not told.is_basis


def test_polling_again_follows_nothing_and_writes_nothing(feeds):  # noqa: F811
    _publish(feeds, strong(feeds))
    source = make_source(feeds)
    polling.poll(source, NOON)
    asked, reports = len(feeds.asked), Report.objects.count()
    polling.poll(source, NOON + MINUTE)
    assert (len(feeds.asked), Report.objects.count()) == (asked + 1, reports)


def test_a_later_version_without_a_map_keeps_the_area_until_a_new_one(feeds):  # noqa: F811
    event = strong(feeds)
    _publish(feeds, event)
    source = make_source(feeds)
    polling.poll(source, NOON)
    newer = _newer(event)
    feeds.put("/usgs", document(newer))
    polling.poll(source, NOON + MINUTE)
    (hazard,) = Hazard.objects.all()
    assert hazard.geometry["coordinates"][0][0][0] == [-86.5, 11.5]
    _publish(feeds, _newer(newer), "/map2", reach=1)
    polling.poll(source, NOON + 2 * MINUTE)
    (hazard,) = Hazard.objects.all()
    assert hazard.geometry["coordinates"][0][0][0] == [-87.0, 11.0]


def test_a_map_that_was_read_is_not_fetched_again_for_a_newer_detail(feeds):  # noqa: F811
    event = strong(feeds)
    _publish(feeds, event)
    source = make_source(feeds)
    polling.poll(source, NOON)
    newer = _newer(event)
    feeds.put("/usgs", document(newer))
    feeds.put("/detail", detail(feeds, newer, "/map"))
    asked = len(feeds.asked)
    polling.poll(source, NOON + MINUTE)
    assert len(feeds.asked) == asked + 2  # the list and the detail


@pytest.mark.parametrize(
    "changes",
    [{"mmi": 4.0}, {"mmi": None}, {"types": ",origin,"}, {"detail": "ftp://a"}],
)
def test_a_weak_earthquake_or_one_without_a_map_is_not_asked_for(feeds, changes):  # noqa: F811
    feeds.put("/usgs", document(strong(feeds, **changes)))
    polling.poll(make_source(feeds), NOON)
    assert len(feeds.asked) == 1


def test_an_exercise_does_not_ask_the_network_that_a_recording_names(feeds):  # noqa: F811
    event = strong(feeds, detail="https://earthquake.example.org/detail")
    feeds.put("/usgs", document(event))
    assert polling.poll(make_source(feeds), NOON).trouble == ""
    assert len(feeds.asked) == 1
