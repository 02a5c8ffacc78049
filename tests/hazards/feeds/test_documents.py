"""Real and hostile documents get the right verdict, and nothing of them gets out."""

import copy
import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from alerts.exercises import recording
from alerts.hazards.feeds import cap, usgs
from alerts.hazards.feeds.base import FeedError
from alerts.hazards.listening import formats, reading

DATA = Path(__file__).resolve().parents[2] / "data"
with (DATA / "bad" / "EXPECTED_BAD.tsv").open(encoding="utf-8", newline="") as _file:
    EXPECTED = list(csv.DictReader(_file, delimiter="\t"))
# identifier's file: infos, polygons, circles, geocodes, references
COUNTS = {
    "nws_2020_ne_multiple_polygons.xml": (1, 2, 0, 2, 8),
    "usgs_2012_eq_iso8859-1.cap": (1, 0, 1, 0, 0),
    "nws_2012_ga_special_weather.xml": (1, 1, 0, 4, 0),
    "ntwc_2013_tsunami_warning.xml": (1, 0, 1, 0, 0),
    "athoc_2016_cancel_no_info.cap": (0, 0, 0, 0, 1),
}


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: row["path"])
def test_a_hostile_or_odd_document_gets_the_expected_verdict(row):
    document = (DATA / row["path"]).read_bytes()
    said = reading.of(row["path"], document)
    wanted = "quarantined" if row["expected"] == "reject" else "accepted"
    assert said["verdict"] == wanted, said["reason"]
    if wanted == "quarantined":
        assert said["reason"]
    if row["expected"] == "accept-without-geometry":
        assert said["reports"][0]["bbox"] is None
        assert said["flags"]


def test_nothing_of_a_local_file_is_ever_in_the_answer():
    said = json.dumps(reading.of("x", (DATA / "bad/syn_xxe_file.xml").read_bytes()))
    assert "root:" not in said


@pytest.mark.parametrize(("name", "counts"), COUNTS.items())
def test_the_elements_of_real_alerts_are_counted(name, counts):
    (report,) = reading.of(name, (DATA / "cap" / name).read_bytes())["reports"]
    assert (
        report["info_count"],
        report["polygon_count"],
        report["circle_count"],
        report["geocode_count"],
        len(report["references"]),
    ) == counts


def test_a_circle_without_a_radius_gets_an_assumed_one():
    document = (DATA / "cap/ntwc_2013_tsunami_warning.xml").read_bytes()
    (item,) = cap.parse(document).items
    assert "assumed radius" in item.flags
    assert item.geometry is not None
    west, _, east, _ = item.bbox
    assert east - west > 2


def test_a_polygon_over_the_antimeridian_is_cut_there():
    document = (DATA / "bad/syn_antimeridian_fiji.xml").read_bytes()
    (item,) = cap.parse(document).items
    assert len(item.geometry["coordinates"]) == 2


def test_the_recorded_week_holds_the_earthquake():
    items = {item.identifier: item for item in _week().items}
    quake = items[recording.QUAKE_ID]
    assert (quake.magnitude, quake.lon, quake.lat) == (6.1, -86.3789, 12.5138)
    assert quake.depth_km == 13
    assert len(items) == 1513


def test_two_earthquakes_that_a_network_gave_one_id_stay_two():
    quakes = {item.identifier: item for item in _week().items}
    one, other = quakes["pr14099004"], quakes["pr14099000"]
    assert one.happened_at - other.happened_at > timedelta(hours=5)
    assert not set(one.event_keys) & set(other.event_keys)
    assert (one.event_keys[0][1], len(one.event_keys)) == ("pr14099004", 2)
    assert "shares an id with another event" in one.flags
    marked = [
        q for q in quakes.values() if "shares an id with another event" in q.flags
    ]
    assert len(marked) == 2


def test_an_earthquake_told_under_two_ids_stays_one():
    week = recording.usgs_week()
    first = week["features"][0]
    again = copy.deepcopy(first) | {"id": "us2"}
    again["properties"]["ids"] = f",us2{first['properties']['ids']}"
    again["properties"]["time"] += 9_000
    one, other = usgs.read(week | {"features": [first, again]}).items
    assert set(one.event_keys) < set(other.event_keys)


def _week():
    return usgs.parse(json.dumps(recording.usgs_week()).encode())


@profile(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(COUNTS)),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=30),
    st.integers(0, 5000),
)
def test_a_damaged_document_is_refused_in_words_or_read(name, changes, cut):
    document = bytearray((DATA / "cap" / name).read_bytes())
    for at, byte in changes:
        document[at % len(document)] = byte
    try:
        formats.read(bytes(document[: max(cut, 1)] if cut < 100 else document))
    except FeedError as error:
        words = str(error)
        assert words


def test_the_command_prints_one_object_a_file(tmp_path):
    odd = tmp_path / "notes.md"
    odd.write_text("# Notes <b>")
    out = io.StringIO()
    names = [str(DATA / "cap" / "usgs_2012_eq_iso8859-1.cap"), str(odd), "/no/such"]
    call_command("read_feed", *names, "--json", stdout=out)
    said = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["verdict"] for row in said] == ["accepted", *["unsupported"] * 2]
    assert {"path", "format", "verdict", "reason", "flags", "reports"} == set(said[0])


def test_every_report_of_a_quake_feed_has_the_keys_of_quakes():
    document = recording.usgs_week()
    blasts = [
        each
        for each in document["features"]
        if each["properties"]["type"] != "earthquake"
    ]
    assert blasts
    some = json.dumps(document | {"features": [*blasts, document["features"][0]]})
    reports = reading.of("week", some.encode())["reports"]
    assert len(reports) == len(blasts) + 1
    for report in reports:
        assert {"magnitude", "depth_km", "place"} < set(report)


def test_a_report_of_another_feed_has_exactly_the_common_keys():
    name = "nws_2012_ga_special_weather.xml"
    (report,) = reading.of(name, (DATA / "cap" / name).read_bytes())["reports"]
    assert list(report) == [
        "identifier",
        "sender",
        "sent",
        "status",
        "msg_type",
        "scope",
        "references",
        "languages",
        "info_count",
        "area_count",
        "polygon_count",
        "circle_count",
        "geocode_count",
        "bbox",
        "expires",
        "severity",
        "urgency",
        "certainty",
        "event",
    ]
