"""The recorded feeds hide what is still to come, and move all times alike."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta

import requests
from lxml import etree

from alerts.exercises import feeds
from alerts.exercises.recording import QUAKE_AT, QUAKE_ID, Recording, usgs_week

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUAKE = START + timedelta(minutes=1)
SECOND_QUAKE_ID = "usc000pgsi"  # M 6.6, the next day


def read(now: datetime) -> dict[str, dict]:
    document = json.loads(Recording(QUAKE).usgs(now))
    return {each["id"]: each["properties"] for each in document["features"]}


def test_the_quake_appears_only_once_its_moved_time_has_come():
    assert QUAKE_ID not in read(QUAKE - timedelta(seconds=1))
    assert QUAKE_ID in read(QUAKE)
    assert SECOND_QUAKE_ID not in read(QUAKE + timedelta(hours=20))
    assert SECOND_QUAKE_ID in read(QUAKE + timedelta(hours=22))


def test_nothing_in_the_feed_lies_ahead():
    latest = START.timestamp() * 1000
    for properties in read(START).values():
        assert properties["time"] <= properties["updated"] <= latest


def test_all_times_are_moved_by_one_constant():
    by = round((QUAKE - QUAKE_AT).total_seconds() * 1000)
    before = {
        each["id"]: each["properties"]["time"] for each in usgs_week()["features"]
    }
    found = read(START)
    assert len(found) > 300
    assert {each["time"] - before[id_] for id_, each in found.items()} == {by}


def test_the_document_is_the_same_while_nothing_happens():
    recording = Recording(QUAKE)
    later = QUAKE + timedelta(seconds=1)
    assert recording.usgs(QUAKE) == recording.usgs(later)
    assert recording.gdacs(QUAKE) == recording.gdacs(later)


def test_both_say_that_they_are_recorded_and_moved():
    recording = Recording(QUAKE)
    assert "moved by" in json.loads(recording.usgs(START))["metadata"]["title"]
    assert b"Made for exercises" in recording.gdacs(START)


def test_the_made_item_has_the_real_facts():
    recording = Recording(QUAKE)
    assert b"<item>" not in recording.gdacs(QUAKE - timedelta(seconds=1))
    item = etree.fromstring(recording.gdacs(QUAKE)).find("channel/item")
    gdacs = "{http://www.gdacs.org}"
    assert item.findtext(f"{gdacs}eventid") == "1029419"
    assert item.findtext(f"{gdacs}alertlevel") == "Orange"
    assert item.find(f"{gdacs}severity").get("value") == "6.1"
    point = item.findtext("{http://www.georss.org/georss}point")
    assert point == "12.5138 -86.3789"
    assert item.findtext(f"{gdacs}fromdate") == "Mon, 02 Mar 2026 12:01:00 GMT"


def test_an_unchanged_document_is_answered_304():
    found: list[str] = []
    ready, loop, stopping = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    def started(url: str) -> None:
        found.append(url)
        ready.set()

    work = feeds.serve(Recording(QUAKE), 0, stopping, started)
    thread = threading.Thread(target=loop.run_until_complete, args=(work,))
    thread.start()
    ready.wait(10)
    try:
        first = requests.get(found[0] + feeds.USGS_PATH, timeout=5)
        headers = {"If-None-Match": first.headers["ETag"]}
        second = requests.get(found[0] + feeds.USGS_PATH, headers=headers, timeout=5)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
        loop.close()
    assert (first.status_code, second.status_code) == (200, 304)
    assert "moved by" in first.headers["X-Muster-Recorded"]
    assert second.content == b""
